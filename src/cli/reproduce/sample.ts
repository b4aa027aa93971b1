/**
 * What a row of the report is computed from: sums and counts by cluster (a user, a suite's item), of one or several
 * parts, and a statistic of the parts' means. Small enough to keep for every claim and seed, and all that a bootstrap
 * over clusters needs. No model, no judge.
 */
import type { Rng } from '../../data/rng.ts';
import type { Figure } from '../../records/results.ts';
import { quantile } from '../../rlhf/intervals.ts';

/**
 * Of the means of the parts, in order. `mean`: the only part. `difference`: first minus second. `ratio`: first over
 * second. `recovered`: of the drop from the first to the second, the share that the third wins back.
 */
export const STATISTICS = ['mean', 'difference', 'ratio', 'recovered'] as const;
export type Statistic = (typeof STATISTICS)[number];

/** Sum and count of each part in one cluster. */
export interface Cluster {
  readonly sums: readonly number[];
  readonly counts: readonly number[];
}

export interface Sample {
  readonly statistic: Statistic;
  readonly clusters: readonly Cluster[];
}

/** One value of a part: whose it is, and what. */
export interface Value {
  readonly cluster: string;
  readonly value: number;
}

/** A sample of parts given value by value. */
export function sampleOf(statistic: Statistic, ...parts: readonly (readonly Value[])[]): Sample {
  const clusters = new Map<string, { sums: number[]; counts: number[] }>();
  parts.forEach((values, p) => {
    for (const { cluster, value } of values) {
      let own = clusters.get(cluster);
      if (own === undefined) {
        own = { sums: parts.map(() => 0), counts: parts.map(() => 0) };
        clusters.set(cluster, own);
      }
      own.sums[p] = (own.sums[p] ?? 0) + value;
      own.counts[p] = (own.counts[p] ?? 0) + 1;
    }
  });
  return { statistic, clusters: [...clusters.values()] };
}

/** NaN where a part is missing or a denominator is 0. */
export function statisticOf(statistic: Statistic, means: readonly number[]): number {
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = means;
  switch (statistic) {
    case 'mean':
      return a;
    case 'difference':
      return a - b;
    case 'ratio':
      return b === 0 ? Number.NaN : a / b;
    case 'recovered':
      return a === b ? Number.NaN : (c - b) / (a - b);
  }
  return statistic satisfies never;
}

/** The statistic of the clusters with the given indices, which may repeat. */
function ofClusters({ statistic, clusters }: Sample, chosen: Iterable<number>): number {
  const parts = clusters[0]?.sums.length ?? 0;
  const sums = new Float64Array(parts);
  const counts = new Float64Array(parts);
  for (const index of chosen) {
    const cluster = clusters[index];
    for (let p = 0; p < parts; p++) {
      sums[p] = (sums[p] ?? 0) + (cluster?.sums[p] ?? 0);
      counts[p] = (counts[p] ?? 0) + (cluster?.counts[p] ?? 0);
    }
  }
  return statisticOf(
    statistic,
    Array.from(sums, (sum, p) => sum / (counts[p] ?? 0)),
  );
}

/**
 * The statistic with the 2.5 % and 97.5 % percentiles over resampled clusters, which are those of all seeds together.
 * `n` counts the values of the first part. Resamples without a number (a denominator of 0) are left out. Null where the
 * statistic itself is no number.
 */
export function bootstrapFigure(
  samples: readonly Sample[],
  rng: Rng,
  resamples = 1000,
): Figure | null {
  const [first] = samples;
  if (first === undefined) return null;
  const all: Sample = {
    statistic: first.statistic,
    clusters: samples.flatMap(({ clusters }) => clusters),
  };
  const size = all.clusters.length;
  const value = ofClusters(all, all.clusters.keys());
  if (!Number.isFinite(value)) return null;
  const draws: number[] = [];
  for (let s = 0; s < resamples; s++) {
    const drawn = ofClusters(
      all,
      Array.from({ length: size }, () => rng.int(size)),
    );
    if (Number.isFinite(drawn)) draws.push(drawn);
  }
  draws.sort((a, b) => a - b);
  const n = all.clusters.reduce((sum, { counts }) => sum + (counts[0] ?? 0), 0);
  if (draws.length === 0) return { value, low: value, high: value, n };
  return { value, low: quantile(draws, 0.025), high: quantile(draws, 0.975), n };
}
