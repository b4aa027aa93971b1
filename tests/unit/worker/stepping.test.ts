/**
 * A session that steps through phases, turns settings under way and goes back to checkpoints: only whole steps are ever
 * stored, what is turned is in the run's record, and nothing learned is lost.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseSettings, type PartialSettings } from '../../../src/config/settings.ts';
import { readCheckpoint } from '../../../src/storage/checkpoints.ts';
import { listMetrics, listRuns } from '../../../src/storage/lists.ts';
import { Connection } from '../../../src/storage/open.ts';
import { spreadSteps } from '../../../src/worker/spread-steps.ts';
import type { CheckpointPace } from '../../../src/worker/runner.ts';
import { failWrites } from '../storage/failing-writes.ts';
import { FakeWorkbench } from './fake-workbench.ts';
import { freshName, testSession, train, type TestSession } from './session-world.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const OFTEN: CheckpointPace = { steps: 1, milliseconds: Infinity };

/** A session whose step 3 can start, and whose steps have phases from then on. */
async function reinforcing(
  name = freshName(),
  pace?: CheckpointPace,
  layer: PartialSettings = {},
): Promise<TestSession> {
  const bench = new FakeWorkbench();
  const test = await testSession({ name, bench, ...(pace && { pace }) });
  await test.session.handlers['settings.set']({ settings: parseSettings(layer) });
  await train(test, 'sft');
  await test.session.handlers['labels.simulate']({ count: 3, k: 4 });
  await train(test, 'reward');
  bench.phased = true;
  test.events.length = 0;
  return test;
}

/** A page that was loaded again. */
async function reloaded(name: string): Promise<TestSession> {
  const bench = new FakeWorkbench();
  bench.phased = true;
  return testSession({ name, bench, since: 1e6 });
}

const open = (test: TestSession) => test.session.handlers['project.open']({ project: 'p' });
const sums = (test: TestSession) =>
  test.events.flatMap((e) => (e.type === 'metrics' ? [e.record.values.sum] : []));
const places = (test: TestSession) =>
  test.events.flatMap((e) =>
    e.type === 'phase' ? [e.view && `${e.view.iteration} ${e.view.phase} ${e.view.minibatch}`] : [],
  );

async function phases(test: TestSession, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const paused = test.until('ppo', 'paused');
    await test.session.handlers['stage.phase']({ stage: 'ppo' });
    await paused;
  }
}

async function step(test: TestSession, count = 1): Promise<void> {
  for (let i = 0; i < count; i++) {
    const paused = test.until('ppo', 'paused');
    await test.session.handlers['stage.step']({ stage: 'ppo' });
    await paused;
  }
}

const back = (test: TestSession, checkpoint: string) =>
  test.session.handlers['run.back']({ checkpoint });
const kept = async (test: TestSession) =>
  (await test.session.handlers['run.checkpoints']({})).checkpoints;
const turn = (test: TestSession, value: number) =>
  test.session.handlers['run.turn']({ name: 'beta', value });

async function straightSums(): Promise<(number | undefined)[]> {
  const test = await reinforcing();
  await train(test, 'ppo');
  return sums(test);
}

