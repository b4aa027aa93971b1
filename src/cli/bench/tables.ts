/**
 * Turns measured rounds into tables of text: one for each job. Plain values in, plain text out; which targets they
 * meet is targets.ts.
 */
import { median, spreadOf, type Spread } from '../../records/spread.ts';
import {
  CONFIGS,
  CONTENDER_NAMES,
  productFlops,
  products,
  type BenchBackend,
  type Contender,
  type Job,
} from './configs.ts';
import type { Round } from './messages.ts';
import type { Entry, JobResult } from './rounds.ts';
import {
  gigaPerSecond,
  largestDisagreement,
  pairedRatio,
  perSecond,
  trainingFlops,
} from './statistics.ts';
import { WHOLE } from './workload.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly notes: readonly string[];
}

const NOTHING = '-';

/** Three significant digits, without an exponent. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

/** `3.1 (2.8 to 3.4)` */
export function shortSpread({ median: middle, low, high }: Spread): string {
  return Number.isFinite(middle) ? `${short(middle)} (${short(low)} to ${short(high)})` : NOTHING;
}

/** Milliseconds of a part in each round. */
export function timesOf(entry: Entry | undefined, part = WHOLE): number[] {
  return (entry?.rounds ?? []).map(({ times }) => times[part] ?? NaN);
}

/** Processor milliseconds of each round. */
export function processorTimesOf(entry: Entry | undefined): number[] {
  return (entry?.rounds ?? []).map(({ cpuMs }) => cpuMs);
}

/** Median over rounds of something counted; NaN where it is not. */
export function medianCount(
  entry: Entry | undefined,
  count: (round: Round) => number | null,
): number {
  return median((entry?.rounds ?? []).map((round) => count(round) ?? NaN));
}

export function entryOf(result: JobResult | undefined, contender: Contender): Entry | undefined {
  return result?.entries.find((entry) => entry.contender === contender);
}

/** A job in words. */
export function jobTitle({ job, config }: { job: Job; config: JobResult['config'] }): string {
  const { model, batch, ppo, reward, newTokens, promptTokens } = CONFIGS[config];
  const size = `config ${config}`;
  switch (job) {
    case 'train':
      return `Training step, ${size} (${batch} x ${model.contextLength} tokens)`;
    case 'ppo':
    case 'ppo-ptx': {
      const mix = job === 'ppo' ? 'without' : 'with';
      return `PPO iteration, ${size} (${ppo.prompts} prompts x ${ppo.newTokens} new tokens, ${ppo.minibatches} minibatches, ${mix} ptx)`;
    }
    case 'reward':
      return `Reward-model step, ${size} (${reward.prompts} prompts x ${reward.completions} completions of ${model.contextLength} columns)`;
    case 'matmul':
      return `Matrix products, ${size}, float32, GFLOP/s`;
    default:
      return `Sampling, ${size}, batch ${job.slice('sample-'.length)} (${promptTokens} read, ${newTokens} new tokens)`;
  }
}

function failureNotes({ entries }: JobResult): string[] {
  return entries.flatMap(({ contender, failure }) =>
    failure === null
      ? []
      : [`${CONTENDER_NAMES[contender]} did not finish: ${failure.replace(/\.$/, '')}.`],
  );
}

function productTable(result: JobResult): Table {
  const all = products(CONFIGS[result.config]);
  const rows = result.entries.map((entry) => [
    CONTENDER_NAMES[entry.contender],
    ...all.map((product) => {
      const rates = timesOf(entry, product.name).map((ms) =>
        gigaPerSecond(productFlops(product), ms),
      );
      return shortSpread(spreadOf(rates));
    }),
  ]);
  return {
    title: jobTitle(result),
    head: ['', ...all.map(({ name, m, k, n }) => `${name}, ${m} x ${k} x ${n}`)],
    rows,
    notes: [
      'Sizes are rows x inner x columns; t marks the operand that is stored transposed.',
      ...failureNotes(result),
    ],
  };
}

