/** Group baselines against golden values and their definitions. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  grpoAdvantages,
  meanCentredAdvantages,
  rlooAdvantages,
} from '../../../src/rlhf/group-baselines.ts';
import oracles from '../../golden/oracles.json';

describe('group baselines', () => {
  const { rewards, ...golden } = oracles.group_advantages;

  test('O15: golden values', () => {
    const pairs = [
      [rlooAdvantages(rewards), golden.rloo],
      [meanCentredAdvantages(rewards), golden.mean_centred],
      [grpoAdvantages(rewards), golden.grpo_trl],
      [grpoAdvantages(rewards, 1e-9), golden.grpo_openrlhf],
    ] as const;
    for (const [ours, expected] of pairs) {
      expected.forEach((a, i) => expect(ours[i]).toBeCloseTo(a, 7));
    }
  });

  test('O15: leave-one-out by its definition; every baseline sums to 0', () => {
    const group = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), {
      minLength: 2,
      maxLength: 9,
    });
    fc.assert(
      fc.property(group, (r) => {
        rlooAdvantages(r).forEach((a, i) => {
          const others = r.filter((_, j) => j !== i);
          const baseline = others.reduce((sum, x) => sum + x, 0) / others.length;
          expect(a).toBeCloseTo((r[i] ?? NaN) - baseline, 9);
        });
        for (const advantages of [rlooAdvantages(r), grpoAdvantages(r)]) {
          expect(advantages.reduce((sum, a) => sum + a, 0)).toBeCloseTo(0, 9);
        }
      }),
    );
    expect(grpoAdvantages([2, 2, 2])).toEqual([0, 0, 0]);
    for (const advantages of [rlooAdvantages, grpoAdvantages, meanCentredAdvantages]) {
      expect(() => advantages([1])).toThrow(/at least 2 responses/);
    }
  });

  test('O15: the divisor is the root of the mean square over K - 1, plus 1e-4', () => {
    const group = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), {
      minLength: 2,
      maxLength: 9,
    });
    fc.assert(
      fc.property(group, (r) => {
        const mean = r.reduce((sum, x) => sum + x, 0) / r.length;
        const variance = r.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (r.length - 1);
        grpoAdvantages(r).forEach((a, i) => {
          expect(a).toBeCloseTo(((r[i] ?? NaN) - mean) / (Math.sqrt(variance) + 1e-4), 9);
        });
        meanCentredAdvantages(r).forEach((a, i) => expect(a).toBeCloseTo((r[i] ?? NaN) - mean, 9));
      }),
    );
  });
});