describe('one phase at a time', () => {
  it('rests after each, tells what it made, and ends as a run played through', async () => {
    const test = await reinforcing();
    await phases(test, 3);
    await phases(test, 2);
    expect(places(test)).toEqual([
      '1 rollout 0',
      '1 reward 0',
      '1 advantage 0',
      '1 minibatch 1',
      '1 minibatch 2',
    ]);
    // The record follows the last minibatch at once.
    expect(sums(test)).toHaveLength(1);
    await phases(test, 4);
    await step(test);
    expect(sums(test)).toHaveLength(2);
    await phases(test, 1);
    await train(test, 'ppo');
    expect(sums(test)).toEqual(await straightSums());
    expect(test.bench.loops).toHaveLength(3);
  });

  it('says that it rests inside a step, and that a stage without phases does a whole one', async () => {
    const test = await reinforcing();
    await step(test);
    const paused = test.until('ppo', 'paused');
    await test.session.handlers['stage.phase']({ stage: 'ppo' });
    expect((await paused).message).toBe('Paused at iteration 1 of 8, inside iteration 2.');
    test.bench.phased = false;
    const whole = test.until('sft', 'paused');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: true });
    await test.session.handlers['stage.pause']({ stage: 'sft' });
    await whole;
    const done = test.until('sft', 'paused');
    await test.session.handlers['stage.phase']({ stage: 'sft' });
    expect((await done).step).toBe(1);
  });

  it('a half-done step is never stored: a reload begins it again and ends as a run played through', async () => {
    const straight = await straightSums();
    for (const count of [1, 2, 3, 4]) {
      const name = freshName();
      const test = await reinforcing(name);
      await step(test, 3);
      await phases(test, count);
      const again = await reloaded(name);
      const { stages } = await open(again);
      expect(stages.ppo).toMatchObject({ status: 'paused', step: 3 });
      await train(again, 'ppo');
      expect(sums(again)).toEqual(straight.slice(3));
    }
  });

  it('begins no step in phases while the steps before it are not stored', async () => {
    const name = freshName();
    const test = await reinforcing(name);
    await step(test, 2);
    failWrites((store) => store === 'chunks');
    await step(test);
    await phases(test, 1);
    expect(places(test)).toEqual([]);
    vi.restoreAllMocks();
    await phases(test, 4);
    expect(places(test).at(-1)).toBe('4 minibatch 1');
    expect((await open(await reloaded(name))).stages.ppo.step).toBe(3);
  });

  it('stop finishes the step under way first', async () => {
    const test = await reinforcing();
    await step(test);
    await phases(test, 4);
    const { state } = await test.session.handlers['stage.stop']({ stage: 'ppo' });
    expect(state).toMatchObject({ status: 'done', step: 2 });
    expect(sums(test)).toEqual((await straightSums()).slice(0, 2));
  });

  it('pause rests at the next phase border, but never where steps would be lost', async () => {
    for (const [phase, expected] of [
      ['reward', { step: 1, message: 'Paused at iteration 1 of 8, inside iteration 2.' }],
      ['minibatch', { step: 2, message: 'Paused at iteration 2 of 8.' }],
    ] as const) {
      const name = freshName();
      const test = await reinforcing(name, { steps: 100, milliseconds: Infinity });
      let pausing = Promise.resolve<unknown>(null);
      test.bench.afterPhase = (iteration, done) => {
        if (iteration !== 2 || done !== phase) return;
        pausing = test.session.handlers['stage.pause']({ stage: 'ppo' });
      };
      const paused = test.until('ppo', 'paused');
      await test.session.handlers['stage.start']({ stage: 'ppo', fresh: false });
      expect(await paused).toMatchObject(expected);
      await pausing;
      expect((await open(await reloaded(name))).stages.ppo.step).toBe(expected.step);
    }
  });

  it('another training gives a half-done step up, and says so', async () => {
    const test = await reinforcing();
    await step(test, 2);
    await phases(test, 4);
    test.bench.phased = false;
    const done = test.until('sft', 'done');
    await test.session.handlers['stage.start']({ stage: 'sft', fresh: true });
    await done;
    expect(places(test).at(-1)).toBeNull();
  });
});