/** Models that start from the same weights and see the same rows must show the same losses. */
function lossNote({ job, entries }: JobResult): string[] {
  if (job !== 'train') return [];
  const same = entries.filter(
    ({ contender, ready }) => ready !== null && !contender.startsWith('nanogpt'),
  );
  const series = same.map(({ ready, rounds }) => [
    ...(ready?.losses ?? []),
    ...rounds.map(({ loss }) => loss ?? NaN),
  ]);
  if (series.length < 2) return [];
  const steps = Math.min(...series.map(({ length }) => length));
  const [first = NaN, last = NaN] = [series[0]?.[0], series[0]?.[steps - 1]];
  return [
    `Same weights, rows and Adam: over ${steps} steps (loss ${first.toFixed(4)} to ${last.toFixed(4)}) the losses of ` +
      `${same.map(({ contender }) => CONTENDER_NAMES[contender]).join('; ')} differ by at most ` +
      `${largestDisagreement(series).toExponential(1)}.`,
  ];
}

const megabytes = (bytes: number): string => short(bytes / 1e6);

function workRow(entry: Entry, ours: Entry | undefined, trains: boolean): string[] {
  const times = timesOf(entry);
  const { median: ms, low, high } = spreadOf(times);
  const { ready } = entry;
  const rate = ready ? perSecond(ready.tokens, ms) : NaN;
  const flops = ready && trains ? trainingFlops(ready.parameters, ready.tokens) : NaN;
  const ratio = (of: (entry: Entry | undefined) => number[]): string =>
    entry === ours ? NOTHING : shortSpread(pairedRatio(of(ours), of(entry)));
  return [
    CONTENDER_NAMES[entry.contender],
    short(ms),
    `${short(low)} to ${short(high)}`,
    ratio(timesOf),
    short(median(processorTimesOf(entry))),
    ratio(processorTimesOf),
    short(rate),
    short(gigaPerSecond(flops, ms)),
    short(medianCount(entry, ({ dispatches }) => dispatches)),
    short(medianCount(entry, ({ submits }) => submits)),
    short(medianCount(entry, ({ readbacks }) => readbacks)),
    megabytes(medianCount(entry, ({ bytes }) => bytes)),
    megabytes(medianCount(entry, ({ residentBytes }) => residentBytes)),
    short((ready?.warmupMs ?? NaN) / 1000),
  ];
}

function workHead(backend: BenchBackend): string[] {
  const counted = backend === 'webgpu' ? 'dispatches' : 'kernel calls';
  const bytes = backend === 'webgpu' ? 'GPU MB' : 'tensor MB';
  return [
    '',
    'ms',
    'low to high',
    'ours is faster by',
    'processor ms',
    'ours works less by',
    'tokens/s',
    'GFLOP/s',
    counted,
    'submits',
    'read-backs',
    bytes,
    'process MB',
    'warm-up s',
  ];
}

/** The table of one job. */
export function jobTable(result: JobResult): Table {
  if (result.job === 'matmul') return productTable(result);
  const ours = entryOf(result, 'ours');
  const trains = result.job === 'train' || result.job === 'reward';
  return {
    title: jobTitle(result),
    head: workHead(result.backend),
    rows: result.entries.map((entry) => workRow(entry, ours, trains)),
    notes: [...lossNote(result), ...failureNotes(result)],
  };
}

/** For a terminal: columns padded to their widest cell. */
export function plainTable({ title, head, rows, notes }: Table): string {
  const widths = head.map((cell, i) =>
    Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [title, line(head), ...rows.map(line), ...notes, ''].join('\n');
}

/** For a Markdown file, under a heading of the third level. */
export function markdownTable({ title, head, rows, notes }: Table): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`;
  return [
    `### ${title}`,
    '',
    line(head),
    rule,
    ...rows.map(line),
    '',
    ...notes.flatMap((n) => [n, '']),
  ].join('\n');
}
