/** The exact law of best-of-n against golden values, enumeration and the textbook bounds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bestOfNKlUpperBound,
  bestOfNProbabilities,
  bestOfNWinRateUpperBound,
  winRateAgainst,
} from '../../../src/rlhf/best-of-n-law.ts';
import { expectation, klDivergence, softmax } from '../../../src/rlhf/categorical.ts';
import { referenceProbabilities } from '../../../src/rlhf/exact-optimum.ts';
import oracles from '../../golden/oracles.json';
import { goldenTask } from './golden-task.ts';

const weights = (n: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: n, maxLength: n })
    .map(softmax);

describe('bestOfNProbabilities', () => {
  const reference = referenceProbabilities(goldenTask);
  const { rewards } = goldenTask;

  test.each(oracles.best_of_n)('O11: golden law at n = $n', (golden) => {
    const kept = bestOfNProbabilities(reference, rewards, golden.n);
    expect(klDivergence(kept, reference)).toBeCloseTo(golden.kl_exact, 10);
    expect(bestOfNKlUpperBound(golden.n)).toBeCloseTo(golden.kl_formula_upper, 12);
    expect(expectation(kept, rewards)).toBeCloseTo(golden.E_r, 10);
    expect(winRateAgainst(kept, reference, rewards)).toBeCloseTo(golden.winrate_vs_ref, 10);
    expect(bestOfNWinRateUpperBound(golden.n)).toBeCloseTo(golden.winrate_upper, 12);
  });

  test('O11: a distribution whose KL and win rate the formulas bound from above, ties included', () => {
    const arms = fc.integer({ min: 1, max: 8 });
    const law = arms.chain((k) =>
      fc.record({
        ref: weights(k),
        reward: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: k, maxLength: k }),
      }),
    );
    fc.assert(
      fc.property(law, fc.integer({ min: 1, max: 20 }), ({ ref, reward }, n) => {
        const kept = bestOfNProbabilities(ref, reward, n);
        expect(kept.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 10);
        expect(klDivergence(kept, ref)).toBeLessThanOrEqual(bestOfNKlUpperBound(n) + 1e-10);
        const rate = winRateAgainst(kept, ref, reward);
        expect(rate).toBeGreaterThanOrEqual(0.5 - 1e-10);
        expect(rate).toBeLessThanOrEqual(bestOfNWinRateUpperBound(n) + 1e-10);
      }),
    );
  });

  test('O11: equals the enumeration of all draws for n = 3', () => {
    const ref = [0.1, 0.4, 0.2, 0.3];
    const reward = [2, 1, 2, 0];
    const expected = [0, 0, 0, 0];
    const arms = [0, 1, 2, 3];
    for (const a of arms) {
      for (const b of arms) {
        for (const c of arms) {
          const draw = [a, b, c];
          const top = Math.max(...draw.map((i) => reward[i] ?? NaN));
          const best = draw.filter((i) => reward[i] === top);
          const mass = draw.reduce((product, i) => product * (ref[i] ?? NaN), 1);
          for (const i of best) expected[i] = (expected[i] ?? NaN) + mass / best.length;
        }
      }
    }
    const kept = bestOfNProbabilities(ref, reward, 3);
    expected.forEach((p, i) => expect(kept[i]).toBeCloseTo(p, 12));
  });

  test('O11: with 20,000 equally likely outcomes the KL formula is tight', () => {
    const N = 20_000;
    const uniform = new Array<number>(N).fill(1 / N);
    const kept = bestOfNProbabilities(
      uniform,
      uniform.map((_, i) => i),
      4,
    );
    expect(Math.abs(klDivergence(kept, uniform) - bestOfNKlUpperBound(4))).toBeLessThan(1e-6);
  });
});
