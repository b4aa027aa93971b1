/** Stored runs: listed, renamed, deleted, forked, exported; what is in use says so, and nothing else is touched. */
import { describe, expect, it } from 'vitest';
import { defaultSettings, parseSettings } from '../../../src/config/settings.ts';
import { readSafetensors } from '../../../src/data/safetensors.ts';
import { readCheckpoint } from '../../../src/storage/checkpoints.ts';
import { listMetrics, readView } from '../../../src/storage/lists.ts';
import { Connection } from '../../../src/storage/open.ts';
import type { RunSummary, TrainingStage } from '../../../src/worker/protocol.ts';
import { FakeWorkbench } from './fake-workbench.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

const handlers = (test: TestSession) => test.session.handlers;
const list = async (test: TestSession) => (await handlers(test)['runs.list']({})).runs;
const open = (test: TestSession) => handlers(test)['project.open']({ project: 'p' });

async function runNamed(test: TestSession, name: string): Promise<RunSummary> {
  const found = (await list(test)).find((run) => run.name === name);
  if (found === undefined) throw new Error(`expected a run called ${name}`);
  return found;
}

async function step(test: TestSession, stage: TrainingStage): Promise<void> {
  const paused = test.until(stage, 'paused');
  await handlers(test)['stage.step']({ stage });
  await paused;
}

/** SFT twice, labels, the reward model, PPO. */
async function wholeLoop(name = freshName()): Promise<TestSession> {
  const test = await testSession({ name });
  await train(test, 'sft');
  await handlers(test)['labels.simulate']({ count: 3, k: 4 });
  await train(test, 'reward');
  await train(test, 'ppo');
  return test;
}

function sumsOf(test: TestSession, run: string): (number | undefined)[] {
  return test.events.flatMap((event) =>
    event.type === 'metrics' && event.run === run ? [event.record.values.sum] : [],
  );
}

