/** Metric rows as the columns of a chart, thinned where there are more steps than pixels; and their summary. */
import type { MetricRecord } from '../records/run.ts';
import { formatNumber } from './format.ts';

/** More points than this cannot be told apart on a chart. */
const MOST_POINTS = 600;

/** One row of a chart's data, whatever it is a row of. */
export type ChartRow = Pick<MetricRecord, 'step' | 'values'>;

export interface ChartColumns {
  readonly steps: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
}

/** Columns of the named metrics, for the steps at which at least one of them was recorded. */
export function chartColumns(rows: readonly ChartRow[], names: readonly string[]): ChartColumns {
  const kept = rows.filter(({ values }) => names.some((name) => Number.isFinite(values[name])));
  const shown = thinned(kept);
  return {
    steps: shown.map((row) => row.step),
    lines: names.map((name) =>
      shown.map(({ values }) => {
        const value = values[name];
        return value !== undefined && Number.isFinite(value) ? value : null;
      }),
    ),
  };
}

/** Every n-th row and the last one. */
function thinned(rows: readonly ChartRow[]): readonly ChartRow[] {
  const stride = Math.ceil(rows.length / MOST_POINTS);
  if (stride <= 1) return rows;
  return rows.filter((_, i) => i % stride === 0 || i === rows.length - 1);
}

interface Point {
  readonly value: number;
  readonly step: number;
}

/** `loss 2.31 at step 40, was 4.1 at step 1, lowest 2.2`; the chart in words. */
export function chartSummary(
  label: string,
  steps: readonly number[],
  line: readonly (number | null)[],
): string {
  const points = line.flatMap((value, i): Point[] =>
    value === null ? [] : [{ value, step: steps[i] ?? 0 }],
  );
  const first = points.at(0);
  const last = points.at(-1);
  if (first === undefined || last === undefined) return `${label}: no values yet.`;
  const now = `${label} ${formatNumber(last.value)} at step ${last.step}`;
  if (points.length === 1) return `${now}.`;
  const lowest = points.reduce((least, { value }) => Math.min(least, value), Infinity);
  const highest = points.reduce((most, { value }) => Math.max(most, value), -Infinity);
  return (
    `${now}; it began at ${formatNumber(first.value)} and has been between ` +
    `${formatNumber(lowest)} and ${formatNumber(highest)}.`
  );
}
