/** How a metric of a run stood at its start and at its end. Plain arithmetic on stored records. */
import type { MetricRecord } from './run.ts';

export interface Edges {
  readonly first: number;
  readonly last: number;
}

function finiteValues(rows: readonly Pick<MetricRecord, 'values'>[], metric: string): number[] {
  return rows.flatMap(({ values }) => {
    const value = values[metric];
    return value === undefined || !Number.isFinite(value) ? [] : [value];
  });
}

/**
 * Mean of a metric over the first and over the last `share` of a run's records that have it, at least one record each.
 * Null without such records.
 */
export function metricEdges(
  rows: readonly Pick<MetricRecord, 'values'>[],
  metric: string,
  share: number,
): Edges | null {
  const values = finiteValues(rows, metric);
  if (values.length === 0) return null;
  const n = Math.max(1, Math.floor(share * values.length));
  const mean = (part: readonly number[]): number =>
    part.reduce((sum, value) => sum + value, 0) / part.length;
  return { first: mean(values.slice(0, n)), last: mean(values.slice(-n)) };
}
