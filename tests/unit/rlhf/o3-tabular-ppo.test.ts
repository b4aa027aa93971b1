/** Sampled PPO made of the trainer's own arithmetic must find the exact optimum of the golden task. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { totalVariation } from '../../../src/rlhf/categorical.ts';
import {
  exactOptimum,
  referenceProbabilities,
  type EnumerableTask,
} from '../../../src/rlhf/exact-optimum.ts';
import { tabularPpo, type TabularPpoSettings } from '../../../src/rlhf/exact/ppo.ts';
import { goldenTask } from './golden-task.ts';

const SETTINGS: TabularPpoSettings = {
  seed: 1,
  beta: 0.5,
  schedule: 'linear-to-zero',
  iterations: 400,
  episodes: 512,
  minibatch: 64,
  innerEpochs: 1,
  rate: 0.03,
  clip: 0.2,
  estimator: 'k1',
  lambda: 0.95,
  whitenAdvantages: true,
  whitenRewards: false,
};

/** Distance to the optimum after training; the reference policy starts at 0.55. */
function distance(settings: Partial<TabularPpoSettings>): number {
  const all = { ...SETTINGS, ...settings };
  const policies = Array.from(tabularPpo(goldenTask, all));
  expect(policies).toHaveLength(all.iterations);
  const found = policies.at(-1)?.responseProbabilities() ?? [];
  return totalVariation(found, exactOptimum(goldenTask, all.beta).responses);
}

describe('O3: sampled PPO reaches pi*', () => {
  test('O3: it has somewhere to go', () => {
    const { responses } = exactOptimum(goldenTask, 0.5);
    expect(totalVariation(referenceProbabilities(goldenTask), responses)).toBeGreaterThan(0.5);
  });

  test.each<[string, Partial<TabularPpoSettings>]>([
    ['seed 1', {}],
    ['seed 2', { seed: 2 }],
    ['seed 3', { seed: 3 }],
    ['without whitening', { whitenAdvantages: false }],
    ['with lambda 1', { lambda: 1 }],
    ['with four inner epochs', { innerEpochs: 4 }],
    ['with beta 0.1', { beta: 0.1 }],
  ])('O3: decayed learning rate, %s: within 0.01', (_, settings) => {
    expect(distance(settings)).toBeLessThan(0.01);
  });

  test('O3, D19: whitened rewards leave the optimum where it is when all lengths are the same', () => {
    expect(distance({ whitenRewards: true })).toBeLessThan(0.01);
  });

  test.each([
    { V: 3, L: 3, seed: 11 },
    { V: 5, L: 2, seed: 12 },
    { V: 6, L: 1, seed: 13 },
  ])('O3: a generated task of $V tokens and length $L: within 0.01', ({ V, L, seed }) => {
    const rng = Rng.named(seed, 'generated task');
    const task: EnumerableTask = {
      ...{ vocabulary: V, length: L },
      referenceLogits: Array.from({ length: L }, (_, t) =>
        Array.from({ length: V ** (t + 1) }, () => rng.normal()),
      ),
      rewards: Array.from({ length: V ** L }, () => 3 * rng.uniform() - 1.5),
    };
    const { responses } = exactOptimum(task, 0.5);
    expect(totalVariation(referenceProbabilities(task), responses)).toBeGreaterThan(0.2);
    const policies = Array.from(tabularPpo(task, { ...SETTINGS, seed }));
    const found = policies.at(-1)?.responseProbabilities() ?? [];
    expect(totalVariation(found, responses)).toBeLessThan(0.01);
  });

  test.each([1, 2, 3])('O3: constant learning rate, seed %i: within 0.03', (seed) => {
    expect(distance({ seed, schedule: 'constant', rate: 0.01 })).toBeLessThan(0.03);
  });

  test.each([1, 2])('O3, D25: with k3 in the reward, seed %i stays beyond 0.1', (seed) => {
    expect(distance({ seed, estimator: 'k3' })).toBeGreaterThan(0.1);
  });
});
