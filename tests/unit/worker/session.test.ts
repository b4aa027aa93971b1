/** The session: order of stages, run, pause, step, stop, reload, staleness, labels, and what failures leave behind. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { jsonlRows } from '../../../src/data/jsonl.ts';
import { readRankings } from '../../../src/data/label-rows.ts';
import { readSafetensors } from '../../../src/data/safetensors.ts';
import { readCheckpoint } from '../../../src/storage/checkpoints.ts';
import { defaultSettings, parseSettings } from '../../../src/config/settings.ts';
import { addRankings } from '../../../src/storage/labels.ts';
import { listMetrics } from '../../../src/storage/lists.ts';
import { Connection } from '../../../src/storage/open.ts';
import type { LockProvider } from '../../../src/storage/locks.ts';
import { failWrites } from '../storage/failing-writes.ts';
import { FakeWorkbench, ranking } from './fake-workbench.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function records(test: TestSession) {
  return test.events.flatMap((event) => (event.type === 'metrics' ? [event.record] : []));
}
const sums = (test: TestSession) => records(test).map((record) => record.values.sum);
const open = (test: TestSession) => test.session.handlers['project.open']({ project: 'p' });

describe('order of stages', () => {
  it('starts with SFT ready and the others empty, each saying what is missing', async () => {
    const { stages, checkpoints } = await open(await testSession({ name: freshName() }));
    expect([
      stages.sft.status,
      stages.labels.status,
      stages.reward.status,
      stages.ppo.status,
    ]).toEqual(['ready', 'empty', 'empty', 'empty']);
    expect(stages.ppo.message).toMatch(/First train on demonstrations/);
    expect(checkpoints.map((row) => row.id)).toEqual(['base']);
  });

  it('refuses to start a stage too early, in a sentence', async () => {
    const { session } = await testSession({ name: freshName() });
    const start = session.handlers['stage.start'];
    await expect(start({ stage: 'reward', fresh: false })).rejects.toThrow(/First train/);
  });

  it('goes through all of them with labels of the class', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    expect(await test.session.handlers['labels.simulate']({ count: 3, k: 4 })).toEqual({
      added: 3,
    });
    await train(test, 'reward');
    await train(test, 'ppo');
    const { stages, checkpoints } = await open(test);
    const { pretrain, ...trained } = stages;
    expect(pretrain.status).toBe('empty');
    expect(Object.values(trained).map((state) => state.status)).toEqual(Array(4).fill('done'));
    expect(checkpoints.map((row) => [row.name, row.kind])).toEqual([
      ['Base', 'policy'],
      ['SFT 1', 'policy'],
      ['Reward model 1', 'reward'],
      ['PPO-ptx 1 (average)', 'policy'],
      ['PPO-ptx 1', 'policy'],
    ]);
    const [, reward, ppo] = test.bench.requests;
    expect(reward?.rankings).toHaveLength(3);
    expect(ppo?.sft?.summary.stage).toBe('sft');
    expect(ppo?.reward?.summary.stage).toBe('reward');
    expect(test.bench.loops.every((loop) => loop.disposed && loop.finished === 1)).toBe(true);
  });

  it('lets only one stage train at a time', async () => {
    const test = await testSession({ name: freshName(), bench: new FakeWorkbench(1000) });
    const { handlers } = test.session;
    await handlers['stage.start']({ stage: 'sft', fresh: false });
    await expect(handlers['stage.start']({ stage: 'reward', fresh: false })).rejects.toThrow(
      /SFT is training: pause it first/,
    );
    await expect(handlers['labels.simulate']({ count: 1, k: 4 })).rejects.toThrow();
    await handlers['stage.pause']({ stage: 'sft' });
  });
});

describe('pause, step and stop', () => {
  it('pauses within one step, saved, and goes on without repeating or skipping one', async () => {
    const straight = await testSession({ name: freshName() });
    await train(straight, 'sft');
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    let paused = Promise.resolve<unknown>(null);
    test.afterRecords(4, () => {
      paused = handlers['stage.pause']({ stage: 'sft' });
    });
    const stopped = test.until('sft', 'paused');
    await handlers['stage.start']({ stage: 'sft', fresh: false });
    expect((await stopped).step).toBe(4);
    await paused;
    await train(test, 'sft');
    expect(sums(test)).toEqual(sums(straight));
    expect(test.bench.loops).toHaveLength(1);
  });

  it('one step is one step', async () => {
    const test = await testSession({ name: freshName() });
    for (const step of [1, 2]) {
      const paused = test.until('sft', 'paused');
      await test.session.handlers['stage.step']({ stage: 'sft' });
      expect((await paused).step).toBe(step);
    }
    expect(records(test)).toHaveLength(2);
  });

  it('finishes when the last single step is done', async () => {
    const test = await testSession({ name: freshName(), bench: new FakeWorkbench(1) });
    const done = test.until('sft', 'done');
    await test.session.handlers['stage.step']({ stage: 'sft' });
    expect((await done).step).toBe(1);
  });

  it('stop keeps what was learned as the result, whether it runs or is paused', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    const paused = test.until('sft', 'paused');
    await handlers['stage.step']({ stage: 'sft' });
    await paused;
    const { state } = await handlers['stage.stop']({ stage: 'sft' });
    expect([state.status, state.step]).toEqual(['done', 1]);
    expect(test.bench.loops[0]?.finished).toBe(1);
    expect((await open(test)).checkpoints.map((row) => row.name)).toEqual(['Base', 'SFT 1']);
  });

  it('a stopped run goes on where it was, after a reload too, and ends as one that never stopped', async () => {
    const straight = await testSession({ name: freshName() });
    await train(straight, 'sft');
    const name = freshName();
    const test = await testSession({ name });
    let stopped = Promise.resolve<unknown>(null);
    test.afterRecords(4, () => {
      stopped = test.session.handlers['stage.stop']({ stage: 'sft' });
    });
    const ended = test.until('sft', 'done');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    expect(await ended).toMatchObject({ step: 4, total: 8, resumeAt: 4 });
    await stopped;
    const again = await testSession({ name, open: false });
    const { stages, checkpoints } = await open(again);
    expect(stages.sft).toMatchObject({ status: 'done', resumeAt: 4 });
    await train(again, 'sft');
    expect(again.bench.requests[0]?.snapshot?.state).toEqual({ step: 4 });
    expect(sums(again)).toEqual(sums(straight).slice(4));
    const after = await open(again);
    expect(after.stages.sft).toMatchObject({ status: 'done', step: 8, resumeAt: null });
    // One model of one run, under another id, so that what was trained from the earlier one is stale.
    expect(after.checkpoints.map((row) => row.name)).toEqual(['Base', 'SFT 1']);
    expect(after.checkpoints[1]?.id).not.toBe(checkpoints[1]?.id);
  });

  it('a stopped run whose settings have changed since does not go on', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    const paused = test.until('sft', 'paused');
    await handlers['stage.step']({ stage: 'sft' });
    await paused;
    await handlers['stage.stop']({ stage: 'sft' });
    const settings = parseSettings({ sft: { learningRate: 1e-4 } });
    const { stages } = await handlers['settings.set']({ settings });
    expect(stages.sft).toMatchObject({ status: 'stale', resumeAt: null });
  });

  it('one step of a stage that is done is refused instead of beginning another run', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    await expect(test.session.handlers['stage.step']({ stage: 'sft' })).rejects.toThrow(
      /SFT is done/,
    );
    expect(test.bench.loops).toHaveLength(1);
  });

  it('stop before the first step keeps nothing', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    const started = handlers['stage.start']({ stage: 'sft', fresh: false });
    const stopped = handlers['stage.stop']({ stage: 'sft' });
    await started;
    expect((await stopped).state.status).toBe('ready');
    expect((await open(test)).checkpoints).toHaveLength(1);
  });

  it('fresh begins a new run', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const done = test.until('sft', 'done');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: true });
    await done;
    expect((await open(test)).checkpoints.map((row) => row.name)).toEqual([
      'Base',
      'SFT 1',
      'SFT 2',
    ]);
  });
});

describe('reload', () => {
  it('goes on from the last checkpoint and ends where a straight run ends', async () => {
    const straight = await testSession({ name: freshName() });
    await train(straight, 'sft');
    const name = freshName();
    const killed = await testSession({ name });
    const dead = new Promise<void>((resolve) => {
      killed.afterRecords(5, () => {
        killed.kill();
        resolve();
      });
    });
    void killed.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    await dead;
    const again = await testSession({ name, open: false });
    const { stages, metrics, views } = await open(again);
    expect([stages.sft.status, stages.sft.step]).toEqual(['paused', 3]);
    expect(metrics[0]?.records.map((record) => record.step)).toEqual([1, 2, 3]);
    expect(metrics[0]).toMatchObject({
      run: stages.sft.run,
      stage: 'sft',
      settings: defaultSettings(),
    });
    // What the run showed is that of the checkpoint too, not of the steps that are lost.
    expect(views).toMatchObject([
      {
        run: stages.sft.run,
        stage: 'sft',
        view: {
          checks: { adds: { value: 3 } },
          first: { step: 1 },
          latest: { step: 1 },
          rollout: { step: 3, views: [{ score: 3 }] },
        },
      },
    ]);
    await train(again, 'sft');
    expect(sums(again)).toEqual(sums(straight).slice(3));
    const stored = await listMetrics(await new Connection({ name }).db(), stages.sft.run ?? '');
    expect(stored.map((record) => record.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('begins a new run when the stored one has settings of another version', async () => {
    const name = freshName();
    const first = await testSession({ name });
    const waiting = first.until('sft', 'paused');
    await first.session.handlers['stage.step']({ stage: 'sft' });
    const run = (await waiting).run ?? '';
    const db = await new Connection({ name }).db();
    const row = await db.get('runs', run);
    if (row === undefined) throw new Error('the run is stored');
    await db.put('runs', { ...row, run: { ...row.run, settings: { gone: {} } } });
    const again = await testSession({ name });
    await train(again, 'sft');
    expect(again.bench.requests[0]?.snapshot).toBeNull();
  });

  it('says when the newest checkpoint is damaged and goes on from the one before', async () => {
    const name = freshName();
    const first = await testSession({ name, pace: { steps: 2, milliseconds: Infinity } });
    let paused = Promise.resolve<unknown>(null);
    first.afterRecords(5, () => {
      paused = first.session.handlers['stage.pause']({ stage: 'sft' });
    });
    const waiting = first.until('sft', 'paused');
    await first.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    const run = (await waiting).run ?? '';
    await paused;
    const db = await new Connection({ name }).db();
    await db.put('chunks', { checkpoint: `${run}/5`, index: 0, bytes: new Uint8Array(4) });
    const again = await testSession({ name });
    await train(again, 'sft');
    expect(again.bench.requests[0]?.snapshot?.state).toEqual({ step: 4 });
    expect(
      again.events.some((e) => e.type === 'failure' && e.failure.message.includes('damaged')),
    ).toBe(true);
  });
});

describe('a reload after everything', () => {
  it('brings back checks, first and last samples, a rollout and the last judgement', async () => {
    const name = freshName();
    const test = await testSession({ name });
    await train(test, 'sft');
    const suite = await test.session.handlers['judge.suite']({ checkpoints: ['base'], prompts: 5 });
    const again = await testSession({ name, open: false });
    const found = await open(again);
    expect(found.views[0]?.view).toMatchObject({
      checks: { adds: { ok: true, value: 8 } },
      first: { step: 1, samples: [{ response: 'at 1' }] },
      latest: { step: 8, samples: [{ response: 'at 8' }] },
      rollout: { step: 8 },
    });
    expect(suite.reports).toHaveLength(1);
    expect(found.suite).toEqual(suite);
  });

  it('does not show what an older run of the stage showed', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const paused = test.until('sft', 'paused');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: true });
    await test.session.handlers['stage.pause']({ stage: 'sft' });
    await paused;
    expect((await open(test)).views).toEqual([]);
  });
});

describe('staleness', () => {
  it('marks a paused run that cannot go on any more as stale, and begins another one in its place', async () => {
    const name = freshName();
    const test = await testSession({ name });
    const paused = test.until('sft', 'paused');
    await test.session.handlers['stage.step']({ stage: 'sft' });
    await paused;
    expect((await open(test)).stages.sft.status).toBe('paused');
    await test.session.handlers['labels.import']({
      kind: 'demonstrations',
      files: [{ name: 'own', format: 'jsonl', text: '{"prompt":"hi","completion":"hello"}' }],
      classmates: false,
    });
    const { sft } = (await open(await testSession({ name }))).stages;
    expect(sft).toMatchObject({ status: 'stale', step: 1 });
    expect(sft.message).toMatch(
      /Paused at step 1 of 8\. Something .* has changed: it cannot go on/,
    );
    const again = await testSession({ name });
    await train(again, 'sft');
    expect(records(again).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('marks a stage when its settings or its labels change, and those after it when it is trained again', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    await train(test, 'sft');
    await handlers['labels.simulate']({ count: 3, k: 4 });
    await train(test, 'reward');
    await train(test, 'ppo');
    const changed = parseSettings({ ppo: { beta: 0.5 } });
    expect((await handlers['settings.set']({ settings: changed })).stages.ppo.status).toBe('stale');
    const back = await handlers['settings.set']({ settings: parseSettings({}) });
    expect(back.stages.ppo.status).toBe('done');
    await handlers['labels.simulate']({ count: 4, k: 4 });
    const { stages } = await handlers['labels.changed']({});
    expect([stages.sft.status, stages.reward.status, stages.ppo.status]).toEqual([
      'done',
      'stale',
      'stale',
    ]);
    await train(test, 'reward');
    expect((await handlers['labels.changed']({})).stages.ppo.status).toBe('stale');
  });

  it('marks everything that rests on what has changed, says why in words, and takes it back with the change', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    await train(test, 'sft');
    await handlers['labels.simulate']({ count: 3, k: 4 });
    await train(test, 'reward');
    let stopping = Promise.resolve<unknown>(null);
    test.afterRecords(2, () => {
      stopping = handlers['stage.stop']({ stage: 'ppo' });
    });
    await train(test, 'ppo');
    await stopping;
    const own = {
      name: 'own',
      format: 'jsonl',
      text: '{"prompt":"hi","completion":"hello"}',
    } as const;
    const { stages } = await handlers['labels.import']({
      ...{ kind: 'demonstrations', files: [own], classmates: false },
    });
    const why =
      'The model of step 1, on which this rests, was trained from something that has changed: ' +
      'train that again, then this.';
    expect(stages.sft).toMatchObject({
      status: 'stale',
      message: 'Something that this was trained from has changed: train it again.',
    });
    expect(stages.reward).toMatchObject({ status: 'stale', message: why });
    // Nothing of its own has changed, so it may still go on.
    expect(stages.ppo).toMatchObject({ status: 'stale', message: why, resumeAt: 2 });
    const changed = parseSettings({ labels: { source: 'person' } });
    const there = (await handlers['settings.set']({ settings: changed })).stages;
    expect([there.sft.status, there.reward.status]).toEqual(['stale', 'stale']);
    await handlers['settings.set']({ settings: parseSettings({}) });
    const scaled = parseSettings({ reward: { learningRate: 0.001 } });
    await train(test, 'sft');
    await train(test, 'reward');
    await train(test, 'ppo');
    const { ppo } = (await handlers['settings.set']({ settings: scaled })).stages;
    expect(ppo).toMatchObject({
      status: 'stale',
      message: expect.stringMatching(/^The reward model, on which this rests/) as string,
    });
    const back = (await handlers['settings.set']({ settings: parseSettings({}) })).stages;
    expect([back.sft.status, back.reward.status, back.ppo.status]).toEqual(Array(3).fill('done'));
  });
});

describe('labels', () => {
  it('of the person and of the class are never mixed silently', async () => {
    const name = freshName();
    const test = await testSession({ name });
    const { handlers } = test.session;
    await train(test, 'sft');
    await handlers['labels.simulate']({ count: 3, k: 4 });
    const db = await new Connection({ name }).db();
    await addRankings(db, 'p', [ranking('a', 'person'), ranking('b', 'person')]);
    expect((await handlers['labels.changed']({})).stages.labels.message).toBe(
      '2 rankings by you, 3 by the simulated class.',
    );
    for (const [source, count] of [
      ['person', 2],
      ['class', 3],
      ['both', 5],
    ] as const) {
      const settings = parseSettings({ labels: { source } });
      await handlers['settings.set']({ settings });
      const done = test.until('reward', 'done');
      await handlers['stage.start']({ stage: 'reward', fresh: true });
      await done;
      expect(test.bench.requests.at(-1)?.rankings).toHaveLength(count);
    }
  });

  it('by the class stop after the batch under way and stay', async () => {
    const name = freshName();
    const test = await testSession({ name });
    await train(test, 'sft');
    const running = test.session.handlers['labels.simulate']({ count: 500, k: 4 });
    await test.until('labels', 'running');
    await test.session.handlers['labels.stop']({});
    const { added } = await running;
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThan(500);
    const again = await testSession({ name, open: false });
    expect((await open(again)).stages.labels.total).toBe(added);
  });
});

describe('the automatic judges', () => {
  it('can be stopped, refuse training meanwhile in a sentence, and leave the last table stored', async () => {
    const name = freshName();
    const test = await testSession({ name });
    const { handlers } = test.session;
    const ask = { checkpoints: ['base'], prompts: 5 };
    const first = await handlers['judge.suite'](ask);
    test.bench.judgingWaits = true;
    const running = handlers['judge.suite'](ask);
    await expect(handlers['stage.start']({ stage: 'sft', fresh: false })).rejects.toThrow(
      /The automatic judges are at work: wait for them or stop them/,
    );
    await expect(handlers['judge.suite'](ask)).rejects.toThrow(/judges are at work/);
    // Asking a model is let in between.
    const sample = { checkpoint: 'base', prompt: 'hi', count: 1, temperature: 1, seed: 1 };
    expect((await handlers['model.sample'](sample)).responses).toHaveLength(1);
    await handlers['judge.stop']({});
    expect((await running).reports).toEqual([]);
    await train(test, 'sft');
    expect((await open(await testSession({ name, open: false }))).suite).toEqual(first);
  });
});

describe('progress', () => {
  it('of the class counts from zero, so that the first time left is not of no time at all', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    await test.session.handlers['labels.simulate']({ count: 4, k: 4 });
    const told = test.events.flatMap((e) =>
      e.type === 'progress' && e.task === 'The class is ranking' ? [e] : [],
    );
    expect(told.map(({ done }) => done).slice(0, 3)).toEqual([0, 1, 2]);
    expect(told[0]?.secondsLeft).toBeNull();
    // The clock of this test goes on at each look, so one ranking took some of it and three are left.
    expect(told[1]?.secondsLeft).toBeGreaterThan(0);
    await test.session.handlers['labels.simulate']({ count: 4, k: 4 });
    const again = test.events.filter(
      (e) => e.type === 'progress' && e.task === 'The class is ranking' && e.done === 0,
    );
    expect(again[1]).toMatchObject({ secondsLeft: expect.any(Number) as number });
  });
});

describe('files', () => {
  const jsonl = (kind: 'prompts' | 'rankings', text: string) => ({
    kind,
    files: [{ name: 'labels', format: 'jsonl' as const, text }],
    classmates: false,
  });
  const prompts = ['{"prompt":"say moo ."}', '{"prompt":"say baa .","split":"test"}'].join('\n');

  it('of prompts feed ranking and PPO, and make an older PPO run stale', async () => {
    const name = freshName();
    const test = await testSession({ name });
    const { handlers } = test.session;
    await train(test, 'sft');
    await handlers['labels.simulate']({ count: 3, k: 4 });
    await train(test, 'reward');
    await train(test, 'ppo');
    const before = (await open(test)).stages.ppo.status;
    const { added, stages } = await handlers['labels.import'](jsonl('prompts', prompts));
    expect([added, before, stages.ppo.status, stages.reward.status]).toEqual([
      2,
      'done',
      'stale',
      'done',
    ]);
    await handlers['ranking.next']({ count: 1, k: 4 });
    const texts = (rows: readonly { readonly text: string }[] | undefined) =>
      rows?.map(({ text }) => text);
    // What the file keeps for testing is not trained on.
    expect(texts(test.bench.rankingRequests.at(-1)?.prompts)).toEqual(['say moo .']);
    const done = test.until('ppo', 'done');
    await handlers['stage.start']({ stage: 'ppo', fresh: true });
    await done;
    expect(texts(test.bench.requests.at(-1)?.prompts)).toEqual(['say moo .']);
    const again = await testSession({ name });
    const { text } = await again.session.handlers['labels.export']({ kind: 'prompts' });
    expect(text.match(/say (moo|baa)/g)?.sort()).toEqual(['say baa', 'say moo']);
  });

  it('that are malformed are refused by line, and nothing of them is kept', async () => {
    const { handlers } = (await testSession({ name: freshName() })).session;
    const text = '{"prompt":"fine ."}\n{"prompt":""}\n';
    await expect(handlers['labels.import'](jsonl('prompts', text))).rejects.toThrow(
      /^Line 2, field prompt: must not be empty/,
    );
    expect(await handlers['labels.export']({ kind: 'prompts' })).toEqual({ text: '' });
  });

  it('of rankings count as nobody else and go with the person', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    await train(test, 'sft');
    await handlers['labels.simulate']({ count: 3, k: 4 });
    const row = { prompt: 'p', completions: ['a', 'b'], ranks: [1, 2] };
    const lines = [row, { ...row, labeler: 'alice' }, { ...row, labeler: 'person' }].map((line) =>
      JSON.stringify(line),
    );
    const text = lines.join('\n');
    const { stages } = await handlers['labels.import'](jsonl('rankings', text));
    expect(stages.labels.message).toBe('1 rankings by you, 3 by the simulated class, 2 imported.');
    for (const [source, labelers] of [
      ['person', ['imported', 'imported:alice', 'person']],
      ['class', ['class-1', 'class-1', 'class-1']],
    ] as const) {
      await handlers['settings.set']({ settings: parseSettings({ labels: { source } }) });
      await train(test, 'reward');
      const used = test.bench.requests.at(-1)?.rankings.map(({ labeler }) => labeler);
      expect(used?.sort()).toEqual(labelers);
    }
  });
});

describe('the ranking files of a class', () => {
  const row = { id: 'r1', prompt: 'p', completions: ['a', 'b'], ranks: [1, 2], labeler: 'person' };
  const file = (name: string, ...rows: readonly object[]) => ({
    name,
    format: 'jsonl' as const,
    text: rows.map((one) => JSON.stringify(one)).join('\n'),
  });

  it('keep their labelers apart, also where their rows have the same ids', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    await train(test, 'sft');
    const simulated = { ...row, id: 'r2', labeler: 'training-1' };
    const { added, stages } = await handlers['labels.import']({
      kind: 'rankings',
      files: [file('ann', row, simulated), file('ben', { ...row, ranks: [2, 1] }, simulated)],
      classmates: true,
    });
    expect(added).toBe(3);
    expect(stages.labels.message).toBe('0 rankings by you, 1 by the simulated class, 2 imported.');
    const { text } = await handlers['labels.export']({ kind: 'rankings' });
    const rows = readRankings(jsonlRows(text), 0).map(({ labeler, ranks }) => [labeler, ranks]);
    expect(rows).toEqual(
      expect.arrayContaining([
        ['imported:ann', [1, 2]],
        ['imported:ben', [2, 1]],
        ['training-1', [1, 2]],
      ]),
    );
  });

  it('are stored all or none; the message says in which file the fault is', async () => {
    const { handlers } = (await testSession({ name: freshName() })).session;
    const files = [file('ann', row), file('ben', { ...row, ranks: [4] })];
    await expect(
      handlers['labels.import']({ kind: 'rankings', files, classmates: true }),
    ).rejects.toThrow(/^ben: Line 1, field ranks: /);
    expect(await handlers['labels.export']({ kind: 'rankings' })).toEqual({ text: '' });
  });
});

describe('failures', () => {
  it('a full disk pauses the run with a message and loses nothing', async () => {
    const straight = await testSession({ name: freshName() });
    await train(straight, 'sft');
    const name = freshName();
    const test = await testSession({ name });
    test.afterRecords(2, () => {
      failWrites((store) => store === 'chunks');
    });
    const paused = test.until('sft', 'paused');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    const state = await paused;
    expect(state.step).toBe(3);
    expect(state.message).toMatch(/no space left.*Delete old checkpoints/);
    // Nothing else may take its place while its steps are only in memory.
    await expect(
      test.session.handlers['stage.start']({ stage: 'sft', fresh: true }),
    ).rejects.toThrow(/could not be saved yet/);
    vi.restoreAllMocks();
    await train(test, 'sft');
    expect(sums(test)).toEqual(sums(straight));
    const stored = await listMetrics(await new Connection({ name }).db(), state.run ?? '');
    expect(stored.map((record) => record.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('a full disk at the very end can be repeated without training again', async () => {
    const test = await testSession({
      name: freshName(),
      pace: { steps: 99, milliseconds: Infinity },
    });
    test.afterRecords(8, () => {
      failWrites((store) => store === 'chunks');
    });
    const paused = test.until('sft', 'paused');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    await paused;
    vi.restoreAllMocks();
    await train(test, 'sft');
    expect(records(test)).toHaveLength(8);
    expect(test.bench.loops[0]?.finished).toBe(1);
  });

  it('a loss that is no number ends the run with advice; the steps before it are kept', async () => {
    const bench = new FakeWorkbench();
    bench.lossAt = (step) => (step === 5 ? Number.NaN : 1);
    const test = await testSession({ name: freshName(), bench });
    const failed = test.until('sft', 'failed');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    expect((await failed).message).toMatch(/step 5: lower the learning rate/);
    expect(bench.loops[0]?.disposed).toBe(true);
    bench.lossAt = () => 1;
    await test.session.handlers['settings.set']({
      settings: parseSettings({ sft: { learningRate: 1e-4 } }),
    });
    await train(test, 'sft');
    expect(bench.requests.at(-1)?.snapshot).toBeNull();
  });

  it('a failed run goes on from its last checkpoint while its settings are the same, else not', async () => {
    const straight = await testSession({ name: freshName() });
    await train(straight, 'sft');
    const bench = new FakeWorkbench();
    bench.lossAt = (step) => (step === 5 ? Number.NaN : 1);
    const name = freshName();
    const test = await testSession({ name, bench });
    const { handlers } = test.session;
    const failed = test.until('sft', 'failed');
    await handlers['stage.start']({ stage: 'sft', fresh: false });
    expect(await failed).toMatchObject({ resumeAt: 3 });
    const again = await testSession({ name, bench, open: false });
    expect((await open(again)).stages.sft).toMatchObject({ status: 'failed', resumeAt: 3 });
    const other = parseSettings({ sft: { learningRate: 1e-4 } });
    const changed = await again.session.handlers['settings.set']({ settings: other });
    expect(changed.stages.sft.resumeAt).toBeNull();
    await again.session.handlers['settings.set']({ settings: parseSettings({}) });
    bench.lossAt = (step) => 1 / step;
    await train(again, 'sft');
    expect(bench.requests.at(-1)?.snapshot?.state).toEqual({ step: 3 });
    expect(sums(again)).toEqual(sums(straight).slice(3));
  });

  it('a run that failed before its first checkpoint can only begin again', async () => {
    const bench = new FakeWorkbench();
    bench.lossAt = () => Number.NaN;
    const test = await testSession({ name: freshName(), bench });
    const failed = test.until('sft', 'failed');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    expect((await failed).resumeAt).toBeNull();
  });

  it('leaves values that are no numbers out of the stored series', async () => {
    const name = freshName();
    const test = await testSession({ name });
    await train(test, 'sft');
    const { metrics } = await open(test);
    expect(Object.keys(metrics[0]?.records[0]?.values ?? {})).toEqual(['loss', 'sum']);
  });
});

describe('a lost device', () => {
  /** A run whose fifth step does not end well, with its last checkpoint at step 3. */
  async function losing(beforeStep: (bench: FakeWorkbench) => Promise<void>) {
    const bench = new FakeWorkbench();
    bench.backends = ['webgpu', 'wasm'];
    let fine = false;
    bench.beforeStep = (step) => (step === 5 && !fine ? beforeStep(bench) : Promise.resolve());
    const name = freshName();
    const test = await testSession({ name, bench });
    const engines = () => test.events.flatMap((e) => (e.type === 'engine' ? [e] : []));
    const paused = test.until('sft', 'paused');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: false });
    const mend = () => {
      fine = true;
    };
    return { test, bench, name, engines, paused, mend };
  }
  const lose = (bench: FakeWorkbench) => {
    bench.lose('The graphics device was lost (reset).');
  };

  it.each([
    ['never ends', () => new Promise<void>(() => undefined)],
    ['fails', () => Promise.reject(new Error('mapAsync: device is lost'))],
  ])(
    'under a step that %s leaves the run at its last checkpoint, from which it goes on',
    async (_how, ending) => {
      const straight = await testSession({ name: freshName() });
      await train(straight, 'sft');
      const { test, name, engines, paused, mend } = await losing((bench) => {
        setImmediate(() => {
          lose(bench);
        });
        return ending();
      });
      expect(await paused).toMatchObject({ step: 3, message: /graphics device was lost/ });
      await expect.poll(() => engines()).toHaveLength(1);
      expect(engines()[0]?.info.backend).toBe('webgpu');
      expect(engines()[0]?.message).toBe(
        'The graphics device was lost (reset). It was started again; nothing stored is lost. ' +
          'SFT is paused at its last checkpoint.',
      );
      expect(test.events.filter((event) => event.type === 'failure')).toEqual([]);
      mend();
      await train(test, 'sft');
      expect(sums(test)).toEqual([...sums(straight).slice(0, 4), ...sums(straight).slice(3)]);
      const stored = (await open(await testSession({ name, open: false }))).stages.sft;
      expect([stored.status, stored.step]).toEqual(['done', 8]);
    },
  );

  it('is stored as a pause, so that a reload can go on too', async () => {
    const { name, paused, engines } = await losing((bench) => {
      lose(bench);
      return new Promise(() => undefined);
    });
    await paused;
    await expect.poll(() => engines()).toHaveLength(1);
    const { stages } = await open(await testSession({ name, open: false }));
    expect([stages.sft.status, stages.sft.step]).toEqual(['paused', 3]);
  });

  it('twice on one backend makes the next one compute, with the reason', async () => {
    const { test, bench, paused, engines, mend } = await losing((at) => {
      lose(at);
      return new Promise(() => undefined);
    });
    await paused;
    await expect.poll(() => engines()).toHaveLength(1);
    lose(bench);
    await expect.poll(() => engines()).toHaveLength(2);
    expect(engines()[1]?.info).toMatchObject({
      backend: 'wasm',
      notes: ['WebGPU lost its device 2 times.'],
    });
    expect(engines()[1]?.message).toMatch(/WebAssembly computes now/);
    mend();
    await train(test, 'sft');
  });

  it('does not hold up a pause that was waiting for the step', async () => {
    const { test, bench, paused } = await losing(() => new Promise(() => undefined));
    await expect.poll(() => records(test)).toHaveLength(4);
    const answer = test.session.handlers['stage.pause']({ stage: 'sft' });
    lose(bench);
    await paused;
    expect((await answer).state.status).toBe('paused');
  });
});

