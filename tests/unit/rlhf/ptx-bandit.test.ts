/** PPO-ptx on a bandit: stationarity, the two limits, and both gradients in one step. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { softmax, totalVariation } from '../../../src/rlhf/categorical.ts';
import { ptxBanditGradient, ptxBanditOptimum } from '../../../src/rlhf/ptx-bandit.ts';
import { distribution, numbers } from './enumerable.ts';

describe('ptx bandit', () => {
  const bandit = {
    reference: [0.5, 0.3, 0.2],
    rewards: [1, 0, -0.5],
    pretraining: [0.2, 0.2, 0.6],
    beta: 0.4,
  };

  test('O16: on 2 to 6 arms the condition p_i (A_i - mean A) + gamma (q_i - p_i) = 0 holds', () => {
    const arms = fc.integer({ min: 2, max: 6 }).chain((k) =>
      fc.record({
        reference: distribution(k),
        pretraining: distribution(k),
        rewards: numbers(k, 1.5),
        beta: fc.double({ min: 0.1, max: 2, noNaN: true }),
        gamma: fc.double({ min: 0, max: 30, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(arms, (problem) => {
        const p = ptxBanditOptimum(problem);
        const advantages = p.map(
          (x, i) =>
            (problem.rewards[i] ?? NaN) -
            problem.beta * Math.log(x / (problem.reference[i] ?? NaN)),
        );
        const mean = p.reduce((sum, x, i) => sum + x * (advantages[i] ?? NaN), 0);
        p.forEach((x, i) => {
          const slope =
            x * ((advantages[i] ?? NaN) - mean) +
            problem.gamma * ((problem.pretraining[i] ?? NaN) - x);
          expect(Math.abs(slope)).toBeLessThan(1e-9 * (1 + problem.gamma));
        });
        // No mixture with another policy does better: the objective is concave in p.
        const objective = (d: readonly number[]) =>
          d.reduce((sum, x, i) => {
            const [r = NaN, ref = NaN, q = NaN] = [
              problem.rewards[i],
              problem.reference[i],
              problem.pretraining[i],
            ];
            return (
              sum + x * (r - problem.beta * Math.log(x / ref)) + problem.gamma * q * Math.log(x)
            );
          }, 0);
        for (const other of [problem.reference, problem.pretraining]) {
          const mixed = p.map((x, i) => 0.9 * x + 0.1 * (other[i] ?? NaN));
          expect(objective(mixed)).toBeLessThanOrEqual(objective(p) + 1e-9);
        }
      }),
      { numRuns: 5 },
    );
  });

  test('what has no maximum or the wrong length is refused', () => {
    const open = (change: object) => () => ptxBanditOptimum({ ...bandit, gamma: 1, ...change });
    expect(open({ beta: 0 })).toThrow(/beta must be positive, gamma not negative/);
    expect(open({ gamma: -1 })).toThrow(RangeError);
    expect(open({ rewards: [1] })).toThrow(/rewards has 1 elements, expected 3/);
    expect(open({ pretraining: [1] })).toThrow(/pretraining has 1 elements, expected 3/);
    expect(() => ptxBanditGradient({ ...bandit, gamma: 1 }, [1])).toThrow(/^p has 1 elements/);
    expect(ptxBanditOptimum({ ...bandit, gamma: 0 })).toHaveLength(3);
  });

  test('O16: the exact optimum is stationary, for any gamma', () => {
    const gamma = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(distribution(4), distribution(4), gamma, (reference, pretraining, g) => {
        const problem = { reference, pretraining, rewards: [1, -1, 0.5, 0], beta: 0.5, gamma: g };
        const p = ptxBanditOptimum(problem);
        expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 10);
        for (const slope of ptxBanditGradient(problem, p)) {
          expect(Math.abs(slope)).toBeLessThan(1e-9 * (1 + g));
        }
      }),
      { numRuns: 5 },
    );
  });

  test('O16: gradient ascent on the logits with both gradients in one step reaches it', () => {
    const problem = { ...bandit, gamma: 0.7 };
    let logits = [0, 0, 0];
    for (let step = 0; step < 2000; step++) {
      const rl = ptxBanditGradient({ ...problem, gamma: 0 }, softmax(logits));
      const both = ptxBanditGradient(problem, softmax(logits));
      const ptx = softmax(logits).map((p, i) => (problem.pretraining[i] ?? NaN) - p);
      const sum = rl.map((g, i) => g + problem.gamma * (ptx[i] ?? NaN));
      const apart = Math.max(...both.map((g, i) => Math.abs(g - (sum[i] ?? NaN))));
      if (!(apart < 1e-12)) throw new Error(`step ${step}: gradients do not add up, ${apart}`);
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
