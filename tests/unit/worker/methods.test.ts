/** Step 3 by several methods: each has runs of its own that wait, go on, are named and are shown; never a mixture. */
import { describe, expect, it } from 'vitest';
import type { MethodName } from '../../../src/config/method-table.ts';
import { PPO_OPTIONS } from '../../../src/config/ppo-options-table.ts';
import { defaultSettings, parseSettings, type Settings } from '../../../src/config/settings.ts';
import { streamKey } from '../../../src/data/rng.ts';
import type { JsonValue } from '../../../src/records/run.ts';
import { Connection } from '../../../src/storage/open.ts';
import { runName } from '../../../src/worker/stage-names.ts';
import { FakeWorkbench } from './fake-workbench.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

const by = (name: MethodName, more: object = {}): Settings =>
  parseSettings({ method: { name, ...more } });

const choose = (test: TestSession, settings: Settings) =>
  test.session.handlers['settings.set']({ settings });

const open = (test: TestSession) => test.session.handlers['project.open']({ project: 'p' });

/** SFT and rankings are there, the reward model where it is asked for. */
async function prepared(name: string, reward: boolean): Promise<TestSession> {
  const test = await testSession({ name, bench: new FakeWorkbench(12) });
  await train(test, 'sft');
  await test.session.handlers['labels.simulate']({ count: 3, k: 4 });
  if (reward) await train(test, 'reward');
  return test;
}

/** Steps of the stage, one at a time. */
async function step(test: TestSession, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const paused = test.until('ppo', 'paused');
    await test.session.handlers['stage.step']({ stage: 'ppo' });
    await paused;
  }
}

const sums = (test: TestSession, run: string | null) =>
  test.events.flatMap((event) =>
    event.type === 'metrics' && event.run === run ? [event.record.values['sum']] : [],
  );

describe('a method of step 3', () => {
  it('DPO needs rankings and no reward model; PPO needs the reward model', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const message = async (name: MethodName) => (await choose(test, by(name))).stages.ppo.message;
    expect(await message('dpo')).toMatch(/First rank at least two prompts/);
    expect(await message('grpo')).toMatch(/First train the reward model/);
    await test.session.handlers['labels.simulate']({ count: 3, k: 4 });
    expect(await message('ppo')).toMatch(/First train the reward model/);
    const { stages } = await choose(test, by('dpo'));
    expect(stages.ppo.status).toBe('ready');
    await train(test, 'ppo');
    const request = test.bench.requests.at(-1);
    expect(request).toMatchObject({ stage: 'ppo', reward: null, snapshot: null });
    expect(request?.settings.method.name).toBe('dpo');
    expect(request?.rankings).toHaveLength(3);
  });

  it('names its runs and checkpoints, and only PPO has an average', async () => {
    const test = await prepared(freshName(), true);
    for (const settings of [by('ppo'), by('dpo'), by('grpo', { grpoLoss: 'dr_grpo' })]) {
      await choose(test, settings);
      await train(test, 'ppo');
    }
    const { checkpoints } = await open(test);
    expect(checkpoints.filter(({ stage }) => stage === 'ppo').map(({ name }) => name)).toEqual([
      'PPO-ptx 1 (average)',
      'PPO-ptx 1',
      'DPO 1',
      'Dr. GRPO 1',
    ]);
    const plain = parseSettings({ ppo: { ptxCoefficient: 0 } });
    const ipo = { dpoLoss: 'ipo' };
    const named = [plain, by('dpo', ipo), by('online-dpo', ipo), by('rloo'), by('best-of-n')];
    expect(named.map((settings) => runName('ppo', settings))).toEqual([
      ...['PPO', 'IPO', 'Online IPO', 'RLOO', 'Best of n'],
    ]);
    expect(runName('sft', by('dpo'))).toBe('SFT');
  });

  it('best of n leaves no model to pick, only records that can be deleted', async () => {
    const test = await prepared(freshName(), true);
    const { stages } = await choose(test, by('best-of-n'));
    expect(stages.ppo.status).toBe('ready');
    await train(test, 'ppo');
    const left = (await open(test)).checkpoints.at(-1);
    expect(left).toMatchObject({ name: 'Best of n 1', kind: 'sampling' });
    const { checkpoints } = await test.session.handlers['checkpoint.delete']({
      checkpoint: left?.id ?? '',
    });
    expect(checkpoints.some(({ kind }) => kind === 'sampling')).toBe(false);
  });

  it('cannot be changed while it trains, but any other setting can', async () => {
    const test = await prepared(freshName(), true);
    await choose(test, by('dpo'));
    const paused = test.until('ppo', 'paused');
    await test.session.handlers['stage.start']({ stage: 'ppo', fresh: false });
    await expect(choose(test, by('grpo'))).rejects.toThrow(
      'DPO is training: pause it before you choose another method.',
    );
    await choose(test, parseSettings({ method: { name: 'dpo' }, evaluate: { prompts: 40 } }));
    await test.session.handlers['stage.pause']({ stage: 'ppo' });
    await paused;
    await choose(test, by('grpo'));
  });
});

