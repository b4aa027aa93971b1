/** Statistics over live tokens, by hand and against plain loops; what is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  at,
  expectLength,
  liveCount,
  maskedMean,
  maskedSum,
  maskedVariance,
  mean,
  responseLengths,
} from '../../../src/rlhf/masked.ts';
import { raggedBatch } from './ragged.ts';

test('an index outside the array is refused, so that no NaN is born of it', () => {
  expect(at([4, 5], 1)).toBe(5);
  expect(() => at([4, 5], 2)).toThrow(/index 2 outside an array of length 2/);
  expect(() => at([4, 5], -1)).toThrow(RangeError);
  expect(() => expectLength('x', [1], 2)).toThrow(/x has 1 elements, expected 2/);
});

test('lengths are those of the prefix masks', () => {
  fc.assert(
    fc.property(raggedBatch(0), ({ B, R, mask, lengths }) => {
      expect(Array.from(responseLengths(mask, { B, R }))).toEqual(lengths);
      expect(liveCount(mask)).toBe(lengths.reduce((sum, n) => sum + n, 0));
    }),
  );
  expect(Array.from(responseLengths([0, 0, 1, 0], { B: 2, R: 2 }))).toEqual([0, 1]);
});

test.each([
  [[1, 0, 1], /mask of row 0 is not a prefix mask/],
  [[0, 1, 1], /not a prefix mask/],
  [[1, 0.5, 0], /mask holds 0\.5, expected 0 or 1/],
  [[1, 2, 0], /mask holds 2/],
  [[1, 1], /mask has 2 elements, expected 3/],
])('mask %j is refused', (mask, message) => {
  expect(() => responseLengths(mask, { B: 1, R: 3 })).toThrow(message);
});

describe('statistics', () => {
  test('D17: sum, mean and variance of live elements, whatever stands in dead ones', () => {
    const values = [1, NaN, 4, Infinity, 7];
    const mask = [1, 0, 1, 0, 1];
    expect(maskedSum(values, mask)).toBe(12);
    expect(maskedMean(values, mask)).toBe(4);
    expect(maskedVariance(values, mask)).toBe(6);
    expect(maskedVariance(values, mask, 'bessel')).toBe(9);
  });

  test('D18: the two variances are the mean square minus the squared mean, over n and n - 1', () => {
    fc.assert(
      fc.property(raggedBatch(1, 2), ({ mask, arrays }) => {
        const [values = []] = arrays;
        const live = values.filter((_, i) => mask[i] === 1);
        const n = live.length;
        const centre = mean(live);
        const squares = live.reduce((sum, x) => sum + x * x, 0) - n * centre * centre;
        expect(maskedMean(values, mask)).toBeCloseTo(centre, 10);
        expect(maskedVariance(values, mask)).toBeCloseTo(squares / n, 9);
        expect(maskedVariance(values, mask, 'bessel')).toBeCloseTo(squares / (n - 1), 9);
      }),
    );
  });

  test('nothing to average, too little for Bessel, and unequal lengths are refused', () => {
    expect(() => maskedMean([1], [0])).toThrow(/no live element/);
    expect(() => maskedVariance([1, 2], [1, 0], 'bessel')).toThrow(/two live elements/);
    expect(maskedVariance([1, 2], [1, 0])).toBe(0);
    expect(() => maskedSum([1], [1, 1])).toThrow(/values has 1 elements, expected 2/);
    expect(() => mean([])).toThrow(/mean of an empty list/);
    expect(mean([1, 2, 6])).toBe(3);
  });
});
