/**
 * PPO phase by phase: an iteration that is left and gone on with between any two phases is the iteration played through,
 * a half-done one is begun again after a reload and never half kept, and settings are turned between iterations.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Model } from '../../../src/model/parameters.ts';
import type { Turn } from '../../../src/records/turn.ts';
import { unprefixed, type Loop, type Snapshot, type StepRecord } from '../../../src/rlhf/loop.ts';
import { isPhase, phaseRecord, type PhaseEnd, type PhaseRecord } from '../../../src/rlhf/phases.ts';
import { ppoLoop, type PpoData, type PpoSettings } from '../../../src/rlhf/ppo.ts';
import { sameBits, start, TINY } from '../model/tiny-model.ts';
import { disposeModels, PPO, ppoModels, prompts, ptx, take } from './toy.ts';

beforeAll(() => start('wasm'));

const score: PpoData['score'] = (rows) =>
  Promise.resolve(rows.map(({ response }) => Math.sin(3 * response.length)));
const SETTINGS: PpoSettings = { ...PPO, innerEpochs: 2, episodes: 3 * PPO.rolloutBatch };

interface Opened {
  readonly loop: Loop;
  readonly close: () => void;
}

const saved = (from: Snapshot, name: string, head: 'language' | 'scalar') =>
  new Model(TINY, head, unprefixed(from.tensors, `${name}.`));

async function open(change: Partial<PpoSettings> = {}, from?: Snapshot): Promise<Opened> {
  const fresh = await ppoModels();
  let models = fresh;
  if (from) {
    for (const model of [fresh.policy, fresh.value, fresh.ema]) model.dispose();
    models = {
      policy: saved(from, 'policy', 'language'),
      reference: fresh.reference,
      value: saved(from, 'value', 'scalar'),
      ema: saved(from, 'ema', 'language'),
    };
  }
  const data = { prompts, ptx, score, scoredByRewardModel: false };
  const loop = ppoLoop(models, data, { ...SETTINGS, ...change }, from);
  const close = () => {
    loop.dispose();
    disposeModels(models);
  };
  return { loop, close };
}

type Records = AsyncGenerator<PhaseEnd | StepRecord, void, void>;

function phasesOf(loop: Loop): Records {
  const records = loop.phases?.();
  if (records === undefined) throw new Error('this loop has phases');
  return records;
}

/** The next record of a loop that is not at its end. */
async function next(records: Records): Promise<PhaseEnd | StepRecord> {
  const { value } = await records.next();
  if (!value) throw new Error('the loop is at its end');
  return value;
}

/** Goes on until `phases` phases more are done. */
async function rest(records: Records, phases: number): Promise<PhaseRecord[]> {
  const seen: PhaseRecord[] = [];
  while (seen.length < phases) {
    const record = await next(records);
    if (isPhase(record)) seen.push(await phaseRecord(record));
  }
  return seen;
}

async function all(records: Records): Promise<(PhaseEnd | StepRecord)[]> {
  const seen: (PhaseEnd | StepRecord)[] = [];
  for await (const record of records) seen.push(record);
  return seen;
}

const steps = (records: readonly (PhaseEnd | StepRecord)[]) =>
  records.filter((record): record is StepRecord => !isPhase(record));

/** Records, state and tensors of a run from its start to its end. */
async function played(change: Partial<PpoSettings> = {}, turns: readonly Turn[] = []) {
  const { loop, close } = await open(change);
  loop.turn?.(turns);
  const records = await take(loop);
  const end = await loop.snapshot();
  close();
  return { records, end };
}

function expectSameEnd(a: Snapshot, b: Snapshot): void {
  expect(a.state).toEqual(b.state);
  expect(sameBits(a.tensors, b.tensors)).toBe(true);
}