describe('half a run', () => {
  it('waits while another method trains, and ends as one that never waited, after a reload too', async () => {
    const straight = await prepared(freshName(), true);
    await choose(straight, by('dpo'));
    await train(straight, 'ppo');
    const whole = sums(straight, (await open(straight)).stages.ppo.run);
    expect(whole).toHaveLength(12);

    const name = freshName();
    const test = await prepared(name, true);
    await choose(test, by('dpo'));
    await step(test, 5);
    const half = (await open(test)).stages.ppo;
    expect(half).toMatchObject({ status: 'paused', step: 5 });

    // Not gone on with under another name: GRPO begins anew, and says what waits.
    const { stages, metrics, views } = await choose(test, by('grpo'));
    expect(stages.ppo).toMatchObject({ status: 'ready', step: 0, run: null });
    expect(stages.ppo.message).toBe(
      'DPO 1 waits at step 5 of 12; it goes on when you choose DPO again.',
    );
    expect([metrics, views].flat().map(({ run }) => run)).not.toContain(half.run);
    await train(test, 'ppo');
    expect(test.bench.requests.at(-1)).toMatchObject({ snapshot: null });
    const grpo = (await open(test)).stages.ppo.run;
    expect(sums(test, grpo)).toEqual(whole);

    const again = await testSession({ name, bench: new FakeWorkbench(12), open: false });
    expect((await open(again)).stages.ppo).toMatchObject({ status: 'done', run: grpo });
    const back = await choose(again, by('dpo'));
    expect(back.stages.ppo).toMatchObject({ status: 'paused', step: 5, run: half.run });
    const shown = back.metrics.find(({ run }) => run === half.run);
    expect(shown?.records.map(({ values }) => values['sum'])).toEqual(whole.slice(0, 5));
    await train(again, 'ppo');
    expect(sums(again, half.run)).toEqual(whole.slice(5));
    expect(again.bench.requests.map(({ settings }) => settings.method.name)).toEqual(['dpo']);
  });

  it('in memory is left at its step by another method, and one step of that is a run of its own', async () => {
    const test = await prepared(freshName(), true);
    await choose(test, by('dpo'));
    await step(test, 2);
    const dpo = (await choose(test, by('dpo'))).stages.ppo.run;
    await choose(test, by('rloo'));
    // Nothing of RLOO is there to be stopped, and DPO's run is not stopped in its place.
    expect((await test.session.handlers['stage.stop']({ stage: 'ppo' })).state.status).toBe(
      'ready',
    );
    await step(test, 1);
    const rloo = (await choose(test, by('rloo'))).stages.ppo;
    expect(rloo).toMatchObject({ status: 'paused', step: 1 });
    expect(rloo.run).not.toBe(dpo);
    const { stages } = await choose(test, by('dpo'));
    expect(stages.ppo).toMatchObject({ status: 'paused', step: 2, run: dpo });
  });

  it('that was stopped can still go on after another method has finished', async () => {
    const test = await prepared(freshName(), true);
    await choose(test, by('dpo'));
    await step(test, 4);
    await test.session.handlers['stage.stop']({ stage: 'ppo' });
    await choose(test, by('grpo'));
    await train(test, 'ppo');
    const { stages } = await choose(test, by('dpo'));
    expect(stages.ppo).toMatchObject({ status: 'done', step: 4, resumeAt: 4 });
  });
});

