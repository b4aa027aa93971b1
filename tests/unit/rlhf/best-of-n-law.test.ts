/** The exact law of best-of-n against golden values, enumeration and the textbook bounds. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bestOfNKlUpperBound,
  bestOfNProbabilities,
  bestOfNWinRateUpperBound,
  winRateAgainst,
} from '../../../src/rlhf/best-of-n-law.ts';
import { expectation, klDivergence } from '../../../src/rlhf/categorical.ts';
import { referenceProbabilities } from '../../../src/rlhf/exact-optimum.ts';
import oracles from '../../golden/oracles.json';
import { distribution, enumerableTask, naiveReference } from './enumerable.ts';
import { goldenTask } from './golden-task.ts';

describe('bestOfNProbabilities', () => {
  test.each(oracles.best_of_n)('O11: golden law at n = $n', (golden) => {
    const reference = referenceProbabilities(goldenTask);
    const { rewards } = goldenTask;
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
        ref: distribution(k),
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

  test('O11: equals the enumeration of all draws on generated tasks, ties included', () => {
    const small = enumerableTask.filter(({ rewards }) => rewards.length <= 36);
    fc.assert(
      fc.property(small, fc.integer({ min: 1, max: 3 }), (task, n) => {
        const reference = naiveReference(task);
        const reward = (i: number) => task.rewards[i] ?? NaN;
        const expected = new Array<number>(reference.length).fill(0);
        // Keeps every tied best with an equal share, draw by draw.
        const visit = (best: readonly number[], mass: number, left: number): void => {
          if (left === 0) {
            for (const i of best) expected[i] = (expected[i] ?? NaN) + mass / best.length;
            return;
          }
          reference.forEach((p, i) => {
            const top = best.length === 0 ? -Infinity : reward(best[0] ?? NaN);
            const next = reward(i) > top ? [i] : reward(i) === top ? [...best, i] : best;
            visit(next, mass * p, left - 1);
          });
        };
        visit([], 1, n);
        const kept = bestOfNProbabilities(reference, task.rewards, n);
        expected.forEach((p, i) => expect(kept[i]).toBeCloseTo(p, 9));
      }),
      { numRuns: 25 },
    );
  });

  test('O11: win rate is the chance that one draw beats another, ties one half', () => {
    const three = fc.tuple(
      distribution(4),
      distribution(4),
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
    );
    fc.assert(
      fc.property(three, ([p, q, reward]) => {
        const rate = winRateAgainst(p, q, reward);
        expect(rate + winRateAgainst(q, p, reward)).toBeCloseTo(1, 10);
        // By levels of reward: P(p at level) times (mass of q below + half the mass of q there).
        let expected = 0;
        for (const level of [0, 1, 2]) {
          const mass = (d: readonly number[], at: (r: number) => boolean) =>
            d.reduce((sum, x, i) => sum + (at(reward[i] ?? NaN) ? x : 0), 0);
          expected +=
            mass(p, (r) => r === level) *
            (mass(q, (r) => r < level) + mass(q, (r) => r === level) / 2);
        }
        expect(rate).toBeCloseTo(expected, 10);
      }),
    );
  });

  test('O11: the best outcome is certain after very many draws, however 0.1 + 0.1 + ... rounds', () => {
    const ten = new Array<number>(10).fill(0.1);
    const kept = bestOfNProbabilities(
      ten,
      ten.map((_, i) => i),
      1e6,
    );
    expect(kept[9]).toBe(1);
    expect(kept[0]).toBe(0);
  });

  test('outcomes without mass are never kept; wrong lengths and numbers of draws are refused', () => {
    expect(bestOfNProbabilities([0, 1], [5, 1], 3)).toEqual([0, 1]);
    expect(bestOfNProbabilities([1, 0], [1, 5], 3)).toEqual([1, 0]);
    for (const n of [0, 1.5, NaN]) {
      expect(() => bestOfNProbabilities([1], [1], n)).toThrow(/n must be a whole number/);
      expect(() => bestOfNKlUpperBound(n)).toThrow(RangeError);
      expect(() => bestOfNWinRateUpperBound(n)).toThrow(RangeError);
    }
    expect(() => bestOfNProbabilities([1], [1, 2], 1)).toThrow(/rewards has 2 elements/);
    expect(() => winRateAgainst([1], [1, 0], [1, 2])).toThrow(/^p has 1 elements/);
    expect(() => winRateAgainst([1, 0], [1], [1, 2])).toThrow(/^q has 1 elements/);
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