describe('an iteration in phases', () => {
  test('O17: stepped through phase by phase, with rests, is the run played through, to the bit', async () => {
    const straight = await played();
    const { loop, close } = await open();
    const records = phasesOf(loop);
    const seen: (PhaseEnd | StepRecord)[] = [];
    // Each phase is asked for by itself, and time passes between two of them.
    for (let taken = await records.next(); !taken.done; taken = await records.next()) {
      seen.push(taken.value);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(steps(seen)).toEqual(straight.records);
    expectSameEnd(await loop.snapshot(), straight.end);
    const order = seen.slice(0, 8).map((record) => (isPhase(record) ? record.phase : 'step'));
    const four = Array<string>(4).fill('minibatch');
    expect(order).toEqual(['rollout', 'reward', 'advantage', ...four, 'step']);
    expect(seen.filter(isPhase).map(({ minibatch }) => minibatch)).toEqual(
      Array.from({ length: 3 }, () => [0, 0, 0, 1, 2, 3, 4]).flat(),
    );
    expect(new Set(seen.filter(isPhase).map(({ minibatches }) => minibatches))).toEqual(
      new Set([4]),
    );
    close();
  });

  test('O17: saved before its first minibatch, it is begun again and ends as the run played through', async () => {
    const straight = await played();
    for (const phases of [1, 2, 3]) {
      const first = await open();
      const records = phasesOf(first.loop);
      await rest(records, 7 + phases);
      const snapshot = await first.loop.snapshot();
      first.close();
      expect(snapshot.state).toMatchObject({ iteration: 1 });
      const again = await open({}, snapshot);
      expect(await take(again.loop)).toEqual(straight.records.slice(1));
      expectSameEnd(await again.loop.snapshot(), straight.end);
      again.close();
    }
  });

  test('D54: from its first minibatch to its end there is no snapshot, and no second generator', async () => {
    const { loop, close } = await open();
    const records = phasesOf(loop);
    for (let phases = 4; phases <= 7; phases++) {
      await rest(records, phases === 4 ? 4 : 1);
      await expect(loop.snapshot()).rejects.toThrow(/half done: finish it first/);
    }
    await expect(take(loop, 1)).rejects.toThrow(/half done: go on with the generator/);
    expect(await next(records)).toMatchObject({ step: 1 });
    await expect(loop.snapshot()).resolves.toMatchObject({ state: { iteration: 1 } });
    close();
  });

  test('each phase shows what it made and nothing that is still to come', async () => {
    const { loop, close } = await open();
    const records = phasesOf(loop);
    const [written, rewarded, credited, first, second, third, last] = await rest(records, 7);
    const whole = await next(records);
    if (isPhase(whole)) throw new Error('the record of the iteration comes last');
    const known = (record: PhaseRecord | undefined) => {
      const rows = record?.rollout ?? [];
      expect(rows).toHaveLength(PPO.rolloutBatch);
      const is = (name: 'tokenScores' | 'rewards' | 'values' | 'advantages' | 'ratios') =>
        rows.every((row) => row[name].length > 0 && row[name].every(Number.isFinite));
      return [is('tokenScores'), is('rewards'), is('values'), is('advantages'), is('ratios')];
    };
    expect(known(written)).toEqual([false, false, false, false, false]);
    expect(known(rewarded)).toEqual([true, true, false, false, false]);
    expect(known(credited)).toEqual([true, true, true, true, false]);
    expect(known(last)).toEqual([true, true, true, true, true]);
    // One minibatch of two has half of the answers; the second epoch has seen them all.
    const seen = (record: PhaseRecord | undefined) =>
      record?.rollout.filter(({ ratios }) => ratios.length > 0).length ?? 0;
    expect(seen(first)).toBe(PPO.rolloutBatch / 2);
    expect([seen(second), seen(third)]).toEqual([PPO.rolloutBatch, PPO.rolloutBatch]);
    // What is shown at the end of the last phase is what the iteration's record has.
    expect(last?.rollout).toEqual(whole.rollout);
    expect(whole.values).toMatchObject({ ...written?.values, ...rewarded?.values });
    expect(whole.values).toMatchObject({ ...credited?.values });
    expect(first?.values['val/ratio']).toBeCloseTo(1, 5);
    expect(last?.values).toHaveProperty('loss/policy_avg');
    close();
  });

  test('no phase leaves a tensor behind', async () => {
    const { loop, close } = await open();
    const records = phasesOf(loop);
    await rest(records, 7);
    await next(records);
    const counts: number[] = [];
    for (let phase = 0; phase < 7; phase++) {
      await rest(records, 1);
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts).size, counts.join()).toBe(1);
    close();
  });
});

