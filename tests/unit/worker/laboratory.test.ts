/**
 * The whole loop behind the protocol with the shipped model and the micro preset on WASM: every command for real.
 * It shows that the parts fit, not that anything is learned.
 */
import 'fake-indexeddb/auto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METHOD_LABELS } from '../../../src/config/method-table.ts';
import { presetSettings } from '../../../src/config/presets.ts';
import { addRankings, listRankings, saveEvaluation } from '../../../src/storage/labels.ts';
import { Connection } from '../../../src/storage/open.ts';
import { PERSON } from '../../../src/records/ranking.ts';
import { Laboratory } from '../../../src/worker/laboratory.ts';
import type { StageStatus, TrainingStage, WorkerEvent } from '../../../src/worker/protocol.ts';
import { Session } from '../../../src/worker/session.ts';
import * as tf from '@tensorflow/tfjs-core';

const NAME = 'laboratory';
const settings = presetSettings('micro');
const events: WorkerEvent[] = [];
let listener: (event: WorkerEvent) => void = () => undefined;
const yieldToMessages = () => new Promise<void>((resolve) => setImmediate(resolve));

function newSession(): Session {
  return new Session({
    workbench: new Laboratory({
      readFile: async (path) =>
        new Uint8Array(await readFile(new URL(`../../../public/${path}`, import.meta.url))),
      yieldToMessages,
      now: () => performance.now(),
    }),
    connection: new Connection({ name: NAME }),
    locks: undefined,
    emit: (event) => {
      events.push(event);
      listener(event);
    },
    now: () => Math.round(performance.now()),
    yieldToMessages,
    pace: { steps: 1, milliseconds: Number.POSITIVE_INFINITY },
  });
}

const session = newSession();
const { handlers } = session;

function settled(stage: TrainingStage, statuses: readonly StageStatus[]): Promise<StageStatus> {
  return new Promise((resolve, reject) => {
    listener = (event) => {
      if (event.type === 'failure') reject(new Error(event.failure.message));
      if (
        event.type === 'stage' &&
        event.stage === stage &&
        statuses.includes(event.state.status)
      ) {
        resolve(event.state.status);
      }
    };
  });
}

async function train(stage: TrainingStage): Promise<void> {
  const done = settled(stage, ['done']);
  await handlers['stage.start']({ stage, fresh: false });
  await done;
}

const checkpoints = async () => (await handlers['project.open']({ project: 'p' })).checkpoints;
const newest = async (name: string) =>
  (await checkpoints()).findLast((row) => row.name === name)?.id ?? '';

beforeAll(async () => {
  const info = await handlers['engine.start']({ settings, backend: 'wasm' });
  expect(info.backend).toBe('wasm');
  await handlers['project.open']({ project: 'p' });
});
afterAll(() => {
  expect(events.filter((event) => event.type === 'failure')).toEqual([]);
});

