/** Distributions written out in full: large and impossible logits, outcomes without mass, and what is refused. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  expectation,
  klDivergence,
  logSoftmax,
  logSumExp,
  softmax,
  totalVariation,
} from '../../../src/rlhf/categorical.ts';
import { distribution, numbers } from './enumerable.ts';

test('the log of a sum of exponentials neither overflows nor loses what is impossible', () => {
  expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 9);
  expect(logSumExp([-1000, -1000])).toBeCloseTo(-1000 + Math.LN2, 9);
  expect(logSumExp([0, -Infinity])).toBe(0);
  expect(logSumExp([-Infinity, -Infinity])).toBe(-Infinity);
  expect(logSumExp([])).toBe(-Infinity);
});

test('softmax sums to 1, keeps the ratios of exponentials and does not see a shift', () => {
  fc.assert(
    fc.property(numbers(4, 5), fc.double({ min: -50, max: 50, noNaN: true }), (logits, shift) => {
      const p = softmax(logits);
      expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 10);
      const [a = NaN, b = NaN] = logits;
      expect(Math.log((p[0] ?? NaN) / (p[1] ?? NaN))).toBeCloseTo(a - b, 8);
      const shifted = logSoftmax(logits.map((x) => x + shift));
      logSoftmax(logits).forEach((x, i) => expect(shifted[i]).toBeCloseTo(x, 8));
    }),
  );
});

test('KL: 0 log 0 is 0, infinite where the second lacks an outcome, never negative', () => {
  expect(klDivergence([0, 1], [0.5, 0.5])).toBeCloseTo(Math.LN2, 12);
  expect(klDivergence([0, 1], [0, 1])).toBe(0);
  expect(klDivergence([0.5, 0.5], [0, 1])).toBe(Infinity);
  fc.assert(
    fc.property(distribution(4), distribution(4), (p, q) => {
      expect(klDivergence(p, q)).toBeGreaterThan(-1e-12);
      // Pinsker's inequality ties the two distances.
      expect(totalVariation(p, q)).toBeLessThanOrEqual(
        Math.sqrt(Math.max(0, klDivergence(p, q)) / 2) + 1e-7,
      );
    }),
  );
});

test('total variation and expectation by hand; unequal lengths are refused', () => {
  expect(totalVariation([0.5, 0.5, 0], [0.25, 0.25, 0.5])).toBe(0.5);
  expect(expectation([0.25, 0.75], [8, -4])).toBe(-1);
  expect(() => expectation([1], [1, 2])).toThrow(/values has 2 elements, expected 1/);
  expect(() => klDivergence([1], [1, 2])).toThrow(/^q has 2 elements, expected 1/);
  expect(() => totalVariation([1], [1, 2])).toThrow(/^q has 2 elements, expected 1/);
});
