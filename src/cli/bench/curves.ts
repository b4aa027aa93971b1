/** Curves: the training step of ours alone over model sizes, contexts and batches, one table for each axis. */
import { median, spreadOf } from '../../records/spread.ts';
import { CONFIGS, CURVES, type BenchBackend, type SizeName } from './configs.ts';
import { runJob, type JobResult, type RoundSettings } from './rounds.ts';
import { gigaPerSecond, perSecond, trainingFlops } from './statistics.ts';
import { medianCount, processorTimesOf, short, timesOf, type Table } from './tables.ts';

/** Every size once, though S is on two curves. A size that does not fit the machine fails and the rest go on. */
export async function measureCurves(
  backend: BenchBackend,
  settings: RoundSettings,
  say: (line: string) => void,
): Promise<JobResult[]> {
  const sizes = new Set<SizeName>(Object.values(CURVES).flat());
  const results: JobResult[] = [];
  for (const config of sizes) {
    results.push(await runJob({ job: 'train', config, backend }, ['ours'], settings, say));
  }
  return results;
}

function curveRow(size: SizeName, results: readonly JobResult[]): string[] {
  const [entry] = results.find(({ config }) => config === size)?.entries ?? [];
  const { model, batch } = CONFIGS[size];
  const { median: ms, low, high } = spreadOf(timesOf(entry));
  const tokens = entry?.ready?.tokens ?? NaN;
  const parameters = entry?.ready?.parameters ?? NaN;
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
