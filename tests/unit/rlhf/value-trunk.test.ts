/** A value head on the policy (D31): what one step is made of, what is stored, and what does not fit together. */
import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenMean } from '../../../src/kernels/masked-mean.ts';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { SettingsError } from '../../../src/config/settings.ts';
import { AdamW, DEFAULT_OPTIMIZER, gradientsOf } from '../../../src/model/optimizer.ts';
import { Model, splitHead, zeroHead } from '../../../src/model/parameters.ts';
import type { ScorePosition } from '../../../src/rlhf/kl.ts';
import { klLossTensor, valueLossTensor } from '../../../src/kernels/ppo-losses.ts';
import { updateOnMinibatch, type UpdateSettings } from '../../../src/rlhf/ppo-update.ts';
import { resultTensors, unprefixed } from '../../../src/rlhf/loop.ts';
import { openPpo } from '../../../src/rlhf/pipeline.ts';
import { collectRollout, type Scorer } from '../../../src/rlhf/rollout.ts';
import {
  disposeSequences,
  responseStatistics,
  stateValues,
  uploadSequences,
} from '../../../src/rlhf/sequences.ts';
import {
  farthest,
  sameBits,
  start,
  takeValues,
  TINY,
  tinyModel,
  tinyTensors,
} from '../model/tiny-model.ts';
import { PPO, prompts, ptx, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));

const lowTokens: Scorer = (rows) =>
  Promise.resolve(
    rows.map(({ response }) => response.filter((token) => token < 9).length / shape.responseLength),
  );

const SHARED = { ...PPO, valueTrunk: 'shared' } as const;
const SEPARATE = { ...PPO, valueTrunk: 'separate' } as const;
const rows = [0, 3, 5, 8, 1, 11, 2, 9];

function origins() {
  const sft = tinyModel('language', 5);
  const reward = tinyModel('scalar', 6);
  return { sft, reward, dispose: () => [sft, reward].forEach((model) => model.dispose()) };
}

/** A policy with a value head, moved away from its reference, and a rollout of it. */
async function moved(scorePosition: ScorePosition = 'last-token') {
  const reference = tinyModel('language', 5);
  const policy = tinyModel('scalar', 9);
  const models = { policy, reference, value: policy, score: lowTokens };
  const rollout = await collectRollout(models, prompts, { ...PPO, scorePosition }, { key: [1, 2] });
  const optimizer = new AdamW(policy, DEFAULT_OPTIMIZER);
  const dispose = () => [reference, policy, optimizer].forEach((each) => each.dispose());
  return { policy, rollout, optimizer, dispose };
}

type Moved = Awaited<ReturnType<typeof moved>>;

/** Gradients that a step with these settings would apply, by parameter; nothing moves. */
async function stepGradients(parts: Moved, change: Partial<UpdateSettings>, shared = true) {
  const { policy, rollout, optimizer } = parts;
  const taken: Map<string, Float32Array>[] = [];
  const apply = optimizer.apply.bind(optimizer);
  const spy = vi.spyOn(optimizer, 'apply').mockImplementation((gradients) => {
    taken.push(new Map([...gradients].map(([k, g]) => [k, g.dataSync<'float32'>().slice()])));
    return apply(gradients, 0);
  });
  const other = new AdamW(policy, DEFAULT_OPTIMIZER);
  const learners = { policy, value: policy, policyOptimizer: optimizer };
  const { metrics } = await updateOnMinibatch(
    { ...learners, valueOptimizer: shared ? null : other },
    rollout,
    rows,
    null,
    { ...PPO, ...change },
    { policy: 0, value: 0 },
  );
  spy.mockRestore();
  other.dispose();
  return { gradients: taken[0] ?? new Map<string, Float32Array>(), metrics };
}

