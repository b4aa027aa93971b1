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

  test('D20: a batch of fewer than eight responses is refused', () => {
    const seven = new Array<number>(7).fill(1);
    expect(() => whitenTokens(seven, seven, { B: 7, R: 1 })).toThrow(/at least 8 responses, got 7/);
  });
});