describe('turning a setting under way', () => {
  it('holds from the next step on, is in the run, in its stored record and after a reload', async () => {
    const name = freshName();
    const test = await reinforcing(name);
    await step(test, 2);
    const { turns } = await turn(test, 0.5);
    expect(turns).toEqual([{ iteration: 3, name: 'beta', from: 0.1, to: 0.5 }]);
    expect(test.bench.loops.at(-1)?.turns).toEqual(turns);
    expect(test.events.at(-1)).toMatchObject({ type: 'turns', turns });
    await phases(test, 4);
    const later = await test.session.handlers['run.turn']({ name: 'clip', value: 0.1 });
    expect(later.turns.at(-1)).toEqual({ iteration: 4, name: 'clip', from: 0.2, to: 0.1 });
    const again = await reloaded(name);
    const { metrics, stages } = await open(again);
    expect(metrics.find(({ stage }) => stage === 'ppo')?.turns).toEqual(later.turns);
    expect(stages.ppo.status).toBe('paused');
    await train(again, 'ppo');
    expect(again.bench.loops[0]?.turns).toEqual(later.turns);
    const { rows } = await listRuns(await new Connection({ name }).db(), 'p');
    expect(rows.at(-1)?.run).toMatchObject({ status: 'finished', turns: later.turns });
  });

  it('is stored while it trains, at the step of the last checkpoint, and again before it trains', async () => {
    const name = freshName();
    const test = await reinforcing(name, { steps: 3, milliseconds: Infinity });
    let turning = Promise.resolve<unknown>(null);
    const dead = new Promise<void>((resolve) => {
      test.afterRecords(4, () => {
        turning = turn(test, 0.3);
      });
      test.afterRecords(5, () => {
        test.kill();
        resolve();
      });
    });
    void test.session.handlers['stage.start']({ stage: 'ppo', fresh: false });
    await dead;
    await turning;
    const again = await reloaded(name);
    const { metrics, stages } = await open(again);
    expect(stages.ppo).toMatchObject({ status: 'paused', step: 3 });
    const turns = [{ iteration: 5, name: 'beta', from: 0.1, to: 0.3 }];
    expect(metrics.find(({ stage }) => stage === 'ppo')?.turns).toEqual(turns);
    // No runner has it yet: what is turned now is stored with the run all the same.
    const { turns: more } = await turn(again, 0.7);
    expect(more.at(-1)).toEqual({ iteration: 4, name: 'beta', from: 0.3, to: 0.7 });
    await train(again, 'ppo');
    expect(again.bench.loops[0]?.turns).toEqual(more);
  });

  it('twice before the same step counts once, and back again not at all', async () => {
    const test = await reinforcing();
    await step(test);
    await turn(test, 0.5);
    expect((await turn(test, 0.4)).turns).toEqual([
      { iteration: 2, name: 'beta', from: 0.1, to: 0.4 },
    ]);
    expect((await turn(test, 0.1)).turns).toEqual([]);
  });

  it('refuses what no run may have, what this run cannot, and when none is under way', async () => {
    const test = await reinforcing(undefined, undefined, { ppo: { ptxExamplesPerEpisode: 0 } });
    await expect(turn(test, 0.5)).rejects.toThrow(/No run of PPO is under way: start one/);
    await step(test);
    await expect(turn(test, 11)).rejects.toThrow(/ppo.beta .* must be a number from 0 to 10/);
    await expect(
      test.session.handlers['run.turn']({ name: 'ptxCoefficient', value: 0.5 }),
    ).rejects.toThrow(/no pre-training text to mix in/);
    const adaptive = await reinforcing(undefined, undefined, { ppo: { klTarget: 2 } });
    await step(adaptive);
    await expect(turn(adaptive, 0)).rejects.toThrow(/an adaptive beta changes by shares/);
    const other = await reinforcing(undefined, undefined, { method: { name: 'grpo' } });
    await step(other);
    await expect(turn(other, 0.5)).rejects.toThrow(/Only runs of PPO can be turned/);
    expect((await open(test)).metrics.find(({ stage }) => stage === 'ppo')?.turns).toBeUndefined();
  });

  it('leaves the settings of the next run as they are', async () => {
    const test = await reinforcing();
    await step(test);
    await turn(test, 0.5);
    const done = test.until('ppo', 'done');
    await test.session.handlers['stage.start']({ stage: 'ppo', fresh: true });
    await done;
    expect(test.bench.loops.at(-1)?.turns).toEqual([]);
    expect(test.bench.requests.at(-1)?.settings.ppo.beta).toBe(0.1);
  });
});

