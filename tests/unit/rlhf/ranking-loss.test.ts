/** From ranks to comparisons and the loss of one prompt, with ties, for K from 2 to 9. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  comparisonCount,
  comparisonsFromRanks,
  countCorrect,
  pairDivisor,
  rankingLoss,
  type PairDivisor,
} from '../../../src/rlhf/ranking-loss.ts';
import oracles from '../../golden/oracles.json';

const { rewards_best_to_worst: scores, ...golden } = oracles.rm_ranking;

const DIVISORS: readonly PairDivisor[] = ['all-pairs', 'kept-pairs'];

/** K scores with ranks from 1 to K, ties likely. */
const ranked = fc.integer({ min: 2, max: 9 }).chain((K) =>
  fc.record({
    K: fc.constant(K),
    scores: fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: K, maxLength: K }),
    ranks: fc.array(fc.integer({ min: 1, max: K }), { minLength: K, maxLength: K }),
  }),
);

describe('comparisonsFromRanks', () => {
  test('D36: strict pairs only, winner first', () => {
    expect(comparisonsFromRanks([2, 1, 2])).toEqual([
      { winner: 1, loser: 0 },
      { winner: 1, loser: 2 },
    ]);
  });

  test('those of several prompts are counted together, ties left out', () => {
    expect(comparisonCount([])).toBe(0);
    expect(comparisonCount([{ ranks: [2, 1, 2] }, { ranks: [1, 1] }, { ranks: [3, 1, 2] }])).toBe(
      5,
    );
  });

  test('D36: C(K,2) less the tied pairs, each with the better rank winning', () => {
    fc.assert(
      fc.property(ranked, ({ K, ranks }) => {
        const comparisons = comparisonsFromRanks(ranks);
        const counts = new Map<number, number>();
        for (const rank of ranks) counts.set(rank, (counts.get(rank) ?? 0) + 1);
        const tied = [...counts.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
        expect(comparisons).toHaveLength((K * (K - 1)) / 2 - tied);
        for (const { winner, loser } of comparisons) {
          expect(ranks[winner]).toBeLessThan(ranks[loser] ?? NaN);
        }
      }),
    );
  });
});

describe('rankingLoss', () => {
  test.each([
    { name: 'strict', ranks: [1, 2, 3, 4], divisor: 'all-pairs', expected: golden.strict },
    {
      name: 'middle tie over C(K,2)',
      ranks: [1, 2, 2, 4],
      divisor: 'all-pairs',
      expected: golden.tie_1_2_dropped_divide_by_K_choose_2,
    },
    {
      name: 'middle tie over the kept pairs',
      ranks: [1, 2, 2, 4],
      divisor: 'kept-pairs',
      expected: golden.tie_1_2_dropped_divide_by_remaining,
    },
  ] as const)('O8: golden loss and gradient, $name', ({ ranks, divisor, expected }) => {
    const [goldenLoss, goldenGradient] = expected as [number, number[]];
    const { loss, gradient } = rankingLoss(scores, ranks, divisor);
    expect(loss).toBeCloseTo(goldenLoss, 12);
    goldenGradient.forEach((g, k) => expect(gradient[k]).toBeCloseTo(g, 9));
  });

  test('O8, D35: equal scores give log 2 and the closed-form gradient for every K', () => {
    for (let K = 2; K <= 9; K++) {
      const ranks = Array.from({ length: K }, (_, i) => i + 1);
      const { loss, gradient } = rankingLoss(new Array<number>(K).fill(0.3), ranks);
      expect(loss).toBeCloseTo(Math.LN2, 12);
      gradient.forEach((g, i) => expect(g).toBeCloseTo(-(K - 1 - 2 * i) / (K * (K - 1)), 12));
    }
  });

  test('D34: equals the plain loop over pairs, for both divisors', () => {
    fc.assert(
      fc.property(ranked, fc.constantFrom(...DIVISORS), ({ K, scores: r, ranks }, divisor) => {
        let sum = 0;
        let kept = 0;
        for (let i = 0; i < K; i++) {
          for (let j = 0; j < K; j++) {
            if ((ranks[i] ?? NaN) >= (ranks[j] ?? NaN)) continue;
            kept++;
            sum -= Math.log(1 / (1 + Math.exp((r[j] ?? NaN) - (r[i] ?? NaN))));
          }
        }
        const expected = divisor === 'all-pairs' ? sum / ((K * (K - 1)) / 2) : sum / (kept || 1);
        expect(rankingLoss(r, ranks, divisor).loss).toBeCloseTo(expected, 9);
      }),
    );
  });

  test('O8: the gradient is that of the loss and sums to 0', () => {
    fc.assert(
      fc.property(ranked, fc.constantFrom(...DIVISORS), ({ scores: r, ranks }, divisor) => {
        const { gradient } = rankingLoss(r, ranks, divisor);
        expect(gradient.reduce((sum, g) => sum + g, 0)).toBeCloseTo(0, 12);
        const h = 1e-5;
        gradient.forEach((g, k) => {
          const moved = (by: number): number =>
            rankingLoss(
              r.map((x, i) => (i === k ? x + by : x)),
              ranks,
              divisor,
            ).loss;
          expect(g).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 7);
        });
      }),
    );
  });

  test('D37: adding 7 to every score changes nothing', () => {
    fc.assert(
      fc.property(ranked, ({ scores: r, ranks }) => {
        const shifted = rankingLoss(
          r.map((x) => x + 7),
          ranks,
        );
        expect(shifted.loss).toBeCloseTo(rankingLoss(r, ranks).loss, 10);
      }),
    );
  });

  test('O8: Bradley-Terry data without end has its optimum at the rewards, up to a constant', () => {
    const rewards = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
      minLength: 2,
      maxLength: 5,
    });
    fc.assert(
      fc.property(rewards, fc.double({ min: -3, max: 3, noNaN: true }), (r, constant) => {
        // Every pair in both orders, each with its probability.
        const gradient = (s: readonly number[]) => {
          const sum = new Array<number>(s.length).fill(0);
          for (let i = 0; i < s.length; i++) {
            for (let j = 0; j < s.length; j++) {
              if (i === j) continue;
              const p = 1 / (1 + Math.exp((r[j] ?? NaN) - (r[i] ?? NaN)));
              const pair = rankingLoss([s[i] ?? NaN, s[j] ?? NaN], [1, 2]).gradient;
              sum[i] = (sum[i] ?? NaN) + p * (pair[0] ?? NaN);
              sum[j] = (sum[j] ?? NaN) + p * (pair[1] ?? NaN);
            }
          }
          return sum;
        };
        gradient(r.map((x) => x + constant)).forEach((g) => expect(g).toBeCloseTo(0, 10));
        const moved = gradient(r.map((x, i) => (i === 0 ? x + 0.5 : x)));
        // At least half a unit times sigmoid'(4.5), the flattest that rewards from -2 to 2 can be.
        expect(moved[0]).toBeGreaterThan(0.5 * 0.0108);
      }),
    );
  });

  test('O8: the gradient equals the naive loop over pairs, for both divisors', () => {
    fc.assert(
      fc.property(ranked, fc.constantFrom(...DIVISORS), ({ K, scores: r, ranks }, divisor) => {
        const expected = new Array<number>(K).fill(0);
        let kept = 0;
        for (let i = 0; i < K; i++) {
          for (let j = 0; j < K; j++) {
            if ((ranks[i] ?? NaN) >= (ranks[j] ?? NaN)) continue;
            kept++;
            const wrong = 1 / (1 + Math.exp((r[i] ?? NaN) - (r[j] ?? NaN)));
            expected[i] = (expected[i] ?? NaN) - wrong;
            expected[j] = (expected[j] ?? NaN) + wrong;
          }
        }
        const pairs = divisor === 'all-pairs' ? (K * (K - 1)) / 2 : kept || 1;
        const { gradient } = rankingLoss(r, ranks, divisor);
        expected.forEach((g, i) => expect(gradient[i]).toBeCloseTo(g / pairs, 10));
      }),
    );
  });

  test('D36: unless told otherwise, a tie still counts in the divisor', () => {
    expect(rankingLoss([1, 0, 0], [1, 2, 2])).toEqual(
      rankingLoss([1, 0, 0], [1, 2, 2], 'all-pairs'),
    );
    expect(pairDivisor(4, 5)).toBe(6);
    expect(pairDivisor(4, 5, 'kept-pairs')).toBe(5);
    expect(pairDivisor(4, 0, 'kept-pairs')).toBe(1);
  });

  test('extreme margins stay finite; a prompt of ties alone gives 0', () => {
    expect(rankingLoss([-1e4, 1e4], [1, 2]).loss).toBeCloseTo(2e4, 6);
    expect(rankingLoss([1e4, -1e4], [1, 2]).loss).toBe(0);
    for (const divisor of DIVISORS) {
      expect(rankingLoss([1, 2], [1, 1], divisor)).toEqual({ loss: 0, gradient: [0, 0] });
    }
    expect(() => rankingLoss([1], [1])).toThrow(/at least 2 completions, got 1/);
    expect(() => rankingLoss([1, 2], [1, 2, 3])).toThrow(/scores has 2 elements, expected 3/);
    expect(() => countCorrect([1], [1, 2])).toThrow(/scores has 1 elements, expected 2/);
  });
});

test('D41: equal scores count as wrong', () => {
  expect(countCorrect([1, 1], [1, 2])).toEqual({ correct: 0, total: 1 });
  expect(countCorrect([3, 2, 2], [1, 2, 3])).toEqual({ correct: 2, total: 3 });
  expect(countCorrect([3, 2], [1, 1])).toEqual({ correct: 0, total: 0 });
});
