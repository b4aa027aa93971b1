/** Fixed points of methods that miss pi*: golden values, and zero of the expected gradient of the learners' own code. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { klDivergence, totalVariation } from '../../../../src/rlhf/categorical.ts';
import { exactOptimum, referenceProbabilities } from '../../../../src/rlhf/exact-optimum.ts';
import type { EnumerableTask } from '../../../../src/rlhf/exact-optimum.ts';
import { grpoAdvantages } from '../../../../src/rlhf/group-baselines.ts';
import {
  drGrpoOptimum,
  expectedGroupAdvantages,
  grpoOptimum,
  ipoOptimum,
  k3LossOptimum,
} from '../../../../src/rlhf/exact/fixed-points.ts';
import { groupGradient } from '../../../../src/rlhf/exact/group.ts';
import { SHIPPED_TASK } from '../../../../src/rlhf/exact/task.ts';
import oracles from '../../../golden/oracles.json';
import { groupsOf, policyWithLaw, tasks } from './arbitrary-task.ts';

const golden = oracles.k3_loss_optimum;
const goldenBandit = {
  vocabulary: 3,
  length: 1,
  referenceLogits: [golden.ref.map(Math.log)],
  rewards: golden.reward,
};
const betas = fc.double({ min: 0.1, max: 2, noNaN: true });

/** Largest component of the exact expected gradient over all groups drawn from `law`. */
function expectedGradient(
  task: EnumerableTask,
  law: readonly number[],
  settings: { method: 'grpo' | 'dr-grpo' | 'rloo'; beta: number; groupSize: number },
): number {
  const policy = policyWithLaw(task, law);
  const sum = new Float64Array(policy.logits.length);
  for (const { group, probability } of groupsOf(law, settings.groupSize)) {
    const experience = policy.experienceOf(group);
    groupGradient(policy, experience, { ...settings, clip: 0.2 }).forEach((g, i) => {
      sum[i] = (sum[i] ?? NaN) + probability * g;
    });
  }
  return Math.max(...sum.map(Math.abs));
}

describe('k3 as a loss', () => {
  test('O4: golden optimum of the bandit with an exact mean', () => {
    k3LossOptimum(goldenBandit, golden.reward, golden.beta).forEach((p, i) =>
      expect(p).toBeCloseTo(golden.k3_as_loss[i] ?? NaN, 9),
    );
    exactOptimum(goldenBandit, golden.beta).responses.forEach((p, i) =>
      expect(p).toBeCloseTo(golden.gibbs[i] ?? NaN, 9),
    );
  });

  test('O4: p_i = beta ref_i / (beta + mean - r_i) for any bandit, with beta G / (G - 1) for groups', () => {
    fc.assert(
      fc.property(tasks(6, 1), betas, fc.integer({ min: 2, max: 9 }), (task, beta, size) => {
        const law = drGrpoOptimum(task, beta, size);
        const reference = referenceProbabilities(task);
        const rewards = Array.from(task.rewards);
        const mean = law.reduce((sum, p, i) => sum + p * (rewards[i] ?? NaN), 0);
        const b = (beta * size) / (size - 1);
        expect(law.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 10);
        law.forEach((p, i) => {
          const expected = (b * (reference[i] ?? NaN)) / (b + mean - (rewards[i] ?? NaN));
          expect(p).toBeCloseTo(expected, 10);
        });
      }),
    );
  });

  test.each([2, 3])(
    'O4: Dr. GRPO has no expected gradient there, groups of %i, length 2',
    (size) => {
      fc.assert(
        fc.property(tasks(3, 2), betas, (task, beta) => {
          const settings = { method: 'dr-grpo', beta, groupSize: size } as const;
          const law = drGrpoOptimum(task, beta, size);
          expect(expectedGradient(task, law, settings)).toBeLessThan(1e-9);
          // The same at pi*, or with the coefficient of an exact mean, would be no test of anything.
          const plain = k3LossOptimum(task, task.rewards, beta);
          expect(expectedGradient(task, plain, settings)).toBeGreaterThan(1e-4);
        }),
        { numRuns: 15 },
      );
    },
  );
});

describe('GRPO with division by the standard deviation', () => {
  test('O15: expected advantages equal the average over all ordered groups', () => {
    fc.assert(
      fc.property(tasks(4, 1), fc.integer({ min: 2, max: 4 }), (task, size) => {
        const law = referenceProbabilities(task);
        const rewards = Array.from(task.rewards);
        const found = expectedGroupAdvantages(law, rewards, size);
        const sums = rewards.map(() => 0);
        for (const { group, probability } of groupsOf(law, size)) {
          const [first = 0] = group;
          const [advantage = NaN] = grpoAdvantages(group.map((y) => rewards[y] ?? NaN));
          sums[first] = (sums[first] ?? NaN) + (probability * advantage) / (law[first] ?? NaN);
        }
        found.forEach((a, y) => expect(a).toBeCloseTo(sums[y] ?? NaN, 7));
      }),
    );
  });

  test.each([2, 3])('it has no expected gradient at its fixed point, groups of %i', (size) => {
    fc.assert(
      fc.property(tasks(3, 2), betas, (task, beta) => {
        const law = grpoOptimum(task, beta, size);
        const settings = { method: 'grpo', beta, groupSize: size } as const;
        expect(expectedGradient(task, law, settings)).toBeLessThan(1e-7);
      }),
      { numRuns: 15 },
    );
  });
});

test('RLOO with k1 in the reward has no expected gradient at pi* (O1, O15)', () => {
  fc.assert(
    fc.property(tasks(3, 2), betas, (task, beta) => {
      const law = exactOptimum(task, beta).responses;
      const settings = { method: 'rloo', beta, groupSize: 2 } as const;
      expect(expectedGradient(task, law, settings)).toBeLessThan(1e-9);
    }),
    { numRuns: 15 },
  );
});

describe('IPO', () => {
  test('its optimum makes the expected squared error stationary for any pair distribution', () => {
    fc.assert(
      fc.property(tasks(5, 1), betas, (task, beta) => {
        const reference = referenceProbabilities(task);
        const rewards = Array.from(task.rewards);
        const pairs = rewards.map(
          (_, i) => (i + 1) / ((rewards.length * (rewards.length + 1)) / 2),
        );
        const law = ipoOptimum(reference, rewards, pairs, beta);
        const ratio = law.map((p, i) => Math.log(p / (reference[i] ?? NaN)));
        // Derivative of E[(h - 1 / (2 beta))^2] by the i-th log-ratio, up to the factor 4 P(i).
        rewards.forEach((r, i) => {
          const slope = rewards.reduce((sum, other, j) => {
            const h = (ratio[i] ?? NaN) - (ratio[j] ?? NaN);
            const wanted = (2 / (1 + Math.exp(other - r)) - 1) / (2 * beta);
            return sum + (pairs[j] ?? NaN) * (h - wanted);
          }, 0);
          expect(slope).toBeCloseTo(0, 8);
        });
      }),
    );
  });
});

test('on the shipped table every fixed point is a law of its own, well away from pi*', () => {
  const star = exactOptimum(SHIPPED_TASK, 0.5).responses;
  const reference = referenceProbabilities(SHIPPED_TASK);
  const laws = [
    drGrpoOptimum(SHIPPED_TASK, 0.5, 4),
    grpoOptimum(SHIPPED_TASK, 0.5, 4),
    ipoOptimum(reference, SHIPPED_TASK.rewards, reference, 0.5),
  ];
  for (const law of laws) {
    expect(totalVariation(law, star)).toBeGreaterThan(0.1);
    expect(klDivergence(law, reference)).toBeGreaterThan(0.02);
  }
});