describe('a second tab', () => {
  const taken: LockProvider = {
    request: async (_name, _options, callback) => {
      await callback(null);
    },
  };

  it('reads everything and changes nothing', async () => {
    const name = freshName();
    await train(await testSession({ name }), 'sft');
    const second = await testSession({ name, locks: taken, open: false });
    const { readOnly, stages } = await open(second);
    expect(readOnly).toMatch(/open in another tab/);
    expect(stages.sft.status).toBe('done');
    const { handlers } = second.session;
    const settings = parseSettings({});
    await expect(handlers['settings.set']({ settings })).rejects.toThrow(/another tab/);
    await expect(handlers['stage.start']({ stage: 'sft', fresh: true })).rejects.toThrow(
      /another tab/,
    );
    await expect(handlers['labels.simulate']({ count: 1, k: 4 })).rejects.toThrow(/another tab/);
  });
});

describe('checkpoints', () => {
  it('of older runs keep their model and lose what only going on needs', async () => {
    const name = freshName();
    const test = await testSession({ name });
    await train(test, 'sft');
    const size = (await open(test)).checkpoints[1]?.bytes ?? 0;
    const done = test.until('sft', 'done');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: true });
    await done;
    const [, older, newer] = (await open(test)).checkpoints;
    expect([older?.name, newer?.name]).toEqual(['SFT 1', 'SFT 2']);
    expect(older?.bytes).toBeLessThan(size);
    expect(newer?.bytes).toBe(size);
    const db = await new Connection({ name }).db();
    const tensors = async (id = '') => [...readSafetensors((await readCheckpoint(db, id)).bytes)];
    const names = async (id?: string) => (await tensors(id)).map(([tensor]) => tensor).sort();
    expect(await names(older?.id)).toEqual(['model.finished', 'model.sum']);
    expect(await names(newer?.id)).toEqual(['first.sum', 'model.finished', 'model.sum']);
    expect((await tensors(older?.id)).find(([tensor]) => tensor === 'model.sum')?.[1].data[0]).toBe(
      sums(test)[7],
    );
  });

  it('of an ended run go together, so that room is made', async () => {
    const name = freshName();
    const test = await testSession({ name });
    await train(test, 'sft');
    const db = await new Connection({ name }).db();
    expect(await db.count('checkpoints')).toBeGreaterThan(1);
    const id = (await open(test)).checkpoints.at(-1)?.id ?? '';
    await test.session.handlers['checkpoint.delete']({ checkpoint: id });
    expect([await db.count('checkpoints'), await db.count('chunks')]).toEqual([0, 0]);
  });

  it('of PPO can be asked for their running average', async () => {
    const test = await testSession({ name: freshName() });
    const { handlers } = test.session;
    await train(test, 'sft');
    await handlers['labels.simulate']({ count: 3, k: 4 });
    await train(test, 'reward');
    await train(test, 'ppo');
    const average = (await open(test)).checkpoints.find((row) => row.average);
    const ask = { prompt: 'hi', count: 1, temperature: 1, seed: 1 };
    const { responses } = await handlers['model.sample']({ checkpoint: average?.id ?? '', ...ask });
    expect(responses[0]?.text).toBe('PPO-ptx 1 (average)');
    const gone = handlers['checkpoint.delete']({ checkpoint: average?.id ?? '' });
    await expect(gone).rejects.toThrow(/stored with its checkpoint/);
  });

  it('can be deleted unless they came with the page', async () => {
    const test = await testSession({ name: freshName() });
    await train(test, 'sft');
    const { handlers } = test.session;
    await expect(handlers['checkpoint.delete']({ checkpoint: 'base' })).rejects.toThrow(
      /came with/,
    );
    await expect(handlers['checkpoint.delete']({ checkpoint: 'no' })).rejects.toThrow(/not exist/);
    const id = (await open(test)).checkpoints.at(-1)?.id ?? '';
    const { checkpoints } = await handlers['checkpoint.delete']({ checkpoint: id });
    expect(checkpoints.map((row) => row.id)).toEqual(['base']);
    expect(test.bench.forgotten).toEqual([id]);
    expect((await handlers['labels.changed']({})).stages.sft.status).toBe('ready');
  });
});