describe('what a run was trained from', () => {
  it('marks stale by what the method reads: rankings for DPO, the reward model for GRPO', async () => {
    const test = await prepared(freshName(), true);
    const stage = async (settings: Settings) => (await choose(test, settings)).stages.ppo;
    const status = async (settings: Settings) => (await stage(settings)).status;
    for (const name of ['dpo', 'grpo'] as const) {
      await choose(test, by(name));
      await train(test, 'ppo');
    }
    expect(await status(by('grpo', { dpoEpochs: 3 }))).toBe('done');
    expect(await status(by('grpo', { groupSize: 4 }))).toBe('stale');
    expect(await status(by('dpo', { groupSize: 4 }))).toBe('done');
    expect(await status(by('dpo', { dpoEpochs: 3 }))).toBe('stale');
    await test.session.handlers['labels.simulate']({ count: 4, k: 4 });
    const said = (words: RegExp) => expect.stringMatching(words) as string;
    const changed = { status: 'stale', message: said(/^Something that this was/) };
    expect(await stage(by('dpo'))).toMatchObject(changed);
    const rests = { status: 'stale', message: said(/^The reward model, on which this rests/) };
    expect(await stage(by('grpo'))).toMatchObject(rests);
    await train(test, 'reward');
    expect(await stage(by('grpo'))).toMatchObject(changed);
  });

  it('is written of PPO as before there were other methods', async () => {
    const name = freshName();
    const test = await prepared(name, true);
    await train(test, 'ppo');
    const { checkpoints, stages } = await open(test);
    const id = (stage: string) => checkpoints.find((row) => row.stage === stage)?.id;
    const { general: all, ppo } = defaultSettings();
    // As it was before there were options and micro-batches, too: none of them is used here.
    const general = Object.fromEntries(Object.entries(all).filter(([key]) => key !== 'microBatch'));
    const old = Object.fromEntries(Object.entries(ppo).filter(([key]) => !(key in PPO_OPTIONS)));
    const words = streamKey(0, JSON.stringify(['ppo', general, [old, id('sft'), id('reward')]]));
    const db = await new Connection({ name }).db();
    const inputs = (await db.get('runs', stages.ppo.run ?? ''))?.inputs;
    expect(inputs).toBe(words.map((word) => word.toString(16).padStart(8, '0')).join(''));
  });
});

/** A project as a version without methods left it: no such group in settings or runs. */
async function withoutMethods(name: string): Promise<void> {
  const db = await new Connection({ name }).db();
  const older = (settings: JsonValue): JsonValue => {
    const groups = Object.entries(settings as Record<string, JsonValue>);
    return Object.fromEntries(groups.filter(([group]) => group !== 'method'));
  };
  for (const row of await db.getAll('projects')) {
    await db.put('projects', { ...row, settings: older(row.settings) });
  }
  for (const row of await db.getAll('runs')) {
    await db.put('runs', { ...row, run: { ...row.run, settings: older(row.run.settings) } });
  }
}

describe('a project from before there were methods', () => {
  it('opens with PPO, its run done, its average there and nothing to complain of', async () => {
    const name = freshName();
    const first = await prepared(name, true);
    await train(first, 'ppo');
    await withoutMethods(name);
    const again = await testSession({ name, open: false });
    const { settings, stages, notes, checkpoints } = await open(again);
    expect([settings.method, notes]).toEqual([defaultSettings().method, []]);
    expect(stages.ppo).toMatchObject({ status: 'done', step: 12 });
    expect(checkpoints.map((row) => row.name).slice(-2)).toEqual([
      'PPO-ptx 1 (average)',
      'PPO-ptx 1',
    ]);
  });

  it('goes on with half a run of PPO, and not under another method', async () => {
    const name = freshName();
    const first = await prepared(name, true);
    await step(first, 3);
    await withoutMethods(name);
    const again = await testSession({ name, bench: new FakeWorkbench(12), open: false });
    await open(again);
    expect((await choose(again, by('grpo'))).stages.ppo.message).toMatch(/choose PPO again/);
    const { stages } = await choose(again, by('ppo'));
    expect(stages.ppo).toMatchObject({ status: 'paused', step: 3 });
    await train(again, 'ppo');
    expect(again.bench.requests[0]?.snapshot?.state).toEqual({ step: 3 });
  });
});