describe('the laboratory', () => {
  it('lets the shipped model answer, reproducibly', async () => {
    const args = {
      checkpoint: 'base',
      prompt: 'tell me about the zeppelin.',
      count: 2,
      temperature: 1,
      seed: 5,
    };
    const first = await handlers['model.sample'](args);
    expect(first.responses).toHaveLength(2);
    expect(await handlers['model.sample'](args)).toEqual(first);
    await expect(
      handlers['model.sample']({ ...args, prompt: 'word '.repeat(900) }),
    ).rejects.toThrow(/at most \d+ fit/);
  });

  it('shows prompts and demonstrations, and the words that they are written with', async () => {
    const { prompts } = await handlers['prompts.examples']({ count: 5 });
    expect(prompts).toHaveLength(5);
    const words = new Set((await handlers['world.words']({})).words);
    const used = prompts.flatMap(({ text }) => text.match(/[\p{L}\p{N}]+/gu) ?? []);
    expect(used.filter((word) => !words.has(word))).toEqual([]);
    expect([words.has('zeppelin'), words.has('FROGS'), words.has('frogs')]).toEqual([
      false,
      false,
      true,
    ]);
    const { demonstrations, total } = await handlers['demonstrations.list']({ count: 3 });
    expect(demonstrations).toHaveLength(3);
    expect(total).toBe(68);
  });

  it('trains SFT and shows samples of the pinned prompts', async () => {
    await train('sft');
    const samples = events.flatMap((event) => (event.type === 'samples' ? [event] : []));
    expect(samples[0]?.samples.length).toBeGreaterThan(2);
  });

  it('gives completions to rank, and another prompt the next time', async () => {
    const one = await handlers['ranking.next']({ count: 1, k: 4 });
    const two = await handlers['ranking.next']({ count: 1, k: 4 });
    expect(one.items[0]?.completions).toHaveLength(4);
    expect(Object.keys(one.items[0]?.prompt ?? {})).not.toContain('task');
    expect(two.items[0]?.prompt.id).not.toBe(one.items[0]?.prompt.id);
  });

  it('lets the class rank; the rows pass the check of the store', async () => {
    expect(await handlers['labels.simulate']({ count: 16, k: 4 })).toEqual({ added: 16 });
    const { rows, damaged } = await listRankings(await new Connection({ name: NAME }).db(), 'p');
    expect([rows.length, damaged]).toEqual([16, 0]);
  });

  it('drops answers to rank when they are stopped: the same prompts come the next time', async () => {
    const { rows } = await listRankings(await new Connection({ name: NAME }).db(), 'p');
    // The class began with the first prompts of the order that a person is given too.
    const first = new Set(rows.map(({ prompt }) => prompt.id));
    const writing = handlers['ranking.next']({ count: 64, k: 4 });
    expect(await handlers['work.stop']({ work: 'ranking' })).toEqual({ kept: 0 });
    expect(await writing).toEqual({ items: [] });
    const { items } = await handlers['ranking.next']({ count: 1, k: 4 });
    expect(first.has(items[0]?.prompt.id ?? '')).toBe(true);
    expect(await handlers['work.stop']({ work: 'ranking' })).toEqual({ kept: null });
  });

  it('trains the reward model, reports on it and scores any text', async () => {
    await train('reward');
    const report = await handlers['reward.report']({});
    if (report === null) throw new Error('nobody stopped it');
    expect(report.trainedComparisons).toBeGreaterThan(20);
    expect(Math.abs(report.demonstrationMean)).toBeLessThan(0.5);
    const score = (response: string) => handlers['reward.score']({ prompt: 'hello.', response });
    expect((await score('hello anna.')).score).not.toBe((await score('you fool.')).score);
    expect(Number.isFinite((await score('')).score)).toBe(true);
  });

  it('stops the report on the reward model between two chunks, and gives a whole one the next time', async () => {
    const chunksSince = (from: number) =>
      events.slice(from).filter((e) => e.type === 'progress' && e.done > 0 && e.done < e.total);
    const before = events.length;
    const whole = await handlers['reward.report']({});
    expect(chunksSince(before)).not.toEqual([]);
    const told = events.length;
    const testing = handlers['reward.report']({});
    expect(await handlers['work.stop']({ work: 'report' })).toEqual({ kept: 0 });
    expect([await testing, chunksSince(told)]).toEqual([null, []]);
    expect(events.at(-1)).toMatchObject({ type: 'progress', task: 'Testing the reward model' });
    expect(await handlers['reward.report']({})).toEqual(whole);
  });

  it('holds one labeler out: trains on the others, tests on theirs, and leaves nothing behind', async () => {
    const { rows } = await listRankings(await new Connection({ name: NAME }).db(), 'p');
    const before = tf.memory().numTensors;
    const trained: number[] = [];
    for (const labeler of [...new Set(rows.map((row) => row.labeler))].slice(0, 4)) {
      const { trial } = await handlers['labeler.holdOut']({ labeler });
      expect(tf.memory().numTensors).toBe(before);
      expect(trial?.theirs.n).toBeGreaterThan(0);
      expect(trial?.theirs.accuracy).toBeGreaterThanOrEqual(0);
      trained.push(trial?.trainedComparisons ?? NaN);
    }
    const report = await handlers['reward.report']({});
    if (report === null) throw new Error('nobody stopped it');
    const { calibration, trainedComparisons } = report;
    expect(calibration?.n).toBeGreaterThan(0);
    // Whose rankings are all kept aside, or ties, leaves as many.
    expect(Math.min(...trained)).toBeLessThan(trainedComparisons);
    await expect(handlers['labeler.holdOut']({ labeler: 'nobody' })).rejects.toThrow(
      /preferred no answer/,
    );
  });

  it('runs PPO-ptx with its checks, one rollout to look into, and no leak', async () => {
    const before = tf.memory().numTensors;
    await train('ppo');
    expect(tf.memory().numTensors).toBe(before);
    const checks = events.flatMap((event) => (event.type === 'checks' ? [event.checks] : []));
    expect(Object.values(checks.at(-1) ?? {}).every((check) => check.ok)).toBe(true);
    for (const { record } of events.filter((event) => event.type === 'metrics')) {
      if (record.stage !== 'ppo') continue;
      expect(record.values['objective/gold_scores']).toBeGreaterThanOrEqual(0);
      expect(record.values['objective/gold_scores']).toBeLessThanOrEqual(1);
      // Of the same answers: how many open alike is at least one of them.
      expect(record.values['completions/same_opening']).toBeGreaterThan(0);
      expect(record.values['completions/seq_rep_4']).toBeGreaterThanOrEqual(0);
    }
    const rollout = events.find((event) => event.type === 'rollout');
    expect(rollout?.views.length).toBeGreaterThan(1);
    for (const { tokens, score, penaltySum, rewardSum } of rollout?.views ?? []) {
      expect(tokens.length).toBeGreaterThan(0);
      for (const { clipped, token, ...numbers } of tokens) {
        expect([typeof clipped, typeof token]).toEqual(['boolean', 'string']);
        expect(Object.values(numbers).every((value) => Number.isFinite(value))).toBe(true);
        expect(numbers.delta + numbers.carried).toBeCloseTo(numbers.advantage, 4);
        expect(numbers.score + numbers.klPenalty).toBeCloseTo(numbers.reward, 5);
      }
      expect(tokens.at(-1)?.score).toBeCloseTo(score, 5);
      expect(score + penaltySum).toBeCloseTo(rewardSum, 4);
    }
  });

  it.each(['dpo', 'online-dpo', 'grpo', 'rloo', 'expert-iteration', 'best-of-n'] as const)(
    'runs %s in the place of PPO, with checks that hold, its own name, and no leak',
    async (name) => {
      const chosen = { ...settings, method: { ...settings.method, name } };
      await handlers['settings.set']({ settings: chosen });
      const tensors = tf.memory().numTensors;
      const from = events.length;
      await train('ppo');
      expect(tf.memory().numTensors).toBe(tensors);
      const own = events.slice(from);
      const last = own.flatMap((event) => (event.type === 'checks' ? [event.checks] : [])).at(-1);
      expect(Object.keys(last ?? {}).length).toBeGreaterThan(3);
      expect(Object.values(last ?? {}).every(({ ok }) => ok)).toBe(true);
      const samples = own.flatMap((event) => (event.type === 'samples' ? [event.samples] : []));
      // Best of n samples the model of step 1, which is not shown as if it had learnt something.
      expect(samples.length > 0).toBe(name !== 'best-of-n');
      const left = (await checkpoints()).at(-1);
      expect(left?.name).toBe(`${METHOD_LABELS[name]} 1`);
      const ask = { prompt: 'tell me about frogs.', count: 1, temperature: 1, seed: 2 };
      const speak = handlers['model.sample']({ checkpoint: left?.id ?? '', ...ask });
      if (name === 'best-of-n') await expect(speak).rejects.toThrow(/no model of its own/);
      else expect((await speak).responses).toHaveLength(1);
      await handlers['settings.set']({ settings });
    },
  );

  it('judges blind and by the gold judges', async () => {
    const [sft, ppo] = [await newest('SFT 1'), await newest('PPO-ptx 1')];
    const { pairs } = await handlers['judge.pairs']({ left: sft, right: ppo, count: 10, seed: 1 });
    expect(pairs).toHaveLength(10);
    const sides = new Set(pairs.map((pair) => pair.left.policy));
    expect(sides).toEqual(new Set([sft, ppo]));
    const suite = await handlers['judge.suite']({ checkpoints: ['base', sft, ppo], prompts: 50 });
    expect(suite.reports.map((row) => [row.checkpoint, row.greedy])).toEqual(
      ['base', sft, ppo].flatMap((id) => [
        [id, false],
        [id, true],
      ]),
    );
    // Sampled against sampled and greedy against greedy.
    expect(suite.pairs).toHaveLength(6);
    expect(suite.pairs.map(({ name }) => name.match(/, greedy/g)?.length ?? 0)).toEqual([
      0, 2, 0, 0, 2, 2,
    ]);
    expect(suite.reports.every((row) => row.gold.n > 0 && Number.isFinite(row.gold.mean))).toBe(
      true,
    );
    // What a checkpoint forgot does not depend on how its answers are drawn; the base model forgot nothing.
    const taxes = suite.reports.map(({ tax }) => tax);
    expect(taxes[0]?.rise).toEqual({ mean: 0, low: 0, high: 0, n: 13 });
    expect([taxes[1], taxes[3], taxes[5]]).toEqual([taxes[0], taxes[2], taxes[4]]);
    for (const tax of taxes) {
      expect(tax?.loss).toBeGreaterThan(0.1);
      expect(tax?.loss).toBeLessThan(5);
      expect(tax?.rise.mean).toBeCloseTo((tax?.loss ?? NaN) - (taxes[0]?.loss ?? NaN), 6);
    }
    expect(Math.abs(taxes[2]?.rise.mean ?? 0)).toBeGreaterThan(0);
  });

  it('keeps the pairs and prompts that are whole when it is stopped, and they are those of a shorter sitting', async () => {
    const [left, right] = ['base', await newest('SFT 1')];
    const evaluate = { ...settings.evaluate, prompts: 150 };
    await handlers['settings.set']({ settings: { ...settings, evaluate } });
    const of = { left, right, seed: 5 };
    const whole = (await handlers['judge.pairs']({ ...of, count: 64 })).pairs;
    /** Stops when this many chunks of answers have been begun. */
    const stopAt = (chunks: number, work: 'pairs' | 'outputs') =>
      new Promise<number | null>((resolve) => {
        let begun = 0;
        listener = (event) => {
          if (event.type !== 'progress' || !event.task.startsWith('Writing answers to')) return;
          begun += 1;
          if (begun === chunks) void handlers['work.stop']({ work }).then((it) => resolve(it.kept));
        };
      });
    let kept = stopAt(3, 'pairs');
    const { pairs } = await handlers['judge.pairs']({ ...of, count: 150 });
    expect([await kept, pairs]).toEqual([64, whole]);
    kept = stopAt(1, 'pairs');
    expect(await handlers['judge.pairs']({ ...of, count: 150 })).toEqual({ pairs: [] });
    expect(await kept).toBe(0);
    kept = stopAt(4, 'outputs');
    const draw = { checkpoints: [left, right], count: 150, seed: 5 };
    const { items } = await handlers['judge.outputs'](draw);
    expect([await kept, items.length]).toEqual([128, 128]);
    expect(items.every(({ outputs }) => outputs.length === 2)).toBe(true);
    await handlers['settings.set']({ settings });
  });

  it('lets several checkpoints answer blind, and counts a person’s judgements of them', async () => {
    const [sft, ppo] = [await newest('SFT 1'), await newest('PPO-ptx 1')];
    const checkpoints = ['base', sft, ppo];
    const draw = { checkpoints, count: 8, seed: 3 };
    const { items } = await handlers['judge.outputs'](draw);
    expect(items).toHaveLength(8);
    for (const { outputs } of items) {
      expect(outputs.map(({ policy }) => policy).sort()).toEqual([...checkpoints].sort());
    }
    const orders = new Set(items.map(({ outputs }) => outputs.map(({ policy }) => policy).join()));
    expect(orders.size).toBeGreaterThan(1);
    expect((await handlers['judge.outputs'](draw)).items).toEqual(items);
    const db = await new Connection({ name: NAME }).db();
    const sitting = { checkpoints, baseline: sft, items, at: 8, ratings: [], revealed: true };
    for (const { id, prompt, outputs } of items) {
      // A person who likes whatever the base model says least.
      const ranks = outputs.map(({ policy }) => (policy === 'base' ? 2 : 1));
      const of = { id, prompt, completions: outputs, ranks, shown: [0, 1, 2] };
      await saveEvaluation(db, 'p', sitting, { ...of, labeler: PERSON, at: 1 });
    }
    const { groups, judgements, agreement } = await handlers['judge.board']({});
    expect(judgements).toBe(8);
    expect(groups.map((rows) => rows.map(({ checkpoint }) => checkpoint).at(-1))).toEqual(['base']);
    expect(groups[0]?.every(({ low, elo, high }) => low <= elo && elo <= high)).toBe(true);
    expect(agreement.judgements).toBe(8);
    // Two pairs of each judgement are ordered, by 20 labelers and by 10, less what they tie.
    expect(agreement.training.total).toBeGreaterThan(8 * 20);
    expect(agreement.training.total).toBeLessThanOrEqual(2 * 8 * 20);
    expect(agreement.heldOut.total).toBeLessThanOrEqual(2 * 8 * 10);
    expect(agreement.training.agreed).toBeLessThanOrEqual(agreement.training.total);
  });

  it('goes on in a new session where a paused run was, to the same result', async () => {
    const sums = (run: string) =>
      events.flatMap((event) =>
        event.type === 'metrics' && event.run === run ? [event.record.values] : [],
      );
    const straightRun = (await handlers['labels.changed']({})).stages.ppo.run ?? '';
    const { state } = await handlers['stage.start']({ stage: 'ppo', fresh: true });
    await handlers['stage.pause']({ stage: 'ppo' });
    const paused = settled('ppo', ['paused']);
    await handlers['stage.step']({ stage: 'ppo' });
    await paused;
    const again = newSession();
    await again.handlers['engine.start']({ settings, backend: 'wasm' });
    const { stages } = await again.handlers['project.open']({ project: 'p' });
    // A step is behind it and one before it: optimizer, cursor and random state have something to carry over.
    expect(stages.ppo).toMatchObject({ status: 'paused', step: 1, total: 2, run: state.run });
    const done = settled('ppo', ['done']);
    await again.handlers['stage.start']({ stage: 'ppo', fresh: false });
    await done;
    const run = state.run ?? '';
    expect(run).not.toBe(straightRun);
    expect(sums(run)).toHaveLength(2);
    expect(sums(run)).toEqual(sums(straightRun));
  });

  it('trains on the person alone when the settings say so', async () => {
    const db = await new Connection({ name: NAME }).db();
    const { rows } = await listRankings(db, 'p');
    const own = rows
      .slice(0, 6)
      .map((row) => ({ ...row, id: `own-${row.id}`, labeler: PERSON, ranks: [1, 2, 3, 4] }));
    await addRankings(db, 'p', own);
    await handlers['labels.changed']({});
    const mine = { ...settings, labels: { ...settings.labels, source: 'person' as const } };
    const { stages } = await handlers['settings.set']({ settings: mine });
    expect(stages.labels.step).toBe(6);
    await train('reward');
    const report = await handlers['reward.report']({});
    if (report === null) throw new Error('nobody stopped it');
    expect(report.byLabeler.every((row) => row.labeler === PERSON)).toBe(true);
    // The class had no part in it, so all of its comparisons are of held-out labelers.
    const { byLabeler: others, n } = report.heldOutLabelers;
    expect(others.length).toBeGreaterThan(1);
    expect(others.every((row) => row.labeler.startsWith('training-'))).toBe(true);
    expect(others.reduce((sum, row) => sum + row.n, 0)).toBe(n);
    expect(report.ceiling).toBeNull();
    const all = { ...mine, reward: { ...mine.reward, heldOutShare: 0 } };
    await handlers['settings.set']({ settings: all });
    // Nothing held out is no accuracy, not one of zero.
    expect((await handlers['reward.report']({}))?.heldOut).toEqual({ accuracy: null, n: 0 });
  });

  it('D10: shows the state after the end, which has no token, where the score is paid there', async () => {
    const late = { ...settings, ppo: { ...settings.ppo, scorePosition: 'after-last' as const } };
    await handlers['settings.set']({ settings: late });
    await train('reward');
    const from = events.length;
    await train('ppo');
    const rollout = events.slice(from).find((event) => event.type === 'rollout');
    const ends = (rollout?.views ?? []).flatMap(({ tokens }) => tokens.slice(-1));
    const after = ends.filter(({ token }) => token === null);
    expect(after.length).toBeGreaterThan(0);
    for (const { logProbability, ratio, usedAdvantage, klPenalty, ...row } of after) {
      expect([logProbability, ratio, usedAdvantage, Math.abs(klPenalty)]).toEqual([
        ...[NaN, NaN, NaN, 0],
      ]);
      expect(row.reward).toBe(row.score);
      expect(row.advantage).toBeCloseTo(row.score - row.value, 5);
    }
    // Kept and brought back as they were.
    const { views } = await handlers['project.open']({ project: 'p' });
    const kept = views.find(({ stage }) => stage === 'ppo')?.view.rollout?.views ?? [];
    expect(kept.length).toBe(rollout?.views.length);
    expect(kept.some(({ tokens }) => tokens.at(-1)?.token === null)).toBe(true);
  });
});
