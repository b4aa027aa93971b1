/**
 * 95 % intervals of means and win rates by bootstrap over users, for what judges measured on many prompts.
 * A handful of votes by a person has Wilson's interval: see records/vote-rate.ts.
 */
import type { Rng } from '../data/rng.ts';
import { at, expectLength, mean, type Numbers } from './masked.ts';

export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Values averaged. */
  readonly n: number;
}

export interface RateInterval {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  /** Comparisons or votes. */
  readonly n: number;
}

interface ClusterSums {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/** Sum and number of values per cluster, in order of first appearance. */
function clusterSums(values: Numbers, clusters: readonly string[]): ClusterSums {
  const index = new Map<string, number>();
  for (const cluster of clusters) if (!index.has(cluster)) index.set(cluster, index.size);
  const sums = new Float64Array(index.size);
  const counts = new Float64Array(index.size);
  clusters.forEach((cluster, i) => {
    const c = index.get(cluster) ?? 0;
    sums[c] = at(sums, c) + at(values, i);
    counts[c] = at(counts, c) + 1;
  });
  return { sums, counts };
}

/** Linear interpolation between order statistics; `sorted` ascending, share in [0, 1]. */
export function quantile(sorted: Numbers, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return at(sorted, below) + (position - below) * (at(sorted, above) - at(sorted, below));
}

/**
 * Mean of the values with the 2.5 % and 97.5 % percentiles of means over resampled clusters (users).
 * `clusters[i]` is the user of value i. With a single cluster its values are resampled instead. Too narrow
 * below some twenty clusters. Throws RangeError on an empty list or unequal lengths.
 */
export function bootstrapInterval(
  values: Numbers,
  clusters: readonly string[],
  rng: Rng,
  resamples = 2000,
): MeanInterval {
  expectLength('values', values, clusters.length);
  const n = values.length;
  const centre = mean(values);
  const single = new Set(clusters).size === 1;
  const units = single ? clusters.map((_, i) => String(i)) : clusters;
  const { sums, counts } = clusterSums(values, units);
  const drawsPerSample = sums.length;
  const means = new Float64Array(resamples);
  for (let s = 0; s < resamples; s++) {
    let sum = 0;
    let count = 0;
    for (let c = 0; c < drawsPerSample; c++) {
      const drawn = rng.int(drawsPerSample);
      sum += at(sums, drawn);
      count += at(counts, drawn);
    }
    means[s] = sum / count;
  }
  means.sort();
  return { mean: centre, low: quantile(means, 0.025), high: quantile(means, 0.975), n };
}

/** 1 when the first judgement is higher, 0 when lower, one half on a tie. */
export function pairOutcome(first: number, second: number): 0 | 0.5 | 1 {
  return first > second ? 1 : first < second ? 0 : 0.5;
}

/**
 * How often the first of two policies wins on the same prompts, ties one half, with a bootstrap interval over
 * users. `first[i]`, `second[i]` are the judge's numbers for prompt i, `users[i]` who sent it.
 */
export function winRate(
  first: Numbers,
  second: Numbers,
  users: readonly string[],
  rng: Rng,
  resamples = 2000,
): RateInterval {
  expectLength('first', first, users.length);
  expectLength('second', second, users.length);
  const outcomes = users.map((_, i) => pairOutcome(at(first, i), at(second, i)));
  const { mean: rate, low, high, n } = bootstrapInterval(outcomes, users, rng, resamples);
  return { rate, low, high, n };
}
