/**
 * Metric rows as the lines of a chart: one per run and metric over shared steps; smoothed, and thinned where there are
 * more steps than pixels. Plain values; words are in chart-summary.ts, files in chart-csv.ts and chart-svg.ts.
 */
import type { MetricRecord } from '../records/run.ts';

/** One row of a chart's data, whatever it is a row of. */
export type ChartRow = Pick<MetricRecord, 'step' | 'values'>;

/** The metric series of one run, with the words that tell it from others in the same chart. */
export interface ChartRun {
  readonly name: string;
  readonly rows: readonly ChartRow[];
}

/** A metric by its name in the records, and the word shown for it. */
export interface ChartMetric {
  readonly name: string;
  readonly label: string;
}

/** What was measured at a step; null where nothing was. */
export type ChartValues = readonly (number | null)[];

export interface ChartLine {
  /** Name in files: that of the metric, behind that of its run where there are several. */
  readonly key: string;
  /** The same in words. */
  readonly label: string;
  readonly values: ChartValues;
}

export interface ChartSeries {
  /** Ascending. */
  readonly steps: readonly number[];
  /** One per run and metric, those of the first run first; each as long as `steps`. */
  readonly lines: readonly ChartLine[];
}

/** Index of the last step at which the first run has a value; runs have `metrics` lines each. 0 when it has none. */
export function lastOfFirstRun({ steps, lines }: ChartSeries, metrics: number): number {
  const own = lines.slice(0, metrics);
  const last = steps.findLastIndex((_, i) =>
    own.some(({ values }) => (values[i] ?? null) !== null),
  );
  return Math.max(0, last);
}

/** More points than this cannot be told apart on a chart. */
export const MOST_POINTS = 600;

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** Lines over all steps at which at least one of them has a finite value. */
export function chartSeries(
  runs: readonly ChartRun[],
  metrics: readonly ChartMetric[],
): ChartSeries {
  const steps = new Set<number>();
  const byRun = runs.map(({ name, rows }) => {
    const kept = rows.filter(({ values }) =>
      metrics.some((metric) => finite(values[metric.name]) !== null),
    );
    for (const { step } of kept) steps.add(step);
    return { name, byStep: new Map(kept.map(({ step, values }) => [step, values])) };
  });
  const ascending = [...steps].sort((a, b) => a - b);
  const several = runs.length > 1;
  const lines = byRun.flatMap(({ name, byStep }) =>
    metrics.map((metric) => ({
      key: several ? `${name}: ${metric.name}` : metric.name,
      label: several ? `${metric.label}, ${name}` : metric.label,
      values: ascending.map((step) => finite(byStep.get(step)?.[metric.name])),
    })),
  );
  return { steps: ascending, lines };
}

/**
 * Exponential moving average with its start corrected, as TensorBoard draws it: s_t = f s_{t-1} + (1 - f) x_t from
 * s_0 = 0, divided by 1 - f^t, so that the first value is the first measurement (Kingma & Ba's bias correction).
 * `factor` f from 0 (nothing is smoothed) to below 1; throws RangeError outside. Gaps stay gaps and do not count.
 */
export function smoothed(values: ChartValues, factor: number): (number | null)[] {
  if (!(factor >= 0 && factor < 1)) throw new RangeError(`smoothing factor ${factor}`);
  let sum = 0;
  let weight = 0; // 1 - f^t, summed up the same way as the values
  return values.map((value) => {
    if (value === null) return null;
    sum = factor * sum + (1 - factor) * value;
    weight = factor * weight + (1 - factor);
    return sum / weight;
  });
}

/** True when a logarithmic scale can show the lines: something was measured, and all of it is above 0. */
export function allPositive(lines: readonly ChartValues[]): boolean {
  const measured = lines.flatMap((values) => values.filter((value) => value !== null));
  return measured.length > 0 && measured.every((value) => value > 0);
}

/** Where a line is lowest and highest from index `from` up to `to`; fewer than two where it has no values. */
function extremes(values: ChartValues, from: number, to: number): number[] {
  let low = -1;
  let high = -1;
  for (let i = from; i < to; i++) {
    const value = values[i] ?? null;
    if (value === null) continue;
    if (low < 0 || value < (values[low] ?? NaN)) low = i;
    if (high < 0 || value > (values[high] ?? NaN)) high = i;
  }
  return low < 0 ? [] : [low, high];
}

/**
 * Indices to draw when `length` points are more than `most`: the first, the last, and from equal parts of the rest the
 * lowest and the highest point of every line, so that no spike is lost. Ascending, each once, at most `most`.
 * Throws RangeError when `most` has no room for the ends and one part.
 */
export function keptIndices(lines: readonly ChartValues[], length: number, most: number): number[] {
  const all = Array.from({ length }, (_, i) => i);
  if (length <= most) return all;
  const parts = Math.floor((most - 2) / (2 * Math.max(1, lines.length)));
  if (parts < 1) throw new RangeError(`${most} points cannot show ${lines.length} lines`);
  const kept = new Set([0, length - 1]);
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((part * length) / parts);
    const to = Math.floor(((part + 1) * length) / parts);
    for (const values of lines) for (const i of extremes(values, from, to)) kept.add(i);
  }
  return [...kept].sort((a, b) => a - b);
}

export interface DrawnSeries {
  /** Index into the whole series of each point drawn. */
  readonly kept: readonly number[];
  readonly steps: readonly number[];
  /** As measured. */
  readonly raw: readonly ChartValues[];
  /** Null when nothing is smoothed. */
  readonly smooth: readonly ChartValues[] | null;
}

/** What is drawn of a series: smoothed over all steps first, then thinned by what was measured. */
export function drawnSeries(
  { steps, lines }: ChartSeries,
  factor: number,
  most = MOST_POINTS,
): DrawnSeries {
  const values = lines.map((line) => line.values);
  const kept = keptIndices(values, steps.length, most);
  const pick = (all: ChartValues) => kept.map((i) => all[i] ?? null);
  return {
    kept,
    steps: kept.map((i) => steps[i] ?? NaN),
    raw: values.map(pick),
    smooth: factor === 0 ? null : values.map((line) => pick(smoothed(line, factor))),
  };
}

/** How one line of a chart looks: a CSS variable of theme.css, and a dash pattern in pixels. */
export interface LineStyle {
  /** From 1 to {@link PALETTE_SIZE}: the colour is `--series-1` and so on. */
  readonly series: number;
  readonly dash: readonly number[];
}

/** Colours told apart by every kind of colour vision (tests/unit/ui/palette.test.ts). */
export const PALETTE_SIZE = 6;
const DASHES: readonly (readonly number[])[] = [
  [],
  [7, 4],
  [2, 3],
  [12, 4],
  [8, 3, 2, 3],
  [14, 3, 2, 3, 2, 3],
  [4, 2],
];

/** No two of the first 42 lines look the same: there are six colours and seven patterns. */
export function lineStyle(index: number): LineStyle {
  return { series: (index % PALETTE_SIZE) + 1, dash: DASHES[index % DASHES.length] ?? [] };
}
