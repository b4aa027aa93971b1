/** What a stage leaves in the folder of a run, and that a killed one goes on without losing a step. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest';
import {
  finishedStage,
  keepFacts,
  keptFacts,
  runStage,
  unfinishedStage,
} from '../../../src/cli/stage-runner.ts';
import type { Loop, Snapshot, StepRecord } from '../../../src/rlhf/loop.ts';

let path: string;
let clock: MockInstance<() => number>;
beforeEach(() => {
  clock = vi.spyOn(performance, 'now').mockReturnValue(0);
  path = mkdtempSync(join(tmpdir(), 'rlhf-stage-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(path, { recursive: true });
});

/** Counts to five; each step takes half a minute of a clock that only the test moves. */
function countingLoop(from: Snapshot | undefined, dieAt = Infinity): Loop {
  let step = (from?.state as number | undefined) ?? 0;
  return {
    total: 5,
    async *steps(): AsyncGenerator<StepRecord, void, void> {
      while (step < 5) {
        clock.mockReturnValue((step + 1) * 30_001);
        step++;
        await Promise.resolve();
        if (step === dieAt) throw new Error('killed');
        yield { step, total: 5, values: { loss: 1 / step } };
      }
    },
    snapshot: () => {
      const tensors = new Map([['count', { shape: [1], data: Float32Array.of(step) }]]);
      return Promise.resolve({ tensors, state: step });
    },
    dispose: () => undefined,
  };
}

const nothing = () => Promise.resolve();

test('a stage without a folder keeps nothing and returns its records', async () => {
  const { records } = await runStage(
    'sft',
    countingLoop(undefined),
    { path: null },
    'loss',
    nothing,
  );
  expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
  expect(finishedStage({ path: null }, 'sft')).toBeNull();
});

test('a killed stage goes on from its last snapshot, with the same records and end', async () => {
  const folder = { path };
  const straight = await runStage('straight', countingLoop(undefined), folder, 'loss', nothing);
  clock.mockReturnValue(0);
  await expect(
    runStage('sft', countingLoop(undefined, 4), folder, 'loss', nothing),
  ).rejects.toThrow('killed');
  expect(finishedStage(folder, 'sft')).toBeNull();
  const part = unfinishedStage(folder, 'sft');
  expect(part?.state).toBe(2);
  const resumed = await runStage('sft', countingLoop(part), folder, 'loss', nothing);
  expect(resumed.records).toEqual(straight.records);
  const done = finishedStage(folder, 'sft');
  expect(done?.snapshot).toEqual(finishedStage(folder, 'straight')?.snapshot);
  expect(done?.outcome.records).toEqual(straight.records);
});

test('a process killed between journal and snapshot leaves no gap and no double in the series', async () => {
  const folder = { path };
  const killed = countingLoop(undefined);
  killed.snapshot = () => Promise.reject(new Error('killed'));
  await expect(runStage('sft', killed, folder, 'loss', nothing)).rejects.toThrow('killed');
  const journal = JSON.parse(readFileSync(join(path, 'sft.json'), 'utf8')) as {
    records: unknown[];
  };
  expect(journal.records).toHaveLength(2);
  expect(unfinishedStage(folder, 'sft')).toBeUndefined();
  const { records } = await runStage('sft', countingLoop(undefined), folder, 'loss', nothing);
  expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
});

test('facts are kept for a later process', () => {
  const folder = { path };
  expect(keptFacts(folder, 'labels').facts).toEqual({});
  keepFacts(folder, 'labels', { prompts: 16 }, 3);
  expect(keptFacts(folder, 'labels')).toEqual({
    facts: { prompts: 16 },
    outcome: { records: [], wallSeconds: 3 },
  });
  keepFacts({ path: null }, 'labels', { prompts: 16 }, 3);
  expect(keptFacts({ path: null }, 'labels').facts).toEqual({});
});

test('a stage that counts episodes shows those of this process per second, and keeps no such number', async () => {
  const counting = countingLoop({ tensors: new Map(), state: 2 });
  const loop: Loop = {
    ...counting,
    async *steps() {
      for await (const record of counting.steps()) {
        yield { ...record, values: { ...record.values, episode: 320 * record.step } };
      }
    },
  };
  clock.mockReturnValue(60_002);
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { records } = await runStage('ppo', loop, { path: null }, 'loss', nothing);
  const shown = written.mock.calls.map(([text]) => String(text));
  // Three steps of 320 episodes in three times 30.001 seconds.
  expect(shown.at(-1)).toContain('loss 0.2000, 10.7 eps');
  for (const { values } of records) expect(Object.keys(values)).toEqual(['loss', 'episode']);
});
