/** Middle, lowest and highest of a few measurements. Plain arithmetic; not for intervals of proportions. */

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** NaN throughout for nothing. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { median: NaN, low: NaN, high: NaN };
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}
