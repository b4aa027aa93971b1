/** Advantages against the hand-worked table and their closed forms at lambda 0 and 1. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { carriedAdvantage, gae, tdError } from '../../../src/rlhf/advantages.ts';
import oracles from '../../golden/oracles.json';
import { padded, prefixMask, raggedBatch } from './ragged.ts';

test('O5: error and carry of the first token of the three-token example, by hand', () => {
  // r_1 = -0.02, V_1 = 0.5, V_2 = 0.6; A_2 = 0.3905.
  expect(tdError(-0.02, 0.5, 0.6, 1)).toBeCloseTo(0.08, 12);
  expect(tdError(-0.02, 0.5, 0.6, 0.5)).toBeCloseTo(-0.22, 12);
  expect(carriedAdvantage(0.3905, 1, 0.95)).toBeCloseTo(0.370975, 12);
  expect(carriedAdvantage(0.3905, 0.5, 0.95)).toBeCloseTo(0.1854875, 12);
});

describe('gae', () => {
  test.each(oracles.gae)('O5, D13: the three-token example at lambda $lam', (golden) => {
    const { rewards, values, gamma, lam: lambda } = golden;
    const result = gae({ rewards, values, mask: [1, 1, 1], gamma, lambda, B: 1, R: 3 });
    golden.adv.forEach((a, t) => expect(result.advantages[t]).toBeCloseTo(a, 6));
    golden.ret.forEach((r, t) => expect(result.returns[t]).toBeCloseTo(r, 6));
    [0.08, 0.21, 0.19].forEach((d, t) => expect(result.deltas[t]).toBeCloseTo(d, 6));
    golden.adv.forEach((_, t) => {
      expect(result.carried[t]).toBeCloseTo(gamma * lambda * (golden.adv[t + 1] ?? 0), 6);
    });
  });

  test('D13: the second row of a ragged batch does not see the first, nor its own padding', () => {
    const { advantages, returns, deltas, carried } = gae({
      rewards: [1, 9, 9, -0.02, 0.01, 0.99],
      values: [0.25, 9, 9, 0.5, 0.6, 0.8],
      mask: [1, 0, 0, 1, 1, 1],
      gamma: 1,
      lambda: 0.95,
      B: 2,
      R: 3,
    });
    const expected = [0.75, 0, 0, 0.450975, 0.3905, 0.19];
    expected.forEach((a, i) => expect(advantages[i]).toBeCloseTo(a, 6));
    expect(Array.from(returns.subarray(0, 3))).toEqual([1, 0, 0]);
    expect(Array.from(deltas.subarray(0, 3))).toEqual([0.75, 0, 0]);
    expect(Array.from(carried.subarray(0, 3))).toEqual([0, 0, 0]);
  });

  test('D13: lambda 1 gives reward-to-go minus value, lambda 0 the one-step error', () => {
    const gamma = fc.double({ min: 0.5, max: 1, noNaN: true });
    fc.assert(
      fc.property(raggedBatch(2), gamma, (batch, discount) => {
        const { B, R, mask, lengths, arrays } = batch;
        const [rewards = [], values = []] = arrays;
        const input = { rewards, values, mask, gamma: discount, B, R };
        const far = gae({ ...input, lambda: 1 });
        const near = gae({ ...input, lambda: 0 });
        lengths.forEach((length, b) => {
          let toGo = 0;
          for (let t = length - 1; t >= 0; t--) {
            const i = b * R + t;
            const next = t + 1 < length ? (values[i + 1] ?? NaN) : 0;
            const reward = rewards[i] ?? NaN;
            const value = values[i] ?? NaN;
            toGo = reward + discount * toGo;
            expect(far.advantages[i]).toBeCloseTo(toGo - value, 4);
            expect(far.returns[i]).toBeCloseTo(toGo, 4);
            expect(near.advantages[i]).toBeCloseTo(reward + discount * next - value, 4);
          }
        });
      }),
    );
  });

  test('O5, D13: equals the sum of (gamma lambda)^l delta over what is left of the response', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(raggedBatch(2), share, share, (batch, gamma, lambda) => {
        const { B, R, mask, lengths, arrays } = batch;
        const [rewards = [], values = []] = arrays;
        const { advantages } = gae({ rewards, values, mask, gamma, lambda, B, R });
        lengths.forEach((length, b) => {
          const delta = Array.from({ length }, (_, t) => {
            const next = t + 1 < length ? (values[b * R + t + 1] ?? NaN) : 0;
            return (rewards[b * R + t] ?? NaN) + gamma * next - (values[b * R + t] ?? NaN);
          });
          for (let t = 0; t < length; t++) {
            const expected = delta
              .slice(t)
              .reduce((sum, d, l) => sum + (gamma * lambda) ** l * d, 0);
            expect(advantages[b * R + t]).toBeCloseTo(expected, 4);
          }
        });
      }),
    );
  });

  test('D10: a score one slot after EOS gives the same advantages at lambda 1 and others below', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(raggedBatch(2), unit, ({ B, R, lengths, arrays }, lambda) => {
        const [penalties = [], values = []] = arrays;
        const [score, after] = [0.75, 0.25];
        // The other convention: one column more, that holds the score and a value of its own.
        const wide = (source: readonly number[], last: number) =>
          lengths.flatMap((length, b) =>
            Array.from({ length: R + 1 }, (_, t) =>
              t < length ? (source[b * R + t] ?? NaN) : t === length ? last : 0,
            ),
          );
        const late = gae({
          ...{ rewards: wide(penalties, score), values: wide(values, after) },
          mask: prefixMask(
            lengths.map((length) => length + 1),
            R + 1,
          ),
          ...{ gamma: 1, lambda, B, R: R + 1 },
        });
        const rewards = penalties.map((r, i) =>
          i % R === (lengths[Math.floor(i / R)] ?? 0) - 1 ? r + score : r,
        );
        const ours = gae({ rewards, values, mask: prefixMask(lengths, R), gamma: 1, lambda, B, R });
        lengths.forEach((length, b) => {
          for (let t = 0; t < length; t++) {
            // The extra hop bootstraps from the extra value, once more discounted for each step back.
            const hop = (1 - lambda) * (score - after) * lambda ** (length - 1 - t);
            const difference =
              (ours.advantages[b * R + t] ?? NaN) - (late.advantages[b * (R + 1) + t] ?? NaN);
            expect(difference).toBeCloseTo(hop, 4);
          }
        });
      }),
    );
  });

  test('D17: padding columns full of NaN change nothing', () => {
    fc.assert(
      fc.property(raggedBatch(2), fc.integer({ min: 1, max: 5 }), (batch, extra) => {
        const { B, R, mask, arrays } = batch;
        const [rewards = [], values = []] = arrays;
        const discounts = { gamma: 1, lambda: 0.95, B };
        const plain = gae({ rewards, values, mask, ...discounts, R });
        const wide = gae({
          rewards: padded(rewards, batch, extra, NaN),
          values: padded(values, batch, extra, NaN),
          mask: padded(mask, batch, extra, 0),
          ...discounts,
          R: R + extra,
        });
        expect(Array.from(wide.advantages)).toEqual(padded(plain.advantages, batch, extra, 0));
        expect(Array.from(wide.returns)).toEqual(padded(plain.returns, batch, extra, 0));
      }),
    );
  });

  test('refuses masks that are not prefix masks, and wrong lengths', () => {
    const input = { rewards: [0, 0], values: [0, 0], gamma: 1, lambda: 1, B: 1, R: 2 };
    expect(() => gae({ ...input, mask: [0, 1] })).toThrow(/prefix mask/);
    expect(() => gae({ ...input, mask: [1, 0.5] })).toThrow(/expected 0 or 1/);
    expect(() => gae({ ...input, mask: [1] })).toThrow(/mask has 1 elements, expected 2/);
    const wide = { ...input, mask: [1, 1] };
    expect(() => gae({ ...wide, rewards: [0] })).toThrow(/rewards has 1 elements, expected 2/);
    expect(() => gae({ ...wide, values: [0, 0, 0] })).toThrow(/values has 3 elements, expected 2/);
  });
});
