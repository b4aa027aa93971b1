/** What exact mode says of a table before anything runs, and the checks on where a method has ended. */
import { describe, expect, test } from 'vitest';
import { EXACT, EXACT_REWARDS } from '../../../../src/config/exact-table.ts';
import { totalVariation } from '../../../../src/rlhf/categorical.ts';
import { exactOptimum, referenceProbabilities } from '../../../../src/rlhf/exact-optimum.ts';
import {
  AWAY,
  EXACT_METHODS,
  exactMethods,
  USUAL_PACE,
} from '../../../../src/rlhf/exact/methods.ts';
import { exactChecks, exactProblem, exactSolution } from '../../../../src/rlhf/exact/report.ts';
import { SHIPPED_TASK } from '../../../../src/rlhf/exact/task.ts';

const TABLE = { rewards: [...EXACT_REWARDS], beta: EXACT.beta.default, seed: 4, ...USUAL_PACE };
const edited = { ...TABLE, rewards: EXACT_REWARDS.with(5, 1.4) };

test('O1: the solution of the shipped table is that of the oracle', () => {
  const solution = exactSolution(TABLE, EXACT_METHODS);
  const star = exactOptimum(SHIPPED_TASK, TABLE.beta);
  expect(solution.optimum).toEqual(star.responses);
  // rlhf-reference, O1: J* .593584 and TV(ref, pi*) .554588 at beta .5.
  expect(solution.jStar).toBeCloseTo(0.593584, 6);
  expect(solution.tvReference).toBeCloseTo(0.554588, 6);
  expect(solution.reference).toEqual(referenceProbabilities(SHIPPED_TASK));
  expect(solution.methods.map(({ name }) => name)).toEqual(EXACT_METHODS.map(({ name }) => name));
  for (const { name, target, reachesOptimum, gate, total, words } of solution.methods) {
    const method = EXACT_METHODS.find((known) => known.name === name);
    expect([gate, total, words]).toEqual([method?.gate, method?.total, method?.words]);
    if (reachesOptimum) expect(target).toEqual(star.responses);
    else if (name !== 'ppo-k3')
      expect(totalVariation(target, star.responses)).toBeGreaterThan(AWAY);
  }
});

test('every target moves with the table', () => {
  const [before, after] = [TABLE, edited].map((table) => exactSolution(table, EXACT_METHODS));
  before?.methods.forEach(({ name, target }, i) => {
    expect(after?.methods[i]?.target, name).not.toEqual(target);
  });
});

test('a table outside the bounds is refused', () => {
  expect(() => exactSolution({ ...TABLE, beta: 0.05 }, EXACT_METHODS)).toThrow(/beta/);
  const wild = { ...TABLE, rewards: EXACT_REWARDS.with(0, 2) };
  expect(() => exactSolution(wild, EXACT_METHODS)).toThrow(/reward/);
});

describe('checks', () => {
  const record = { step: 9, total: 9, tv: 0.3, tvTarget: 0.004, j: 0, jStar: 1 };
  const grpo = { gate: 0.02, reachesOptimum: false };
  const ppo = { gate: 0.01, reachesOptimum: true };
  const k3 = { gate: null, reachesOptimum: false };
  const shipped = exactProblem(TABLE);

  test('none before the last iteration', () => {
    expect(exactChecks(grpo, shipped, { ...record, step: 8 })).toEqual({});
  });

  test('arriving is held against the own target and the own gate', () => {
    expect(exactChecks(grpo, shipped, record)['arrives']).toEqual({
      ok: true,
      value: 0.004,
      tolerance: 0.02,
    });
    const late = { ...record, tvTarget: 0.01 };
    expect(exactChecks(ppo, shipped, late)).toEqual({
      arrives: { ok: false, value: 0.01, tolerance: 0.01 },
    });
    expect(exactChecks(grpo, exactProblem(edited), late)['arrives']?.ok).toBe(true);
  });

  test('staying away is held against pi* and only on the shipped table and beta, whatever the seed', () => {
    expect(exactChecks(k3, shipped, record)).toEqual({
      misses: { ok: true, value: 0.3, tolerance: AWAY },
    });
    expect(exactChecks(k3, shipped, { ...record, tv: AWAY })['misses']?.ok).toBe(false);
    expect(exactChecks(ppo, shipped, record)).not.toHaveProperty('misses');
    expect(exactChecks(k3, exactProblem({ ...TABLE, seed: 99 }), record)).toHaveProperty('misses');
    expect(exactChecks(k3, exactProblem(edited), record)).toEqual({});
    expect(exactChecks(k3, exactProblem({ ...TABLE, beta: 0.6 }), record)).toEqual({});
    expect(exactChecks(k3, exactProblem({ ...TABLE, iterations: 2 }), record)).toEqual({});
    expect(exactChecks({ gate: null, reachesOptimum: true }, shipped, record)).toEqual({});
  });
});

describe('another pace', () => {
  test('makes every run as much longer or shorter, never none, and promises nothing', () => {
    const usual = EXACT_METHODS.map(({ total }) => total);
    const totals = (iterations: number) =>
      exactMethods({ rate: 1, iterations }).map(({ total }) => total);
    expect(totals(2)).toEqual(usual.map((total) => 2 * total));
    expect(totals(1e-9).every((total) => total >= 1)).toBe(true);
    expect(exactMethods({ rate: 2, iterations: 1 }).map(({ gate }) => gate)).toEqual(
      EXACT_METHODS.map(() => null),
    );
    expect(exactMethods(USUAL_PACE).map(({ gate }) => gate)).toEqual(
      EXACT_METHODS.map(({ gate }) => gate),
    );
  });

  test.each(exactMethods({ rate: EXACT.rate.max, iterations: EXACT.iterations.min }))(
    '$name gives a law after each step at the fastest',
    ({ laws, total }) => {
      const all = [...laws(SHIPPED_TASK, { beta: EXACT.beta.min, seed: 3 })];
      expect(all).toHaveLength(total);
      for (const law of all) expect(law.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    },
  );
});
