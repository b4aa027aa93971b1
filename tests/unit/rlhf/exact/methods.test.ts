/** Every method of exact mode arrives where it says: gates of O3 on the shipped table and on tables drawn here. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../../src/data/rng.ts';
import { exactOptimum, type EnumerableTask } from '../../../../src/rlhf/exact-optimum.ts';
import { EXACT_METHODS } from '../../../../src/rlhf/exact/methods.ts';
import { exactRun, type ExactRecord } from '../../../../src/rlhf/exact/run.ts';
import { randomTask, SHIPPED_TASK } from '../../../../src/rlhf/exact/task.ts';

/** Largest distance to the own target at the end: those of O3, and ours for the rest. */
const GATES: Readonly<Record<string, number>> = {
  ppo: 0.01,
  'ppo-constant': 0.03,
  rloo: 0.01,
  'rloo-constant': 0.03,
  'dr-grpo': 0.02,
  grpo: 0.02,
  dpo: 0.01,
  'dpo-sampled': 0.03,
  'dpo-independent': 0.03,
  ipo: 0.01,
  'best-of-n': 0.02,
};

async function lastRecord(
  name: string,
  task: EnumerableTask,
  call: { beta: number; seed: number },
): Promise<ExactRecord> {
  const method = EXACT_METHODS.find((known) => known.name === name);
  if (!method) throw new RangeError(`no method ${name}`);
  let last: ExactRecord | undefined;
  let steps = 0;
  for await (const record of exactRun(method, task, call)) {
    steps++;
    expect([record.step, record.total]).toEqual([steps, method.total]);
    last = record;
  }
  expect(steps).toBe(method.total);
  if (!last) throw new RangeError('no record');
  return last;
}

describe('O3, O10, O11, O15: on the shipped table', () => {
  test('all methods but the pitfall have a gate', () => {
    const names = EXACT_METHODS.map(({ name }) => name).filter((name) => name !== 'ppo-k3');
    expect(names.toSorted()).toEqual(Object.keys(GATES).toSorted());
    // Independent judgements are within it here, but no fit can promise that for every table.
    for (const { name, gate } of EXACT_METHODS) {
      const promised = name === 'ppo-k3' || name === 'dpo-independent' ? null : GATES[name];
      expect(gate, name).toBe(promised);
    }
  });

  test.each(Object.entries(GATES))('%s ends within %f of its target', async (name, gate) => {
    const record = await lastRecord(name, SHIPPED_TASK, { beta: 0.5, seed: 5 });
    expect(record.tvTarget).toBeLessThan(gate);
    expect(record.j).toBeLessThan(record.jStar + 1e-12);
    expect(record.jStar).toBe(exactOptimum(SHIPPED_TASK, 0.5).objective);
    const reaches = EXACT_METHODS.find((method) => method.name === name)?.reachesOptimum;
    if (reaches) expect(record.tv).toBe(record.tvTarget);
    else expect(record.tv).toBeGreaterThan(0.1);
  });

  test('D25: PPO with k3 in the reward ends beyond 0.1', async () => {
    const record = await lastRecord('ppo-k3', SHIPPED_TASK, { beta: 0.5, seed: 5 });
    expect(record.tv).toBeGreaterThan(0.1);
  });
});

describe('on another table, at the smallest beta', () => {
  const task = randomTask(Rng.named(77, 'another table'), 4, 2);
  test.each(['ppo', 'rloo', 'dr-grpo', 'dpo', 'dpo-sampled'])('%s', async (name) => {
    const record = await lastRecord(name, task, { beta: 0.1, seed: 6 });
    expect(record.tvTarget).toBeLessThan(GATES[name] ?? NaN);
  });
});

test('the same seed gives the same run, another seed another', async () => {
  const [a, b, c] = [3, 3, 4].map((seed) =>
    lastRecord('dpo-sampled', SHIPPED_TASK, { beta: 0.5, seed }),
  );
  expect(await a).toEqual(await b);
  expect((await a)?.responses).not.toEqual((await c)?.responses);
});

test('a task outside the bounds is refused before anything runs', async () => {
  await expect(lastRecord('ppo', SHIPPED_TASK, { beta: 0.01, seed: 1 })).rejects.toThrow(/beta/);
});