/** Gradients of a loss of its own on the same rows. */
async function lossGradients(
  { policy, rollout }: Moved,
  loss: (
    batch: ReturnType<typeof uploadSequences>,
    cut: (x: Float32Array) => tf.Tensor1D,
  ) => tf.Scalar,
) {
  const sequences = rows.map((row) => rollout.sequences[row]!);
  const batch = uploadSequences(sequences, shape, TINY.padId);
  const { R } = rollout;
  const cut = (x: Float32Array) =>
    tf.tensor1d(rows.flatMap((row) => Array.from(x.subarray(row * R, (row + 1) * R))));
  const { loss: value, gradients } = gradientsOf(policy, () => loss(batch, cut));
  value.dispose();
  disposeSequences(batch);
  return takeValues(gradients);
}

/** Every gradient of `to` is that of `from` plus `weight` times that of `added`. */
function expectSum(
  to: ReadonlyMap<string, ArrayLike<number>>,
  from: ReadonlyMap<string, ArrayLike<number>>,
  added: ReadonlyMap<string, ArrayLike<number>>,
  weight: number,
) {
  let largest = 0;
  expect([...added.keys()].length).toBeGreaterThan(10);
  for (const [name, gradient] of to) {
    const own = from.get(name);
    const more = added.get(name);
    const expected = Array.from(gradient, (_, i) => (own?.[i] ?? 0) + weight * (more?.[i] ?? 0));
    largest = Math.max(largest, ...expected.map(Math.abs));
    expect(farthest(gradient, expected), name).toBeLessThan(3e-5);
  }
  expect(largest).toBeGreaterThan(1e-2);
}

describe('one step', () => {
  test.each(['last-token', 'after-last'] as const)(
    'D10, D31: with the score paid at %s, a shared trunk moves by the policy plus the coefficient times the value',
    async (scorePosition) => {
      const parts = await moved(scorePosition);
      const { gradients: own, metrics: apart } = await stepGradients(parts, {}, false);
      const valueCoefficient = 0.7;
      const { gradients: both, metrics } = await stepGradients(parts, { valueCoefficient });
      const { values, returns, stateMask } = parts.rollout;
      const value = await lossGradients(parts, (batch, cut) =>
        valueLossTensor(
          stateValues(parts.policy, batch),
          ...([cut(values), cut(returns), cut(stateMask), PPO.valueClip] as const),
        ),
      );
      expectSum(both, own, value, valueCoefficient);
      expect(own.has('score.weight')).toBe(false);
      expect(both.has('score.weight')).toBe(true);
      for (const name of ['loss/policy_avg', 'loss/value_avg', 'val/clipfrac_avg']) {
        expect(metrics[name], name).toBeCloseTo(apart[name] ?? NaN, 5);
      }
      expect(metrics['val/grad_norm']).toBeUndefined();
      parts.dispose();
    },
  );

  test.each(['k1', 'k2', 'k3'] as const)(
    'D25: %s in the loss adds beta times its own gradient, and nothing else',
    async (klEstimator) => {
      const parts = await moved();
      const beta = 2;
      const { gradients: own } = await stepGradients(parts, {}, false);
      const change = { klPlace: 'loss', klEstimator, beta } as const;
      const { gradients: with_ } = await stepGradients(parts, change, false);
      const kl = await lossGradients(parts, (batch, cut) =>
        klLossTensor(
          klEstimator,
          responseStatistics(parts.policy, batch).logProbability,
          cut(parts.rollout.referenceLogProbabilities),
          batch.mask,
        ),
      );
      expectSum(with_, own, kl, beta);
      parts.dispose();
    },
  );

  test('S61: an entropy bonus adds minus its weight times the gradient of the mean entropy', async () => {
    const parts = await moved();
    const { gradients: own } = await stepGradients(parts, {}, false);
    const { gradients: with_ } = await stepGradients(parts, { entropyBonus: 3 }, false);
    const entropy = await lossGradients(parts, (batch) =>
      maskedTokenMean(responseStatistics(parts.policy, batch).entropy, batch.mask),
    );
    expectSum(with_, own, entropy, -3);
    parts.dispose();
  });
});

