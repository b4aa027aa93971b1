/** The Adam that other tests compare with must itself be right. */
import { describe, expect, test } from 'vitest';
import { AdamWReference, clippedToNorm } from '../../golden/adamw-reference.ts';
import oracles from '../../golden/oracles.json';

const { grads, lr: learningRate, beta1, beta2, eps: epsilon, ...golden } = oracles.adam;

describe('AdamWReference', () => {
  test.each([
    ['after-correction', golden.theta_alg1_pytorch_tfjs],
    ['before-correction', golden.theta_tf1_epsilon_hat],
  ] as const)('O9, D28: three steps with epsilon %s', (epsilonPlace, expected) => {
    const adam = new AdamWReference([0], { learningRate, beta1, beta2, epsilon, epsilonPlace });
    grads.forEach((gradient, i) => {
      adam.step([gradient]);
      expect(adam.weights[0]).toBeCloseTo(expected[i] ?? NaN, 14);
    });
  });

  test('D28: with a tiny gradient the place of epsilon changes the first step 29 times', () => {
    const first = (epsilonPlace: 'after-correction' | 'before-correction'): number => {
      const settings = { learningRate: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-5, epsilonPlace };
      const adam = new AdamWReference([0], settings);
      adam.step([1e-6]);
      return adam.weights[0] ?? NaN;
    };
    expect(first('after-correction') / first('before-correction')).toBeCloseTo(28.8, 1);
  });

  test('weight decay is decoupled: without a gradient a weight shrinks by rate times decay', () => {
    const settings = { learningRate: 0.1, beta1, beta2, epsilon, weightDecay: 0.5 };
    const adam = new AdamWReference([2], settings);
    adam.step([0]);
    expect(adam.weights[0]).toBeCloseTo(2 * (1 - 0.05), 14);
    adam.step([0], 0.2);
    expect(adam.weights[0]).toBeCloseTo(2 * 0.95 * 0.9, 14);
  });
});

test('clippedToNorm scales a long gradient to the limit and leaves a short one alone', () => {
  expect(Array.from(clippedToNorm([3, 4], 1))).toEqual([0.6, 0.8]);
  expect(Array.from(clippedToNorm([0.3, 0.4], 1))).toEqual([0.3, 0.4]);
});