describe('the list of runs', () => {
  it('tells name, seed, device, settings, steps, checkpoints and what each is needed for', async () => {
    const test = await wholeLoop();
    const runs = await list(test);
    expect(runs.map(({ name, status, step: at, total }) => [name, status, at, total])).toEqual([
      ['SFT 1', 'finished', 8, 8],
      ['Reward model 1', 'finished', 8, 8],
      ['PPO-ptx 1', 'finished', 8, 8],
    ]);
    const [sft, reward, ppo] = runs;
    expect(sft).toMatchObject({ seed: 1, backend: 'cpu', device: 'fake', stale: false });
    expect(sft?.settings).toEqual(defaultSettings());
    expect(sft?.use).toMatch(/answers to rank, the reward model and step 3 start from it/);
    expect(reward?.use).toMatch(/rewarded by it/);
    expect(ppo?.use).toMatch(/result of step 3/);
    expect(sft?.checkpoints.at(-1)).toMatchObject({ name: 'SFT 1', step: 8, finished: true });
    expect(sft?.checkpoints.at(-1)?.ended).toBeNull();
  });

  it('marks a run stale when something that it was trained from has changed', async () => {
    const test = await wholeLoop();
    await handlers(test)['stage.start']({ stage: 'sft', fresh: true });
    await test.until('sft', 'done');
    const stale = (await list(test)).map(({ name, stale: is }) => [name, is]);
    expect(stale).toEqual([
      ['SFT 1', false],
      ['Reward model 1', true],
      ['PPO-ptx 1', true],
      ['SFT 2', false],
    ]);
    const former = await runNamed(test, 'SFT 1');
    expect(former.use).toBe('');
    expect(former.checkpoints.at(-1)?.ended).toMatch(/only the model is kept/);
  });

  it('shows series and views of the runs asked for and leaves out those that are gone', async () => {
    const test = await wholeLoop();
    const sft = await runNamed(test, 'SFT 1');
    const { shown } = await handlers(test)['runs.show']({ runs: [sft.id, 'gone'] });
    expect(shown.map(({ run }) => run)).toEqual([sft.id]);
    expect(shown[0]?.records.map((record) => record.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(shown[0]?.view?.first?.step).toBe(1);
  });
});

describe('another name', () => {
  it('is the name of the run and of its checkpoints, also after a reload', async () => {
    const name = freshName();
    const test = await testSession({ name });
    await step(test, 'sft');
    const { id } = await runNamed(test, 'SFT 1');
    await handlers(test)['run.rename']({ run: id, name: '  my first  ' });
    const again = await testSession({ name });
    expect((await runNamed(again, 'my first')).checkpoints.map((row) => row.name)).toEqual([
      'my first, step 1',
    ]);
    await train(again, 'sft');
    const { checkpoints } = await open(again);
    expect(checkpoints.map((row) => row.name)).toEqual(['Base', 'my first']);
  });

  it.each(['', '   ', 'x'.repeat(81), 'Reward model 1'])('"%s" is refused', async (name) => {
    const test = await wholeLoop();
    const { id } = await runNamed(test, 'SFT 1');
    await expect(handlers(test)['run.rename']({ run: id, name })).rejects.toThrow(/write another/);
    expect((await runNamed(test, 'SFT 1')).id).toBe(id);
  });
});

describe('deleting a run', () => {
  it('takes its series, view and checkpoints, and leaves the others as they were', async () => {
    const name = freshName();
    const test = await wholeLoop(name);
    const before = await list(test);
    const ppo = await runNamed(test, 'PPO-ptx 1');
    const { runs } = await handlers(test)['run.delete']({ run: ppo.id });
    expect(runs).toEqual(before.filter(({ id }) => id !== ppo.id));
    const db = await new Connection({ name }).db();
    expect(await listMetrics(db, ppo.id)).toEqual([]);
    expect(await readView(db, ppo.id)).toBeNull();
    const chunks = await db.getAllKeys('chunks');
    expect(chunks.filter(([checkpoint]) => checkpoint.startsWith(ppo.id))).toEqual([]);
    expect(test.bench.forgotten).toEqual(
      expect.arrayContaining(ppo.checkpoints.flatMap(({ id }) => [`${id}/average`, id])),
    );
    expect((await open(test)).stages.ppo.status).toBe('ready');
  });

  it('moves the head of its stage to the newest checkpoint that is left', async () => {
    const name = freshName();
    const test = await testSession({ name });
    await train(test, 'sft');
    await handlers(test)['stage.start']({ stage: 'sft', fresh: true });
    await test.until('sft', 'done');
    const [first, second] = await list(test);
    await handlers(test)['run.delete']({ run: second?.id ?? '' });
    const db = await new Connection({ name }).db();
    expect((await db.get('projects', 'p'))?.heads).toEqual({
      sft: first?.checkpoints.at(-1)?.id,
    });
  });

  it('of a deleted number leaves the next name free of clashes', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    await handlers(test)['stage.start']({ stage: 'sft', fresh: true });
    await test.until('sft', 'done');
    await handlers(test)['run.delete']({ run: (await runNamed(test, 'SFT 1')).id });
    await handlers(test)['stage.start']({ stage: 'sft', fresh: true });
    await test.until('sft', 'done');
    expect((await list(test)).map((run) => run.name)).toEqual(['SFT 2', 'SFT 3']);
  });

  it('is refused while anything trains', async () => {
    const test = await testSession({ name: freshName(), bench: new FakeWorkbench(1000) });
    await handlers(test)['stage.start']({ stage: 'sft', fresh: false });
    const { id } = await runNamed(test, 'SFT 1');
    await expect(handlers(test)['run.delete']({ run: id })).rejects.toThrow(/pause it first/);
    await handlers(test)['stage.pause']({ stage: 'sft' });
    expect(await list(test)).toHaveLength(1);
  });

  it('a checkpoint in the middle of an ended run goes alone, its model stays', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const before = (await runNamed(test, 'SFT 1')).checkpoints;
    expect(before.length).toBeGreaterThan(1);
    await handlers(test)['checkpoint.delete']({ checkpoint: before[0]?.id ?? '' });
    expect((await runNamed(test, 'SFT 1')).checkpoints).toEqual(before.slice(1));
  });
});

