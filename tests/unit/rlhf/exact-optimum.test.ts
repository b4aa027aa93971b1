/** The regularised optimum of an enumerable task against golden values and its own identity. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectation, klDivergence, totalVariation } from '../../../src/rlhf/categorical.ts';
import {
  exactOptimum,
  referenceProbabilities,
  regularisedObjective,
} from '../../../src/rlhf/exact-optimum.ts';
import oracles from '../../golden/oracles.json';
import { distribution, enumerableTask, naiveReference } from './enumerable.ts';
import { goldenTask } from './golden-task.ts';

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

  test('O1: J* - J(pi) = beta KL(pi, pi*) for every pi', () => {
    const beta = fc.double({ min: 0.3, max: 3, noNaN: true });
    fc.assert(
      fc.property(distribution(16), beta, (pi, b) => {
        const optimum = exactOptimum(goldenTask, b);
        const gap = optimum.objective - regularisedObjective(goldenTask, pi, b);
        expect(gap).toBeCloseTo(b * klDivergence(pi, optimum.responses), 9);
      }),
    );
  });

  test('O1: on generated tasks pi* is pi_ref e^(r / beta) / Z by enumeration, J* is beta log Z', () => {
    const beta = fc.double({ min: 0.1, max: 3, noNaN: true });
    fc.assert(
      fc.property(enumerableTask, beta, (task, b) => {
        const reference = naiveReference(task);
        const tilted = reference.map((p, i) => p * Math.exp((task.rewards[i] ?? NaN) / b));
        const Z = tilted.reduce((sum, x) => sum + x, 0);
        const optimum = exactOptimum(task, b);
        expect(
          totalVariation(
            optimum.responses,
            tilted.map((x) => x / Z),
          ),
        ).toBeLessThan(1e-10);
        expect(optimum.objective).toBeCloseTo(b * Math.log(Z), 9);
        expect(totalVariation(referenceProbabilities(task), reference)).toBeLessThan(1e-12);
        expect(optimum.responses.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 10);
        // The soft value of a prefix is the same mean over the responses that begin with it.
        const states = optimum.softValues.at(-1) ?? [];
        states.forEach((value, state) => {
          const own = Array.from(
            { length: task.vocabulary },
            (_, a) => state * task.vocabulary + a,
          );
          const mass = own.reduce((sum, i) => sum + (reference[i] ?? NaN), 0);
          const mean = own.reduce((sum, i) => sum + (tilted[i] ?? NaN), 0) / mass;
          expect(value).toBeCloseTo(b * Math.log(mean), 7);
        });
      }),
    );
  });

  test('O1: the identity J* - J(pi) = beta KL(pi, pi*) holds on generated tasks', () => {
    const beta = fc.double({ min: 0.3, max: 3, noNaN: true });
    const withPolicy = enumerableTask.chain((task) =>
      fc.tuple(fc.constant(task), distribution(task.rewards.length)),
    );
    fc.assert(
      fc.property(withPolicy, beta, ([task, pi], b) => {
        const optimum = exactOptimum(task, b);
        const gap = optimum.objective - regularisedObjective(task, pi, b);
        expect(gap).toBeCloseTo(b * klDivergence(pi, optimum.responses), 8);
      }),
    );
  });

  test('tables of the wrong size and a beta of 0 are refused', () => {
    expect(() => exactOptimum(goldenTask, 0)).toThrow(/beta must be positive, got 0/);
    expect(() => exactOptimum(goldenTask, NaN)).toThrow(RangeError);
    const [first = []] = goldenTask.referenceLogits;
    const open = (change: object) => () => exactOptimum({ ...goldenTask, ...change }, 1);
    expect(open({ referenceLogits: [first] })).toThrow(/expected 2 tables/);
    expect(open({ referenceLogits: [first, first] })).toThrow(/logits at depth 1 has 4 elements/);
    expect(open({ rewards: [1] })).toThrow(/rewards has 1 elements, expected 16/);
  });
});
