/** The regularised optimum of an enumerable task against golden values and its own identity. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expectation,
  klDivergence,
  softmax,
  totalVariation,
} from '../../../src/rlhf/categorical.ts';
import {
  exactOptimum,
  referenceProbabilities,
  regularisedObjective,
} from '../../../src/rlhf/exact-optimum.ts';
import oracles from '../../golden/oracles.json';
import { goldenTask } from './golden-task.ts';

const weights = (n: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: n, maxLength: n })
    .map(softmax);

describe('exactOptimum', () => {
  test.each(oracles.toy_kl_regularised.cases)('O1: golden optimum at beta $beta', (golden) => {
    const optimum = exactOptimum(goldenTask, golden.beta);
    const reference = referenceProbabilities(goldenTask);
    golden.pi_star.flat().forEach((p, i) => expect(optimum.responses[i]).toBeCloseTo(p, 9));
    expect(optimum.objective).toBeCloseTo(golden.J_star, 11);
    expect(optimum.softValues[0]?.[0]).toBeCloseTo(golden.soft_value_t0, 11);
    golden.soft_value_t1.forEach((v, s) => expect(optimum.softValues[1]?.[s]).toBeCloseTo(v, 9));
    expect(expectation(optimum.responses, goldenTask.rewards)).toBeCloseTo(golden.E_r_star, 11);
    expect(klDivergence(optimum.responses, reference)).toBeCloseTo(golden.KL_star_ref, 11);
    expect(totalVariation(optimum.responses, reference)).toBeCloseTo(golden.TV_ref_star, 11);
    expect(regularisedObjective(goldenTask, reference, golden.beta)).toBeCloseTo(golden.J_ref, 11);
  });

  test('O1: J(pi*) - J(pi) = beta KL(pi || pi*) for every pi', () => {
    const beta = fc.double({ min: 0.3, max: 3, noNaN: true });
    fc.assert(
      fc.property(weights(16), beta, (pi, b) => {
        const optimum = exactOptimum(goldenTask, b);
        const gap = optimum.objective - regularisedObjective(goldenTask, pi, b);
        expect(gap).toBeCloseTo(b * klDivergence(pi, optimum.responses), 9);
      }),
    );
  });
});