describe('settings turned while it runs', () => {
  const turn = (iteration: number, name: Turn['name'], to: number): Turn => ({
    ...{ iteration, name, to },
    from: NaN,
  });

  test.each([
    ['beta', 'objective/kl_coef', 0.7],
    ['ptxCoefficient', 'ptx/coefficient', 0.9],
    ['policyLearningRate', 'lr', 4e-3],
  ] as const)('%s holds from the iteration named on, and not before', async (name, metric, to) => {
    const { records } = await played({}, [turn(2, name, to)]);
    const series = records.map(({ values }) => values[metric]);
    const begun = SETTINGS[name];
    expect(series[0]).toBeCloseTo(begun, 6);
    expect(series.slice(1).map((value) => value?.toFixed(6))).toEqual([
      to.toFixed(6),
      to.toFixed(6),
    ]);
  });

  test('a turned clip is the one that the loss and the token lens use', async () => {
    const { records } = await played({}, [turn(3, 'clip', 1e-6)]);
    expect(records.map(({ rollout }) => rollout?.[0]?.clip)).toEqual([0.2, 0.2, 1e-6]);
    const fractions = records.map(({ values }) => values['policy/clipfrac_avg'] ?? NaN);
    expect(fractions[2]).toBeGreaterThan(0.2 + (fractions[1] ?? NaN));
  });

  test('a beta that adapts goes on adapting from what it was turned to', async () => {
    const change = { adaptiveKl: { target: 1e-3, horizon: 64 } };
    const { records } = await played(change, [turn(2, 'beta', 0.4)]);
    const betas = records.map(({ values }) => values['objective/kl_coef'] ?? NaN);
    const [, , third = NaN] = betas;
    expect(betas[1]).toBeCloseTo(0.4, 6);
    // One adaptation moves it by at most a fifth of 16 / 64.
    expect(Math.abs(third / 0.4 - 1)).toBeGreaterThan(1e-3);
    expect(Math.abs(third / 0.4 - 1)).toBeLessThanOrEqual((0.2 * 16) / 64 + 1e-6);
  });

  test('before the first iteration it is as if the run had begun so', async () => {
    const turned = await played({}, [
      turn(1, 'beta', 0.3),
      turn(1, 'ptxCoefficient', 0),
      turn(1, 'clip', 0.1),
      turn(1, 'policyLearningRate', 2e-3),
    ]);
    const begun = { beta: 0.3, ptxCoefficient: 0, clip: 0.1, policyLearningRate: 2e-3 };
    const straight = await played(begun);
    expect(turned.records).toEqual(straight.records);
    expect(sameBits(turned.end.tensors, straight.end.tensors)).toBe(true);
  });

  test('inside an iteration it changes nothing of that one', async () => {
    const straight = await played({}, [turn(3, 'beta', 0.7), turn(3, 'clip', 0.05)]);
    const { loop, close } = await open();
    const records = phasesOf(loop);
    await rest(records, 7 + 5);
    loop.turn?.([turn(3, 'beta', 0.7), turn(3, 'clip', 0.05)]);
    expect(steps(await all(records))).toEqual(straight.records.slice(1));
    expectSameEnd(await loop.snapshot(), straight.end);
    close();
  });

  test('O17: a run that is resumed with its turned settings ends as one that never stopped', async () => {
    const options = [
      {},
      { adaptiveKl: { target: 1e-3, horizon: 64 }, ptxTargetRatio: 0.3 },
    ] satisfies Partial<PpoSettings>[];
    const turns = [
      turn(2, 'beta', 0.4),
      turn(2, 'clip', 0.05),
      turn(2, 'policyLearningRate', 5e-4),
      turn(3, 'ptxCoefficient', 0.2),
    ];
    for (const change of options) {
      const straight = await played(change, turns);
      for (const after of [1, 2]) {
        const first = await open(change);
        first.loop.turn?.(turns);
        const begun = await take(first.loop, after);
        const snapshot = await first.loop.snapshot();
        first.close();
        const again = await open(change, snapshot);
        again.loop.turn?.(turns);
        expect([...begun, ...(await take(again.loop))]).toEqual(straight.records);
        expectSameEnd(await again.loop.snapshot(), straight.end);
        again.close();
      }
      // The turns are not without effect.
      expect((await played(change)).records).not.toEqual(straight.records);
    }
  });
});
