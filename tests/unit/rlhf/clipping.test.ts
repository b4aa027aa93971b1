/** The clipped losses in every branch, and their derivatives by central differences. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  approxKl,
  clipFraction,
  clippedPolicyLoss,
  clippedValueLoss,
  valueClipFraction,
} from '../../../src/rlhf/clipping.ts';
import oracles from '../../golden/oracles.json';

describe('clippedPolicyLoss', () => {
  test.each(oracles.ppo_clip)('O7, D15: advantage $adv at ratio $ratio', (golden) => {
    const { loss, gradient } = clippedPolicyLoss(golden.ratio, golden.adv, golden.eps);
    expect(loss).toBeCloseTo(golden.loss, 12);
    expect(gradient).toBeCloseTo(golden.dloss_dratio, 12);
  });

  test('O7: the derivative is that of the loss wherever it has one', () => {
    const advantage = fc.double({ min: -3, max: 3, noNaN: true });
    const ratio = fc.double({ min: 0.3, max: 2, noNaN: true });
    fc.assert(
      fc.property(ratio, advantage, (x, a) => {
        fc.pre(Math.abs(x - 0.8) > 1e-4 && Math.abs(x - 1.2) > 1e-4);
        const h = 1e-6;
        const above = clippedPolicyLoss(x + h, a, 0.2).loss;
        const below = clippedPolicyLoss(x - h, a, 0.2).loss;
        expect(clippedPolicyLoss(x, a, 0.2).gradient).toBeCloseTo((above - below) / (2 * h), 6);
      }),
    );
  });
});

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

test('O7, D15: equals the four written-out cases, for any clip range', () => {
  fc.assert(
    fc.property(number(0.05, 3), number(-3, 3), number(0.05, 0.9), (ratio, advantage, epsilon) => {
      // A product with less than this rounds to 0, and then no case is the larger one.
      fc.pre(advantage === 0 || Math.abs(advantage) > 1e-300);
      const held = (advantage > 0 && ratio > 1 + epsilon) || (advantage < 0 && ratio < 1 - epsilon);
      const bound = advantage > 0 ? 1 + epsilon : 1 - epsilon;
      const { loss, gradient, clipped } = clippedPolicyLoss(ratio, advantage, epsilon);
      expect(clipped).toBe(held);
      expect(loss).toBeCloseTo(-advantage * (held ? bound : ratio), 10);
      expect(gradient).toBeCloseTo(held ? 0 : -advantage, 10);
    }),
  );
});

test('O7, D15: exactly at the bound nothing is held', () => {
  expect(clippedPolicyLoss(1.25, 1, 0.25)).toEqual({ loss: -1.25, gradient: -1, clipped: false });
  expect(clippedPolicyLoss(0.75, -1, 0.25)).toEqual({ loss: 0.75, gradient: 1, clipped: false });
  expect(clippedValueLoss(1.25, 1, 2, 0.25).clipped).toBe(false);
});

test('D16: equals the written-out cases of the value loss', () => {
  fc.assert(
    fc.property(number(-2, 2), number(-2, 2), number(-2, 2), (value, old, target) => {
      const near = value > old + 0.2 ? old + 0.2 : value < old - 0.2 ? old - 0.2 : value;
      const held = Math.abs(near - target) > Math.abs(value - target);
      const { loss, gradient, clipped } = clippedValueLoss(value, old, target, 0.2);
      expect(clipped).toBe(held);
      expect(loss).toBeCloseTo(0.5 * ((held ? near : value) - target) ** 2, 10);
      expect(gradient).toBeCloseTo(held ? 0 : value - target, 10);
    }),
  );
});

describe('clippedValueLoss', () => {
  test.each([
    { name: 'inside the clip', value: 0.6, old: 0.5, target: 1, loss: 0.08, gradient: -0.4 },
    { name: 'beyond, towards the target', value: 1, old: 0.5, target: 1, loss: 0.045, gradient: 0 },
    { name: 'beyond, away from it', value: 0, old: 0.5, target: 1, loss: 0.5, gradient: -1 },
  ])('D16: $name', ({ value, old, target, loss, gradient }) => {
    const result = clippedValueLoss(value, old, target, 0.2);
    expect(result.loss).toBeCloseTo(loss, 12);
    expect(result.gradient).toBeCloseTo(gradient, 12);
  });

  test('D16: never below the unclipped loss; the derivative is that of the loss', () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(number, number, number, (value, old, target) => {
        const h = 1e-6;
        const at = (x: number): number => clippedValueLoss(x, old, target, 0.2).loss;
        const unclipped = 0.5 * (value - target) ** 2;
        expect(at(value)).toBeGreaterThanOrEqual(unclipped);
        const left = (at(value) - at(value - h)) / h;
        const right = (at(value + h) - at(value)) / h;
        fc.pre(Math.abs(left - right) < 1e-4);
        const { gradient } = clippedValueLoss(value, old, target, 0.2);
        expect(gradient).toBeCloseTo((left + right) / 2, 4);
      }),
    );
  });
});

describe('statistics of an update', () => {
  test('D14: nothing is clipped and nothing moved before the first step', () => {
    const values = [0.1, -0.2, 0.3];
    const mask = [1, 1, 0];
    expect(clipFraction([1, 1, 9], [1, -1, 9], mask, 0.2)).toBe(0);
    expect(valueClipFraction(values, values, [5, -5, 0], mask, 0.2)).toBe(0);
    expect(approxKl(values, values, mask)).toBe(0);
  });

  test('shares count live tokens on the clipped branch only', () => {
    const mask = [1, 1, 1, 1, 0];
    const ratios = [1.3, 1.3, 0.7, 0.7, NaN];
    expect(clipFraction(ratios, [1, -1, 1, -1, NaN], mask, 0.2)).toBe(0.5);
    const old = [0.5, 0.5, 0.5, 0.5, NaN];
    const moved = valueClipFraction([1, 0, 0.6, 0.5, NaN], old, [1, 1, 1, 1, NaN], mask, 0.2);
    expect(moved).toBe(0.25);
  });

  test('approxkl is half the mean square of the change over live tokens', () => {
    expect(approxKl([0.1, -0.3, NaN], [0, 0, 0], [1, 1, 0])).toBeCloseTo((0.01 + 0.09) / 4, 12);
    expect(approxKl([-0.9, 0.7], [-1, 1], [1, 1])).toBeCloseTo((0.01 + 0.09) / 4, 12);
  });

  test('arrays of unequal length are refused', () => {
    expect(() => clipFraction([1], [1, 1], [1, 1], 0.2)).toThrow(/ratios has 1/);
    expect(() => clipFraction([1, 1], [1], [1, 1], 0.2)).toThrow(/advantages has 1/);
    expect(() => valueClipFraction([1], [1, 1], [1, 1], [1, 1], 0.2)).toThrow(/values has 1/);
    expect(() => approxKl([1], [1, 1], [1, 1])).toThrow(/logProbabilities has 1/);
  });
});