describe('a fork', () => {
  it('with its own settings ends where the run itself ended, and leaves it as it was', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const original = await runNamed(test, 'SFT 1');
    const middle = original.checkpoints.find(({ finished }) => !finished);
    const reply = await handlers(test)['run.fork']({
      checkpoint: middle?.id ?? '',
      settings: 'own',
    });
    const fork = await runNamed(test, `SFT 1, from step ${middle?.step ?? 0}`);
    expect(fork).toMatchObject({
      id: reply.run,
      status: 'paused',
      step: middle?.step,
      stale: false,
    });
    const { stages, metrics } = await open(test);
    expect(stages.sft).toMatchObject({ status: 'paused', step: middle?.step });
    expect(metrics[0]?.records).toHaveLength(middle?.step ?? 0);
    await train(test, 'sft');
    const straight = sumsOf(test, original.id);
    expect(sumsOf(test, fork.id)).toEqual(straight.slice(middle?.step));
    const kept = await runNamed(test, 'SFT 1');
    expect({ ...kept, checkpoints: [], use: '' }).toEqual({
      ...original,
      checkpoints: [],
      use: '',
    });
    const { shown } = await handlers(test)['runs.show']({ runs: [original.id, fork.id] });
    expect(shown[0]?.records.map(({ values }) => values)).toEqual(
      shown[1]?.records.map(({ values }) => values),
    );
  });

  it('with the present settings takes over what a run can change, and says so in its settings', async () => {
    const test = await wholeLoop();
    const ppo = await runNamed(test, 'PPO-ptx 1');
    const present = parseSettings({ ppo: { beta: 0.3, minibatches: 8 } });
    await handlers(test)['settings.set']({ settings: present });
    const middle = ppo.checkpoints.find(({ finished }) => !finished);
    await handlers(test)['run.fork']({ checkpoint: middle?.id ?? '', settings: 'present' });
    const fork = (await list(test)).at(-1);
    expect(fork?.settings?.ppo).toMatchObject({ beta: 0.3, minibatches: 4 });
    await step(test, 'ppo');
    expect(test.bench.requests.at(-1)?.settings.ppo.beta).toBe(0.3);
    expect(test.bench.requests.at(-1)?.snapshot?.state).toEqual({ step: middle?.step });
  });

  it('drops the beta that a run had come to when another is asked for, and keeps it otherwise', async () => {
    const name = freshName();
    const test = await wholeLoop(name);
    const ppo = await runNamed(test, 'PPO-ptx 1');
    const middle = ppo.checkpoints.find(({ finished }) => !finished)?.id ?? '';
    const db = await new Connection({ name }).db();
    const row = await db.get('checkpoints', middle);
    if (row === undefined) throw new Error('expected the checkpoint');
    const state = { step: row.manifest.step, beta: 0.17, ptxCoefficient: 0.2 };
    await db.put('checkpoints', { ...row, manifest: { ...row.manifest, state } });
    await open(test);
    const forked = async (settings: 'own' | 'present') => {
      const { run } = await handlers(test)['run.fork']({ checkpoint: middle, settings });
      return (await readCheckpoint(db, `${run}/${row.manifest.step}`)).row.manifest.state;
    };
    await handlers(test)['settings.set']({ settings: parseSettings({ ppo: { beta: 0.3 } }) });
    expect(await forked('own')).toEqual(state);
    expect(await forked('present')).toEqual({ step: row.manifest.step, ptxCoefficient: 0.2 });
  });

  it('keeps what was turned by then with its own settings, and nothing of it with the present ones', async () => {
    const name = freshName();
    const test = await wholeLoop(name);
    const ppo = await runNamed(test, 'PPO-ptx 1');
    const middle = ppo.checkpoints.find(({ finished }) => !finished);
    const step_ = middle?.step ?? 0;
    const db = await new Connection({ name }).db();
    const row = await db.get('runs', ppo.id);
    const saved = await db.get('checkpoints', middle?.id ?? '');
    if (row === undefined || saved === undefined) throw new Error('expected the run');
    const turn = { name: 'beta', from: 0.1, to: 0.3 } as const;
    const turns = [1, step_ + 1].map((iteration) => ({ ...turn, iteration }));
    await db.put('runs', { ...row, run: { ...row.run, turns } });
    const state = { step: step_, beta: 0.3 };
    await db.put('checkpoints', { ...saved, manifest: { ...saved.manifest, state } });
    await open(test);
    const forked = async (settings: 'own' | 'present') => {
      const { run } = await handlers(test)['run.fork']({ checkpoint: saved.id, settings });
      const { manifest } = (await readCheckpoint(db, `${run}/${step_}`)).row;
      return [(await db.get('runs', run))?.run, manifest.state] as const;
    };
    const [own, ownState] = await forked('own');
    expect(own?.turns).toEqual([{ ...turn, iteration: 1 }]);
    expect(own?.origin).toEqual({ run: ppo.id, step: step_ });
    expect(ownState).toEqual(state);
    const [present, presentState] = await forked('present');
    expect(present?.turns ?? []).toEqual([]);
    expect(presentState).toEqual({ step: step_ });
  });

  it('of a model alone makes it the result of its step again', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    await handlers(test)['stage.start']({ stage: 'sft', fresh: true });
    await test.until('sft', 'done');
    const former = (await runNamed(test, 'SFT 1')).checkpoints.at(-1);
    expect(former?.ended).not.toBeNull();
    await handlers(test)['run.fork']({ checkpoint: former?.id ?? '', settings: 'own' });
    const fork = (await list(test)).at(-1);
    expect(fork).toMatchObject({ status: 'finished', stale: false });
    expect(fork?.use).toMatch(/start from it/);
    const { stages, checkpoints } = await open(test);
    expect(stages.sft.status).toBe('done');
    expect(checkpoints.at(-1)?.name).toBe(fork?.name);
  });

  it('is refused when what the run was trained from has changed', async () => {
    const test = await wholeLoop();
    const middle = (await runNamed(test, 'Reward model 1')).checkpoints.at(-1)?.id ?? '';
    await handlers(test)['stage.start']({ stage: 'sft', fresh: true });
    await test.until('sft', 'done');
    const fork = handlers(test)['run.fork'];
    await expect(fork({ checkpoint: middle, settings: 'own' })).rejects.toThrow(
      /has changed since/,
    );
  });

  it('of a finished run with its own settings is refused: nothing is left to train', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const last = (await runNamed(test, 'SFT 1')).checkpoints.at(-1)?.id ?? '';
    const fork = handlers(test)['run.fork'];
    await expect(fork({ checkpoint: last, settings: 'own' })).rejects.toThrow(/is finished/);
    expect(await list(test)).toHaveLength(1);
  });

  it('of another method is refused until that method is chosen', async () => {
    const test = await wholeLoop();
    const last = (await runNamed(test, 'PPO-ptx 1')).checkpoints[0]?.id ?? '';
    await handlers(test)['settings.set']({ settings: parseSettings({ method: { name: 'grpo' } }) });
    const fork = handlers(test)['run.fork'];
    await expect(fork({ checkpoint: last, settings: 'own' })).rejects.toThrow(/made by PPO/);
    expect((await runNamed(test, 'PPO-ptx 1')).stale).toBe(false);
  });
});

