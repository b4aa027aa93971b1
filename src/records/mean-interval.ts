/**
 * The mean of a few numbers, such as a person's scores from 1 to 7, with Student's 95 % interval. Judges over many
 * prompts resample users instead (rlhf/intervals.ts); shares have Wilson's interval (vote-rate.ts).
 */
import type { Interval } from './suite.ts';

/** Quantiles of 97.5 % of Student's t with 1, 2, ... degrees of freedom (any printed table). */
const T_975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];
/** Standard normal quantile of 97.5 %. */
const Z = 1.959963984540054;

/**
 * Quantile of 97.5 % of Student's t. From eleven degrees of freedom on by Cornish and Fisher's expansion (Abramowitz and
 * Stegun 26.7.5), good to four decimals there. Throws RangeError below 1.
 */
export function student975(freedom: number): number {
  if (!(freedom >= 1)) throw new RangeError(`${freedom} degrees of freedom`);
  const listed = Number.isInteger(freedom) ? T_975[freedom - 1] : undefined;
  if (listed !== undefined) return listed;
  const g1 = (Z ** 3 + Z) / 4;
  const g2 = (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / 96;
  const g3 = (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / 384;
  return Z + g1 / freedom + g2 / freedom ** 2 + g3 / freedom ** 3;
}

/** Mean and interval; one number alone has no spread, so its interval is unbounded. NaN throughout without any. */
export function meanInterval(values: readonly number[]): Interval {
  const n = values.length;
  if (n === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, n };
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, low: -Infinity, high: Infinity, n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = student975(n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, n };
}
