/**
 * Arithmetic of the bench's tables: paired ratios, rates and disagreements. Plain numbers; what they measure and
 * how they are printed is elsewhere.
 */

import { spreadOf, type Spread } from '../../records/spread.ts';

/**
 * How many times longer `theirs` took than `ours`, round by round: both of a pair were measured within the same
 * seconds, so that a slower machine slows both. Rounds that only one of them finished are left out.
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Spread {
  const pairs = Math.min(ours.length, theirs.length);
  return spreadOf(Array.from({ length: pairs }, (_, i) => (theirs[i] ?? NaN) / (ours[i] ?? NaN)));
}

/** Items per second from milliseconds. */
export function perSecond(items: number, milliseconds: number): number {
  return items / (milliseconds / 1000);
}

/** 10^9 operations per second from milliseconds. */
export function gigaPerSecond(operations: number, milliseconds: number): number {
  return perSecond(operations, milliseconds) / 1e9;
}

/** Useful operations of a training step, forward and backward, attention scores left out (6 N per token). */
export function trainingFlops(parameters: number, tokens: number): number {
  return 6 * parameters * tokens;
}

/** Largest distance between the highest and the lowest series at one index; over the shortest series. */
export function largestDisagreement(series: readonly (readonly number[])[]): number {
  const length = Math.min(...series.map((values) => values.length));
  let worst = 0;
  for (let i = 0; i < length; i++) {
    const values = series.map((each) => each[i] ?? NaN);
    worst = Math.max(worst, Math.max(...values) - Math.min(...values));
  }
  return series.length === 0 || length === 0 ? NaN : worst;
}