it('a checkpoint as a file holds its model alone, under the names of GPT-2', async () => {
  const test = await testSession({ name: freshName() });
  await train(test, 'sft');
  const last = (await runNamed(test, 'SFT 1')).checkpoints.at(-1)?.id ?? '';
  const { file } = await handlers(test)['checkpoint.export']({ checkpoint: last });
  const tensors = readSafetensors(new Uint8Array(await file.arrayBuffer()));
  expect([...tensors.keys()].sort()).toEqual(['finished', 'sum']);
  const sum = sumsOf(test, (await runNamed(test, 'SFT 1')).id).at(-1);
  expect(tensors.get('sum')?.data[0]).toBe(sum);
});

it('a checkpoint keeps its hash when only its models are kept, and others have others', async () => {
  const test = await testSession({ name: freshName() });
  await train(test, 'sft');
  const hashes = async () => (await handlers(test)['checkpoint.hashes']({})).checkpoints;
  const first = (await runNamed(test, 'SFT 1')).checkpoints.at(-1);
  const before = (await hashes()).find(({ id }) => id === first?.id);
  expect(before).toMatchObject({ name: 'SFT 1' });
  expect(before?.hash).toMatch(/^[0-9a-f]{16}$/);
  await train(test, 'sft');
  const stripped = (await runNamed(test, 'SFT 1')).checkpoints.at(-1);
  expect(stripped?.ended).toMatch(/only the model is kept/);
  const after = await hashes();
  expect(after.find(({ id }) => id === first?.id)).toEqual(before);
  // The same run again has the same result under another name; half-way it was another model.
  const again = (await runNamed(test, 'SFT 2')).checkpoints;
  const hashOf = (wanted?: string) => after.find(({ id }) => id === wanted)?.hash;
  expect(hashOf(again.at(-1)?.id)).toBe(before?.hash);
  expect(hashOf(again.find(({ finished }) => !finished)?.id)).not.toBe(before?.hash);
});
