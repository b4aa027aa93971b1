/** `--preset exact`: what its options come to, and a report whose numbers belong together. */
import { expect, test } from 'vitest';
import { exactOptions, runExact } from '../../../src/cli/rlhf-exact.ts';
import { readRunOptions } from '../../../src/cli/rlhf-options.ts';
import { totalVariation } from '../../../src/rlhf/categorical.ts';
import { exactOptimum, regularisedObjective } from '../../../src/rlhf/exact-optimum.ts';
import { EXACT_METHODS } from '../../../src/rlhf/exact/methods.ts';
import { SHIPPED_TASK } from '../../../src/rlhf/exact/task.ts';

test('options: the shipped table by default, another by numbers or by seed', () => {
  const plain = readRunOptions(['--preset', 'exact']);
  expect(plain).toEqual({ kind: 'exact', task: SHIPPED_TASK, beta: 0.5, seed: 1, report: null });
  const numbers = Array.from({ length: 16 }, (_, i) => (i - 8) / 8);
  const given = exactOptions({
    rewards: numbers.join(','),
    beta: '0.1',
    seed: '7',
    json: 'r.json',
  });
  expect([given.beta, given.seed, given.report]).toEqual([0.1, 7, 'r.json']);
  expect(given.task).toEqual({ ...SHIPPED_TASK, rewards: numbers });
  const [a, b, c] = ['3', '3', '4'].map(
    (seed) => exactOptions({ rewards: 'random', seed }).task.rewards,
  );
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
  expect(Math.max(...Array.from(a ?? [], Math.abs))).toBeLessThanOrEqual(1.5);
});

test('the report says for each method how far from pi* and from its target it ends', async () => {
  const quick = EXACT_METHODS.filter(({ name }) => ['dpo', 'ipo', 'best-of-n'].includes(name));
  const report = await runExact(exactOptions({ beta: '0.4', seed: '2' }), { node: '1' }, quick);
  expect([report.preset, report.seed, report.beta]).toEqual(['exact', 2, 0.4]);
  const star = exactOptimum(SHIPPED_TASK, 0.4);
  expect(report.optimum).toEqual(star.responses);
  expect(Object.keys(report.exact)).toEqual(['dpo', 'ipo', 'best-of-n']);
  for (const [name, outcome] of Object.entries(report.exact)) {
    const { responses, target } = outcome;
    expect(outcome.tv).toBe(totalVariation(responses, star.responses));
    expect(outcome.tvTarget).toBe(totalVariation(responses, target));
    expect(outcome.tvTarget).toBeLessThan(outcome.gate ?? NaN);
    expect(outcome.jStar).toBe(star.objective);
    expect(outcome.j).toBe(regularisedObjective(SHIPPED_TASK, responses, 0.4));
    expect(outcome.words).toMatch(name === 'dpo' ? /^Reaches pi\*/ : /^Does not reach pi\*/);
    expect(outcome.tv > 0.1).toBe(name !== 'dpo');
  }
});
