/** Sampled PPO made of the trainer's own arithmetic must find the exact optimum of the golden task. */
import { describe, expect, test } from 'vitest';
import { totalVariation } from '../../../src/rlhf/categorical.ts';
import { exactOptimum, referenceProbabilities } from '../../../src/rlhf/exact-optimum.ts';
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
  test('it has somewhere to go', () => {
    const { responses } = exactOptimum(goldenTask, 0.5);
    expect(totalVariation(referenceProbabilities(goldenTask), responses)).toBeGreaterThan(0.5);
  });

  test.each<[string, Partial<TabularPpoSettings>]>([
    ['seed 1', {}],
    ['seed 2', { seed: 2 }],
    ['seed 3', { seed: 3 }],
    ['without whitening', { whitenAdvantages: false }],
    ['with whitened rewards (fixed length, D19)', { whitenRewards: true }],
    ['with lambda 1', { lambda: 1 }],
    ['with four inner epochs', { innerEpochs: 4 }],
    ['with beta 0.1', { beta: 0.1 }],
  ])('decayed learning rate, %s: within 0.01', (_, settings) => {
    expect(distance(settings)).toBeLessThan(0.01);
  });

  test.each([1, 2, 3])('constant learning rate, seed %i: within 0.03', (seed) => {
    expect(distance({ seed, schedule: 'constant', rate: 0.01 })).toBeLessThan(0.03);
  });

  test.each([1, 2])('D25: with k3 in the reward, seed %i stays beyond 0.1', (seed) => {
    expect(distance({ seed, estimator: 'k3' })).toBeGreaterThan(0.1);
  });
});
