/** A page that is closed while a run is under way: what the page says when it is opened again, and what is saved early. */
import { expect, test } from 'vitest';
import type { LockProvider } from '../../../src/storage/locks.ts';
import type { CheckpointPace } from '../../../src/worker/runner.ts';
import type { StageState, TrainingStage } from '../../../src/worker/protocol.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

const RARELY = { steps: Number.POSITIVE_INFINITY, milliseconds: Number.POSITIVE_INFINITY };

/** Starts a stage and kills the tab after some of its steps. */
async function leave(tab: TestSession, stage: TrainingStage, steps: number): Promise<void> {
  const dead = new Promise<void>((resolve) => {
    tab.afterRecords(steps, () => {
      tab.kill();
      resolve();
    });
  });
  void tab.session.handlers['stage.start']({ stage, fresh: false });
  await dead;
}

async function found(name: string, locks?: LockProvider): Promise<Record<string, StageState>> {
  const again = await testSession({ name, open: false, ...(locks && { locks }) });
  const { stages } = await again.session.handlers['project.open']({ project: 'p' });
  return { ...stages };
}

async function leftAt(steps: number, pace: CheckpointPace): Promise<StageState | undefined> {
  const name = freshName();
  await leave(await testSession({ name, pace }), 'sft', steps);
  return (await found(name)).sft;
}

test('a run that was left before its first checkpoint says that the page was closed, and begins again', async () => {
  expect(await leftAt(5, RARELY)).toMatchObject({
    ...{ status: 'paused', step: 0 },
    message: 'The page was closed while this ran; it goes on from the start.',
  });
});

test('a run that was left later says from which step it goes on', async () => {
  expect(await leftAt(5, { ...RARELY, steps: 3 })).toMatchObject({
    ...{ status: 'paused', step: 3 },
    message: 'The page was closed while this ran; it goes on from step 3.',
  });
});

test('the first checkpoint of a run is saved early, and only the first', async () => {
  expect(await leftAt(5, { ...RARELY, first: 0 })).toMatchObject({ status: 'paused', step: 1 });
});

test('a run that was paused, gone on with and left says so too; one that was only paused does not', async () => {
  const name = freshName();
  const tab = await testSession({ name, pace: RARELY });
  const paused = tab.until('sft', 'paused');
  await tab.session.handlers['stage.step']({ stage: 'sft' });
  await paused;
  expect((await found(name)).sft?.message).toBe('Paused at step 1 of 8.');
  await leave(tab, 'sft', 2);
  expect((await found(name)).sft).toMatchObject({
    ...{ status: 'paused', step: 1 },
    message: 'The page was closed while this ran; it goes on from step 1.',
  });
});

test('a run of step 3 counts in iterations, here and while it is driven', async () => {
  const name = freshName();
  const tab = await testSession({ name });
  await train(tab, 'sft');
  await tab.session.handlers['labels.simulate']({ count: 3, k: 4 });
  await train(tab, 'reward');
  const paused = tab.until('ppo', 'paused');
  await tab.session.handlers['stage.step']({ stage: 'ppo' });
  expect((await paused).message).toBe('Paused at iteration 1 of 8.');
  await leave(tab, 'ppo', 4);
  expect((await found(name)).ppo?.message).toBe(
    'The page was closed while this ran; it goes on from iteration 4.',
  );
});

test('a tab beside the one that trains does not take the run for one that was left', async () => {
  const name = freshName();
  await leave(await testSession({ name, pace: { ...RARELY, steps: 3 } }), 'sft', 5);
  const refused: LockProvider = { request: async (_name, _options, use) => use(null) };
  expect((await found(name, refused)).sft?.message).toBe(
    'The other tab may be at work on it; saved at step 3 of 8.',
  );
});

test('a run that was left and whose demonstrations have changed since does not promise to go on', async () => {
  const name = freshName();
  await leave(await testSession({ name }), 'sft', 5);
  const tab = await testSession({ name });
  await tab.session.handlers['labels.import']({
    kind: 'demonstrations',
    files: [{ name: 'own', format: 'jsonl', text: '{"prompt":"hi","completion":"hello"}' }],
    classmates: false,
  });
  expect((await found(name)).sft).toMatchObject({
    status: 'stale',
    message:
      'The page was closed while this ran. ' +
      'Something that it was trained from has changed: it cannot go on, train again.',
  });
});