describe('back to a checkpoint', () => {
  it('goes on from it as a run of its own, while the one it left keeps what it has learned', async () => {
    const name = freshName();
    const test = await reinforcing(name, OFTEN);
    await step(test, 2);
    await turn(test, 0.5);
    await step(test, 3);
    await turn(test, 0.6);
    const left = (await open(test)).stages.ppo.run ?? '';
    const point = (await kept(test)).find(({ step: at }) => at === 3);
    if (point === undefined) throw new Error('the checkpoint of step 3 is kept');
    const { stages, metrics } = await back(test, point.id);
    const run = stages.ppo.run ?? '';
    expect(stages.ppo).toMatchObject({ status: 'paused', step: 3, total: 8 });
    expect(run).not.toBe(left);
    const shown = metrics.find(({ stage }) => stage === 'ppo');
    expect(shown?.records.map((record) => record.step)).toEqual([1, 2, 3]);
    // What was turned after the checkpoint is not part of this run.
    const turns = [{ iteration: 3, name: 'beta', from: 0.1, to: 0.5 }];
    expect(shown).toMatchObject({ run, turns });
    test.events.length = 0;
    await train(test, 'ppo');
    expect(sums(test)).toEqual((await straightSums()).slice(3));
    const db = await new Connection({ name }).db();
    const { rows } = await listRuns(db, 'p');
    const [first, second] = rows.filter(({ run: { stage } }) => stage === 'ppo');
    expect(first?.run).toMatchObject({ id: left, status: 'stopped' });
    expect(second?.run).toMatchObject({
      ...{ id: run, name: 'PPO-ptx 2', status: 'finished', turns },
      origin: { run: left, step: 3 },
    });
    expect((await listMetrics(db, run)).map((record) => record.step)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    expect((await listMetrics(db, left)).map((record) => record.step)).toEqual([1, 2, 3, 4, 5]);
    const names = (await open(test)).checkpoints.map((row) => `${row.name} ${row.step}`);
    expect(names).toEqual(expect.arrayContaining(['PPO-ptx 1 5', 'PPO-ptx 2 8']));
  });

  it('survives a reload, with the checkpoint whole', async () => {
    const name = freshName();
    const test = await reinforcing(name, OFTEN);
    await train(test, 'ppo');
    const point = (await kept(test)).at(-2);
    if (point === undefined) throw new Error('several checkpoints are kept');
    const at = { step: point.step };
    expect(at.step).toBeLessThan(6);
    const { stages } = await back(test, point.id);
    const db = await new Connection({ name }).db();
    const copy = await readCheckpoint(db, `${stages.ppo.run ?? ''}/${at.step}`);
    expect(copy.row.manifest).toMatchObject({ finished: false, state: at });
    const again = await reloaded(name);
    expect((await open(again)).stages.ppo).toMatchObject({ status: 'paused', ...at });
    await train(again, 'ppo');
    expect(sums(again)).toEqual((await straightSums()).slice(at.step));
  });

  it('is for the other methods of step 3 too, each with its own runs', async () => {
    const test = await reinforcing(freshName(), OFTEN, { method: { name: 'grpo' } });
    await step(test, 3);
    const [newest, middle] = await kept(test);
    expect([newest?.name, newest?.step, middle?.step]).toEqual(['GRPO 1', 3, 2]);
    const { stages } = await back(test, middle?.id ?? '');
    expect(stages.ppo).toMatchObject({ status: 'paused', step: 2 });
    await train(test, 'ppo');
    expect((await open(test)).checkpoints.map((row) => row.name)).toContain('GRPO 2');
    await test.session.handlers['settings.set']({ settings: parseSettings({}) });
    expect(await kept(test)).toEqual([]);
  });

  it('where nothing came after it, only the half-done step is given up', async () => {
    const test = await reinforcing(freshName(), OFTEN);
    await step(test, 2);
    await phases(test, 4);
    const [newest] = await kept(test);
    const run = (await open(test)).stages.ppo.run;
    const { stages } = await back(test, newest?.id ?? '');
    expect(stages.ppo).toMatchObject({ status: 'paused', step: 2, run });
    await train(test, 'ppo');
    expect(sums(test)).toEqual(await straightSums());
  });

  it('keeps checkpoints spread over the run, newest first in the list', async () => {
    const test = await reinforcing(freshName(), OFTEN);
    await train(test, 'ppo');
    const list = await kept(test);
    const at = list.map((row) => row.step);
    expect(at).toEqual([...at].sort((a, b) => b - a));
    expect(new Set(at)).toContain(1);
    expect(new Set(at)).toContain(8);
    expect(at.length).toBeGreaterThanOrEqual(6);
    expect(list[0]).toMatchObject({ name: 'PPO-ptx 1', step: 8 });
  });

  it('refuses in a sentence what is gone, what is no run of step 3, and what was trained from something else', async () => {
    const test = await reinforcing(freshName(), OFTEN);
    await step(test, 3);
    await expect(back(test, 'gone')).rejects.toThrow(/does not exist \(any more\)/);
    const sft = (await open(test)).checkpoints.find(({ stage }) => stage === 'sft');
    await expect(back(test, sft?.id ?? '')).rejects.toThrow(/does not exist/);
    const point = (await kept(test)).find(({ step: at }) => at === 1);
    const done = test.until('reward', 'done');
    test.bench.phased = false;
    await test.session.handlers['stage.start']({ stage: 'reward', fresh: true });
    await done;
    await expect(back(test, point?.id ?? '')).rejects.toThrow(/has changed since/);
  });
});

describe('checkpoints spread over a run', () => {
  it('keeps both ends and leaves the smallest gaps', () => {
    expect(spreadSteps([1, 2, 3], 6)).toEqual([1, 2, 3]);
    expect(spreadSteps([1, 2, 3, 4, 5, 9, 13, 14], 4)).toEqual([1, 5, 9, 14]);
    expect(spreadSteps([], 4)).toEqual([]);
  });

  it('one step after the other, what is kept stays spread', () => {
    let steps: number[] = [];
    for (let at = 1; at <= 200; at++) steps = spreadSteps([...steps, at], 6);
    expect(steps).toHaveLength(6);
    expect([steps[0], steps.at(-1)]).toEqual([1, 200]);
    const gaps = steps.slice(1).map((at, i) => at - (steps[i] ?? NaN));
    expect(Math.max(...gaps)).toBeLessThan(120);
  });
});

describe('an answer of the newest batch', () => {
  it('is given by its number, also when the run is over; the first eight are sent and stored with how many there are', async () => {
    const test = await reinforcing();
    test.bench.answers = 12;
    await step(test, 2);
    const sent = test.events.flatMap((event) => (event.type === 'rollout' ? [event] : []));
    expect(sent.map(({ answers, views }) => [answers, views.length])).toEqual([
      [12, 8],
      [12, 8],
    ]);
    const run = sent[1]?.run ?? '';
    const ask = async (of: { run: string; step: number; answer: number }) =>
      (await test.session.handlers['run.answer'](of)).view?.score ?? null;
    expect(await ask({ run, step: 2, answer: 11 })).toBeCloseTo(2.11, 9);
    expect(await ask({ run, step: 1, answer: 11 })).toBeNull();
    expect(await ask({ run: 'another', step: 2, answer: 11 })).toBeNull();
    expect(await ask({ run, step: 2, answer: 12 })).toBeNull();
    await train(test, 'ppo');
    expect(await ask({ run, step: 8, answer: 10 })).toBeCloseTo(8.1, 9);
    const { views } = await open(test);
    const kept = views.find(({ stage }) => stage === 'ppo')?.view.rollout;
    expect([kept?.step, kept?.answers, kept?.views.length]).toEqual([8, 12, 8]);
  });
});
