/** PPO-ptx on a bandit: stationarity, the two limits, and both gradients in one step. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { softmax, totalVariation } from '../../../src/rlhf/categorical.ts';
import { ptxBanditGradient, ptxBanditOptimum } from '../../../src/rlhf/ptx-bandit.ts';

const weights = (n: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: n, maxLength: n })
    .map(softmax);

describe('ptx bandit', () => {
  const bandit = {
    reference: [0.5, 0.3, 0.2],
    rewards: [1, 0, -0.5],
    pretraining: [0.2, 0.2, 0.6],
    beta: 0.4,
  };

  test('O16: the exact optimum is stationary, for any gamma', () => {
    const gamma = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(weights(4), weights(4), gamma, (reference, pretraining, g) => {
        const problem = { reference, pretraining, rewards: [1, -1, 0.5, 0], beta: 0.5, gamma: g };
        const p = ptxBanditOptimum(problem);
        expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 10);
        for (const slope of ptxBanditGradient(problem, p)) {
          expect(Math.abs(slope)).toBeLessThan(1e-9 * (1 + g));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('O16: gradient ascent on the logits with both gradients in one step reaches it', () => {
    const problem = { ...bandit, gamma: 0.7 };
    let logits = [0, 0, 0];
    for (let step = 0; step < 2000; step++) {
      const rl = ptxBanditGradient({ ...problem, gamma: 0 }, softmax(logits));
      const both = ptxBanditGradient(problem, softmax(logits));
      const ptx = softmax(logits).map((p, i) => (problem.pretraining[i] ?? NaN) - p);
      both.forEach((g, i) =>
        expect(g).toBeCloseTo((rl[i] ?? NaN) + problem.gamma * (ptx[i] ?? NaN), 12),
      );
      logits = logits.map((x, i) => x + 0.5 * (both[i] ?? NaN));
    }
    expect(totalVariation(softmax(logits), ptxBanditOptimum(problem))).toBeLessThan(1e-9);
  });

  test('O16: gamma 0 gives the Gibbs policy, a large gamma the pre-training distribution', () => {
    const gibbs = softmax(
      bandit.reference.map((p, i) => Math.log(p) + (bandit.rewards[i] ?? NaN) / bandit.beta),
    );
    expect(totalVariation(ptxBanditOptimum({ ...bandit, gamma: 0 }), gibbs)).toBeLessThan(1e-10);
    const mixed = ptxBanditOptimum({ ...bandit, gamma: 1e5 });
    expect(totalVariation(mixed, bandit.pretraining)).toBeLessThan(1e-4);
  });
});
