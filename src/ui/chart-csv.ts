/**
 * Rows as CSV (RFC 4180), and metric series: one chart, or every metric of a run. Numbers in full precision, as
 * measured: neither smoothed nor thinned.
 */
import type { ChartRow, ChartSeries } from './chart-data.ts';

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Empty where nothing was measured; `NaN` and `Infinity` by name, since they were. */
function cell(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}

/** Rows of texts as lines, quoted where need be. */
export function csvLines(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** A row per step, a column per line of the chart. */
export function chartCsv({ steps, lines: columns }: ChartSeries, stepWord: string): string {
  return csvLines([
    [stepWord, ...columns.map(({ key }) => key)],
    ...steps.map((step, i) => [String(step), ...columns.map(({ values }) => cell(values[i]))]),
  ]);
}

/** A row per record; a column for every metric that any of them has, in the order in which they first appear. */
export function runCsv(rows: readonly ChartRow[], stepWord: string): string {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  return csvLines([
    [stepWord, ...names],
    ...rows.map(({ step, values }) => [String(step), ...names.map((name) => cell(values[name]))]),
  ]);
}
