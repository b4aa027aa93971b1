/** Student's interval of a few numbers: the quantile against printed tables, and what the interval promises. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { meanInterval, student975 } from '../../../src/records/mean-interval.ts';

describe('the quantile of 97.5 %', () => {
  // NIST/SEMATECH e-Handbook, table of Student's t.
  test.each([
    [1, 12.706],
    [2, 4.303],
    [4, 2.776],
    [10, 2.228],
    [11, 2.201],
    [15, 2.131],
    [30, 2.042],
    [100, 1.984],
    [1e9, 1.96],
  ])('with %d degrees of freedom is %d', (freedom, expected) => {
    expect(student975(freedom)).toBeCloseTo(expected, 3);
  });

  test('falls with every degree of freedom, and none is refused', () => {
    for (let n = 1; n < 60; n++) expect(student975(n + 1)).toBeLessThan(student975(n));
    expect(() => student975(0)).toThrow(RangeError);
    expect(() => student975(Number.NaN)).toThrow(RangeError);
  });
});

describe('the mean', () => {
  test('of 2, 4, 6 is 4, within t * s / sqrt(n) = 4.303 * 2 / sqrt(3)', () => {
    const { mean, low, high, n } = meanInterval([2, 4, 6]);
    expect([mean, n]).toEqual([4, 3]);
    expect(high - mean).toBeCloseTo((4.3027 * 2) / Math.sqrt(3), 4);
    expect(mean - low).toBeCloseTo(high - mean, 12);
  });

  test('of equal numbers has no width, of one number no bounds, of none is no number', () => {
    expect(meanInterval([5, 5, 5])).toEqual({ mean: 5, low: 5, high: 5, n: 3 });
    expect(meanInterval([3])).toEqual({ mean: 3, low: -Infinity, high: Infinity, n: 1 });
    expect(meanInterval([])).toEqual({ mean: NaN, low: NaN, high: NaN, n: 0 });
  });

  test('lies in 95 of 100 intervals of normal draws, by 3 standard errors of 2,000 trials', () => {
    const rng = Rng.named(1, 'mean interval');
    const trials = 2000;
    let covered = 0;
    for (let i = 0; i < trials; i++) {
      const { low, high } = meanInterval(Array.from({ length: 5 }, () => rng.normal()));
      if (low <= 0 && high >= 0) covered++;
    }
    expect(Math.abs(covered / trials - 0.95)).toBeLessThan(3 * Math.sqrt((0.95 * 0.05) / trials));
  });
});
