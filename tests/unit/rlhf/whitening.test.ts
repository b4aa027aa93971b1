/** Whitening against the published 3 x 3 matrices, with masks, and what it does to the length of responses. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskedMean, maskedVariance } from '../../../src/rlhf/masked.ts';
import { whiten, whitenTokens } from '../../../src/rlhf/whitening.ts';
import oracles from '../../golden/oracles.json';
import { padded, prefixMask, raggedBatch } from './ragged.ts';

const matrix = oracles.whiten.x.flat();
const allLive = matrix.map(() => 1);

describe('whiten', () => {
  test.each([
    ['pop_shift', { variance: 'population', shiftMean: true }],
    ['pop_noshift', { variance: 'population', shiftMean: false }],
    ['bessel_noshift', { variance: 'bessel', shiftMean: false }],
  ] as const)('O6, D18: golden matrix %s', (name, options) => {
    const result = whiten(matrix, allLive, options);
    oracles.whiten[name].flat().forEach((x, i) => expect(result[i]).toBeCloseTo(x, 5));
  });

  test('D18: the default subtracts the mean and divides by the population deviation', () => {
    expect(whiten(matrix, allLive)).toEqual(
      whiten(matrix, allLive, { variance: 'population', shiftMean: true }),
    );
  });

  test('D18: live tokens get mean 0 and variance 1 (mean kept without a shift); padding is not seen', () => {
    const kind = fc.constantFrom('population', 'bessel');
    fc.assert(
      fc.property(raggedBatch(1, 3), kind, fc.boolean(), (batch, variance, shiftMean) => {
        const { mask, arrays } = batch;
        const [values = []] = arrays;
        fc.pre(maskedVariance(values, mask) > 1e-3);
        const options = { variance, shiftMean } as const;
        const result = whiten(values, mask, options);
        expect(maskedMean(result, mask)).toBeCloseTo(shiftMean ? 0 : maskedMean(values, mask), 5);
        expect(maskedVariance(result, mask, variance)).toBeCloseTo(1, 4);
        const wide = whiten(padded(values, batch, 3, NaN), padded(mask, batch, 3, 0), options);
        expect(Array.from(wide)).toEqual(padded(result, batch, 3, 0));
      }),
    );
  });

  test('D19: without a mean shift every token gains the same constant, so only length can be biased', () => {
    const mask = prefixMask([1, 2, 3, 3, 3, 3, 3, 3], 3);
    const rewards = mask.map((live, i) => (live === 1 ? 1 + (i % 5) : 0));
    const whitened = whitenTokens(rewards, mask, { B: 8, R: 3 }, { shiftMean: false });
    const scale = 1 / Math.sqrt(maskedVariance(rewards, mask) + 1e-8);
    const constant = maskedMean(rewards, mask) * (1 - scale);
    expect(Math.abs(constant)).toBeGreaterThan(0.1);
    mask.forEach((live, i) => {
      const expected = live === 1 ? (rewards[i] ?? NaN) * scale + constant : 0;
      expect(whitened[i]).toBeCloseTo(expected, 5);
    });
  });

  test('O6, D18: equals the textbook formulas on ragged batches, for both divisors', () => {
    const kind = fc.constantFrom<'population' | 'bessel'>('population', 'bessel');
    fc.assert(
      fc.property(raggedBatch(1, 2), kind, fc.boolean(), (batch, variance, shiftMean) => {
        const [values = []] = batch.arrays;
        const live = values.filter((_, i) => batch.mask[i] === 1);
        const mean = live.reduce((sum, x) => sum + x, 0) / live.length;
        const squares = live.reduce((sum, x) => sum + x * x, 0) - live.length * mean * mean;
        const divisor = variance === 'bessel' ? live.length - 1 : live.length;
        fc.pre(squares / divisor > 1e-3);
        const deviation = Math.sqrt(squares / divisor + 1e-8);
        const result = whiten(values, batch.mask, { variance, shiftMean });
        result.forEach((x, i) => {
          const centred = ((values[i] ?? NaN) - mean) / deviation;
          const expected = batch.mask[i] === 1 ? centred + (shiftMean ? 0 : mean) : 0;
          expect(Math.abs(x - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)));
        });
      }),
    );
  });

  test('D18: 1e-8 is added to the variance, so that equal values give 0 and not NaN', () => {
    expect(Array.from(whiten([3, 3], [1, 1]))).toEqual([0, 0]);
    expect(Array.from(whiten([3, 3], [1, 1], { shiftMean: false }))).toEqual([3, 3]);
    // A deviation of 1e-4 is a variance of 1e-8: the floor doubles it.
    expect(whiten([1e-4, -1e-4], [1, 1])[0]).toBeCloseTo(Math.SQRT1_2, 6);
  });

  test('D19: with responses of different lengths the bias reverses an order of sums', () => {
    // Equal returns of 4: four tokens of 1, or one token of 4. The mean of all tokens is above 1 deviation.
    const mask = prefixMask([4, 1, 4, 1, 4, 1, 4, 1], 4);
    const rewards = mask.map((live, i) => (live === 0 ? 0 : Math.floor(i / 4) % 2 === 0 ? 1 : 4));
    const white = whitenTokens(rewards, mask, { B: 8, R: 4 }, { shiftMean: false });
    const sum = (row: number) => white.subarray(4 * row, 4 * row + 4).reduce((s, x) => s + x, 0);
    const scale = 1 / Math.sqrt(maskedVariance(rewards, mask) + 1e-8);
    const constant = maskedMean(rewards, mask) * (1 - scale);
    expect(sum(0) - sum(1)).toBeCloseTo(3 * constant, 4);
    expect(Math.abs(sum(0) - sum(1))).toBeGreaterThan(0.5);
    // With one length the constant is the same for every response: differences only change scale.
    const even = prefixMask(new Array<number>(8).fill(2), 2);
    const returns = even.map((_, i) => Math.sin(i));
    const flat = whitenTokens(returns, even, { B: 8, R: 2 }, { shiftMean: false });
    const plain = (row: number) => (returns[2 * row] ?? NaN) + (returns[2 * row + 1] ?? NaN);
    const whitened = (row: number) => (flat[2 * row] ?? NaN) + (flat[2 * row + 1] ?? NaN);
    const factor = 1 / Math.sqrt(maskedVariance(returns, even) + 1e-8);
    for (let row = 1; row < 8; row++) {
      expect(whitened(row) - whitened(0)).toBeCloseTo(factor * (plain(row) - plain(0)), 4);
    }
  });

  test('D20: a batch of fewer than eight responses is refused', () => {
    const seven = new Array<number>(7).fill(1);
    expect(() => whitenTokens(seven, seven, { B: 7, R: 1 })).toThrow(/at least 8 responses, got 7/);
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    const ones = eight.map(() => 1);
    expect(Array.from(whitenTokens(eight, ones, { B: 8, R: 1 }))).toEqual(
      Array.from(whiten(eight, ones)),
    );
    expect(() => whitenTokens(eight, ones, { B: 8, R: 2 })).toThrow(/values has 8 elements/);
    expect(() => whiten(eight, [1])).toThrow(/values has 8 elements, expected 1/);
  });
});
