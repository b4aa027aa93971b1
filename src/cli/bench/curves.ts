/**
 * Curves: the training step of ours alone over model sizes, contexts and batches, one table for each axis and a drawing
 * of all. A point that would take too long is not run and says so; one that does not fit the machine fails with its
 * reason, and the rest go on.
 */
import { parameterCount } from '../../model/parameters.ts';
import { median, spreadOf } from '../../records/spread.ts';
import { CONFIGS, CURVES, type BenchBackend, type SizeName } from './configs.ts';
import { curveSvg, type CurvePoint } from './curve-svg.ts';
import { runJob, type Entry, type JobResult, type RoundSettings } from './rounds.ts';
import { gigaPerSecond, perSecond, trainingFlops } from './statistics.ts';
import { medianCount, processorTimesOf, short, timesOf, type Table } from './tables.ts';

/** Operations of a training step of a size. */
function flopsOf(size: SizeName): number {
  const { model, batch } = CONFIGS[size];
  return trainingFlops(parameterCount(model), batch * model.contextLength);
}

/**
 * Why a point is not run, as a clause: by the rate of the last point that was, all its steps together would take longer
 * than a point may. Null when it is worth trying.
 */
export function reasonToSkip(
  size: SizeName,
  before: readonly JobResult[],
  { repeats, warmup, limitMs }: RoundSettings,
): string | null {
  const last = before.findLast(({ entries }) => (entries[0]?.rounds.length ?? 0) > 0);
  if (last === undefined) return null;
  const expected = (median(timesOf(last.entries[0])) * flopsOf(size)) / flopsOf(last.config);
  const all = (warmup + repeats) * expected;
  if (!(all > limitMs)) return null;
  return (
    `not run: ${warmup + repeats} steps would take about ${short(all / 1000)} s, ` +
    `and a point may take ${limitMs / 1000} s`
  );
}

/** Every size once, though S is on two curves. */
export async function measureCurves(
  backend: BenchBackend,
  settings: RoundSettings,
  say: (line: string) => void,
): Promise<JobResult[]> {
  const results: JobResult[] = [];
  for (const sizes of Object.values(CURVES)) {
    const onAxis: JobResult[] = [];
    for (const config of sizes) {
      const known = results.find((result) => result.config === config);
      const what = { job: 'train', config, backend } as const;
      const failure = reasonToSkip(config, onAxis, settings);
      const skipped: Entry = { contender: 'ours', ready: null, rounds: [], failure };
      if (failure !== null) say(`${backend} ${config} train: ${failure}`);
      const result =
        known ??
        (failure === null
          ? await runJob(what, ['ours'], settings, say)
          : { ...what, entries: [skipped] });
      onAxis.push(result);
      if (known === undefined) results.push(result);
    }
  }
  return results;
}

function curveRow(size: SizeName, results: readonly JobResult[]): string[] {
  const [entry] = results.find(({ config }) => config === size)?.entries ?? [];
  const { model, batch } = CONFIGS[size];
  const { median: ms, low, high } = spreadOf(timesOf(entry));
  const tokens = batch * model.contextLength;
  const parameters = parameterCount(model);
  return [
    size,
    short(parameters),
    String(model.contextLength),
    String(batch),
    short(ms),
    `${short(low)} to ${short(high)}`,
    short(median(processorTimesOf(entry))),
    short(perSecond(tokens, ms)),
    short(gigaPerSecond(trainingFlops(parameters, tokens), ms)),
    short(medianCount(entry, ({ bytes }) => bytes) / 1e6),
    short(medianCount(entry, ({ residentBytes }) => residentBytes) / 1e6),
    entry?.failure ?? '',
  ];
}

/** One table for each axis. */
export function curveTables(results: readonly JobResult[]): Table[] {
  const head = ['size', 'parameters', 'context', 'rows', 'ms a step', 'low to high'];
  const rest = [
    'processor ms',
    'tokens/s',
    'GFLOP/s',
    'tensor or GPU MB',
    'process MB',
    'what went wrong',
  ];
  return Object.entries(CURVES).map(([axis, sizes]) => ({
    title: `Training step over ${axis}`,
    head: [...head, ...rest],
    rows: sizes.map((size) => curveRow(size, results)),
    notes: [],
  }));
}

/** What each axis counts. */
const COUNTED: Readonly<Record<keyof typeof CURVES, (size: SizeName) => number>> = {
  'parameters (8 rows of 64 tokens)': (size) => parameterCount(CONFIGS[size].model),
  'context (1,024 tokens a step, S otherwise)': (size) => CONFIGS[size].model.contextLength,
  'rows of 64 tokens a step (S otherwise)': (size) => CONFIGS[size].batch,
};

/** The same as a drawing; null when nothing was measured. */
export function curveDrawing(backend: BenchBackend, results: readonly JobResult[]): string | null {
  const axes = Object.keys(CURVES) as (keyof typeof CURVES)[];
  const curves = axes.map((axis) => {
    const points = CURVES[axis].flatMap((size: SizeName): CurvePoint[] => {
      const milliseconds = median(
        timesOf(results.find(({ config }) => config === size)?.entries[0]),
      );
      const { model, batch } = CONFIGS[size];
      const tokensPerSecond = perSecond(batch * model.contextLength, milliseconds);
      return Number.isFinite(milliseconds)
        ? [{ x: COUNTED[axis](size), milliseconds, tokensPerSecond }]
        : [];
    });
    return { axis: axis.replace(/ \(.*/, ''), points };
  });
  return curveSvg(`Training step on ${backend} over parameters, context and rows`, curves);
}
