/**
 * The project's speed targets, held against a run: what was wanted, what was measured, and whether it is met. A
 * target that is missed stays in the table; one whose job was not run says so.
 */
import { median } from '../../records/spread.ts';
import {
  CONFIGS,
  CONTENDER_NAMES,
  productFlops,
  products,
  type BenchBackend,
  type ConfigName,
  type Contender,
  type Job,
  type SizeName,
} from './configs.ts';
import type { JobResult } from './rounds.ts';
import { gigaPerSecond, pairedRatio, trainingFlops } from './statistics.ts';
import {
  entryOf,
  medianCount,
  processorTimesOf,
  short,
  shortSpread,
  timesOf,
  type Table,
} from './tables.ts';

export interface TargetRow {
  readonly config: SizeName;
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean | null;
}

type Results = readonly JobResult[];

function find(results: Results, job: Job, config: ConfigName): JobResult | undefined {
  return results.find((result) => result.job === job && result.config === config);
}

function faster(
  results: Results,
  target: { job: Job; config: ConfigName; than: Contender; times: number; aim?: boolean },
): TargetRow {
  const result = find(results, target.job, target.config);
  const ratio = pairedRatio(
    timesOf(entryOf(result, 'ours')),
    timesOf(entryOf(result, target.than)),
  );
  const work = pairedRatio(
    processorTimesOf(entryOf(result, 'ours')),
    processorTimesOf(entryOf(result, target.than)),
  );
  const known = Number.isFinite(ratio.median);
  const oneThread = result?.backend === 'wasm';
  const job = target.job === 'train' ? 'training step' : `sampling, batch ${target.job.slice(7)}`;
  return {
    config: target.config,
    what: `${job}, ${target.config}, against ${CONTENDER_NAMES[target.than]}`,
    wanted: `at least ${target.times}x faster${target.aim === true ? ' (aim)' : ''}`,
    measured: known ? `${shortSpread(ratio)}; by processor time ${short(work.median)}` : '-',
    // One thread: on a busy machine the clock misleads, so there the processor time must reach it too.
    met: known ? Math.min(ratio.median, oneThread ? work.median : Infinity) >= target.times : null,
  };
}

function dispatches(results: Results, config: ConfigName): TargetRow {
  const limit = 40 * CONFIGS[config].model.layers + 30;
  const ours = entryOf(find(results, 'train', config), 'ours');
  const counted = medianCount(ours, (round) => round.dispatches);
  return {
    config,
    what: `dispatches of a training step, ${config}`,
    wanted: `at most ${limit} (40 per layer + 30)`,
    measured: short(counted),
    met: Number.isFinite(counted) ? counted <= limit : null,
  };
}

/** Dispatches of one written token, the prompt's pass spread over them; and read-backs of the whole rollout. */
function samplingCounts(results: Results): TargetRow[] {
  const config = CONFIGS.S;
  const limit = 10 * config.model.layers + 6;
  const ours = entryOf(find(results, 'sample-64', 'S'), 'ours');
  const perToken = medianCount(ours, (round) => round.dispatches) / config.newTokens;
  const readbacks = medianCount(ours, (round) => round.readbacks);
  return [
    {
      config: 'S',
      what: 'dispatches per sampled token, S, batch 64',
      wanted: `at most ${limit} (10 per layer + 6)`,
      measured: short(perToken),
      met: Number.isFinite(perToken) ? perToken <= limit : null,
    },
    {
      config: 'S',
      what: 'read-backs of a rollout, S, batch 64',
      wanted: '1',
      measured: short(readbacks),
      met: Number.isFinite(readbacks) ? readbacks === 1 : null,
    },
  ];
}

/** The step's useful rate as a share of the best square product of anyone in the same run. */
function shareOfBestProduct(results: Results, config: ConfigName): TargetRow {
  const ours = entryOf(find(results, 'train', config), 'ours');
  const flops = ours?.ready ? trainingFlops(ours.ready.parameters, ours.ready.tokens) : NaN;
  const step = gigaPerSecond(flops, median(timesOf(ours)));
  const square = products(CONFIGS[config]).find(({ name }) => name.endsWith(' A.B'));
  const rates = (find(results, 'matmul', config)?.entries ?? [])
    .map((entry) =>
      square ? gigaPerSecond(productFlops(square), median(timesOf(entry, square.name))) : NaN,
    )
    .filter(Number.isFinite);
  const share = rates.length === 0 ? NaN : step / Math.max(...rates);
  return {
    config,
    what: `useful rate of the step (6 x parameters x tokens) against the best ${square?.name ?? ''} product, ${config}`,
    wanted: 'at least 40 %',
    measured: Number.isFinite(share)
      ? `${short(100 * share)} % (${short(step)} of ${short(Math.max(...rates))} GFLOP/s)`
      : '-',
    met: Number.isFinite(share) ? share >= 0.4 : null,
  };
}

/** The targets of one backend. `results` must all be of that backend. */
export function targetRows(backend: BenchBackend, results: Results): TargetRow[] {
  const training = (config: ConfigName, than: Contender, times: number, aim = false): TargetRow =>
    faster(results, { job: 'train', config, than, times, aim });
  if (backend === 'wasm') {
    return [
      training('S', 'tfjs', 3.5),
      training('M', 'tfjs', 3.5),
      training('S', 'tfjs-transposes', 3.5, true),
      training('M', 'tfjs-transposes', 3.5, true),
      training('S', 'jax', 1, true),
      training('M', 'jax', 1, true),
      faster(results, { job: 'sample-64', config: 'S', than: 'tfjs-transposes', times: 1.5 }),
    ];
  }
  return [
    training('S', 'tfjs', 3),
    training('M', 'tfjs', 4),
    ...(['nanogpt', 'nanogpt-mixed'] as const).flatMap((than) =>
      (['S', 'M'] as const).map((config) => training(config, than, 2.5)),
    ),
    training('S', 'jax', 2),
    training('M', 'jax', 3),
    dispatches(results, 'S'),
    dispatches(results, 'M'),
    shareOfBestProduct(results, 'M'),
    faster(results, { job: 'sample-64', config: 'S', than: 'tfjs', times: 5 }),
    ...samplingCounts(results),
  ];
}

const VERDICTS = new Map([
  [true, 'met'],
  [false, 'missed'],
  [null, 'not measured in this run'],
]);

/** The targets of one size as a table. */
export function targetTable(
  backend: BenchBackend,
  config: SizeName,
  targets: readonly TargetRow[],
): Table {
  const ofSize = targets.filter((target) => target.config === config);
  return {
    title: `Targets on ${backend}, config ${config}`,
    head: ['target', 'wanted', 'measured', ''],
    rows: ofSize.map(({ what, wanted, measured, met }) => [
      what,
      wanted,
      measured,
      VERDICTS.get(met) ?? '',
    ]),
    notes: [],
  };
}