describe('a run', () => {
  test('D31: a head that starts at 0 says 0 at first, and learns; nothing of the reward model is in it', async () => {
    const { sft, reward, dispose } = origins();
    const settings = { ...SHARED, valueCoefficient: 1, policyLearningRate: 5e-3 };
    const open = await openPpo({ sft, reward, prompts, ptx: null, control: lowTokens }, settings);
    const records = await take(open.loop);
    const error = records.map(({ values }) => values['ppo/val/error'] ?? NaN);
    expect(records[0]?.values['ppo/val/mean']).toBe(0);
    expect(records[1]?.values['ppo/val/mean']).not.toBe(0);
    expect(error.at(-1)).toBeLessThan(0.7 * (error[0] ?? NaN));
    const checks = records.at(-1)?.checks ?? {};
    expect(Object.keys(checks)).not.toContain('critic starts as reward model');
    expect(Object.values(checks).every(({ ok }) => ok)).toBe(true);
    open.dispose();
    dispose();
  });

  test('what it leaves behind is a plain language model and its average, as without it', async () => {
    const { sft, reward, dispose } = origins();
    const open = await openPpo({ sft, reward, prompts, ptx }, SHARED);
    await take(open.loop, 1);
    const { tensors } = await open.loop.snapshot();
    const policy = new Model(
      TINY,
      'language',
      unprefixed(resultTensors('ppo', tensors), 'policy.'),
    );
    expect(
      sameBits(await policy.tensors(), splitHead(await open.models.policy.tensors()).language),
    ).toBe(true);
    expect([...unprefixed(tensors, 'value.').keys()]).toEqual(['score.weight', 'score.bias']);
    expect([...unprefixed(tensors, 'valueOptimizer.').keys()]).toEqual([]);
    for (const each of [policy, open]) each.dispose();
    dispose();
  });

  test('a half-done run of the other kind is refused in one line that says what to do', async () => {
    const { sft, reward, dispose } = origins();
    const input = { sft, reward, prompts, ptx: null };
    for (const [first, second, word] of [
      [SHARED, SEPARATE, 'shared'],
      [SEPARATE, SHARED, 'separate'],
    ] as const) {
      const open = await openPpo(input, first);
      await take(open.loop, 1);
      const snapshot = await open.loop.snapshot();
      const before = tf.memory().numTensors;
      const refused = openPpo(input, second, snapshot);
      await expect(refused).rejects.toBeInstanceOf(SettingsError);
      await expect(refused).rejects.toThrow(`saved with a ${word} value function`);
      expect(tf.memory().numTensors).toBe(before);
      open.dispose();
    }
    dispose();
  });

  test('with a calibrated mix all checks hold, and iterations and disposal leave no tensor behind', async () => {
    const { sft, reward, dispose } = origins();
    const input = { sft, reward, prompts, ptx };
    const before = tf.memory().numTensors;
    const open = await openPpo(input, { ...SHARED, ptxTargetRatio: 0.5 });
    const counts: number[] = [];
    for (let i = 0; i < 3; i++) {
      const [record] = await take(open.loop, 1);
      counts.push(tf.memory().numTensors);
      const failed = Object.entries(record?.checks ?? {}).filter(([, { ok }]) => !ok);
      expect(failed).toEqual([]);
      expect(record?.checks).toHaveProperty('gradients add up');
    }
    expect(new Set(counts).size, counts.join()).toBe(1);
    open.dispose();
    expect(tf.memory().numTensors).toBe(before);
    dispose();
  });
});

test('a zero head has the shapes of a scalar head and nothing in it', () => {
  const head = zeroHead(TINY);
  const { head: shapes } = splitHead(tinyTensors('scalar'));
  expect([...head].map(([name, { shape }]) => [name, [...shape]])).toEqual(
    [...shapes].map(([name, { shape }]) => [name, [...shape]]),
  );
  for (const { data } of head.values()) expect(data.every((x) => x === 0)).toBe(true);
});
