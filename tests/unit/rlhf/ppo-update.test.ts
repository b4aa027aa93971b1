/** One optimizer step of PPO-ptx: its tensor losses against the plain ones, and what goes into the step. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { ptxShape } from '../../../src/config/stage-settings.ts';
import { presetSettings } from '../../../src/config/presets.ts';
import { AdamW, DEFAULT_OPTIMIZER, gradientsOf } from '../../../src/model/optimizer.ts';
import { clippedPolicyLoss, clippedValueLoss } from '../../../src/rlhf/clipping.ts';
import { emaOfConstant } from '../../../src/rlhf/ema.ts';
import { emaUpdate } from '../../../src/rlhf/ema-model.ts';
import { klEstimateSlope, meanTokenKl } from '../../../src/rlhf/kl.ts';
import {
  klLossTensor,
  policyLossTensor,
  valueLossTensor,
} from '../../../src/kernels/ppo-losses.ts';
import { updateOnMinibatch } from '../../../src/rlhf/ppo-update.ts';
import { languageModelGradients } from '../../../src/rlhf/pretrain.ts';
import { maskedVariance } from '../../../src/rlhf/masked.ts';
import { collectRollout, type Rollout } from '../../../src/rlhf/rollout.ts';
import { whiten } from '../../../src/rlhf/whitening.ts';
import oracles from '../../golden/oracles.json';
import {
  disposeSequences,
  responseScores,
  responseStatistics,
  scoreSequences,
  uploadSequences,
  valuesOf,
} from '../../../src/rlhf/sequences.ts';
import {
  farthest,
  raggedSequences,
  relativeDistance,
  sameBits,
  start,
  takeValues,
  TINY,
  tinyModel,
} from '../model/tiny-model.ts';
import { disposeModels, PPO, ppoModels, prompts, ptx, shape } from './toy.ts';

beforeAll(() => start('wasm'));

/** Loss and gradient of a tensor loss with respect to its first argument. */
function lossAndSlope(
  loss: (x: tf.Tensor, ...rest: tf.Tensor[]) => tf.Scalar,
  x: readonly number[],
  ...rest: (readonly number[])[]
) {
  return tf.tidy(() => {
    const others = rest.map((values) => tf.tensor1d([...values]));
    const { value, grad } = tf.valueAndGrad((y) => loss(y, ...others))(tf.tensor1d([...x]));
    return { loss: value.dataSync()[0] ?? NaN, gradient: Array.from(grad.dataSync()) };
  });
}

const policy = (x: tf.Tensor, old: tf.Tensor, advantages: tf.Tensor, mask: tf.Tensor) =>
  policyLossTensor(x, old, advantages, mask, 0.2);
const value = (x: tf.Tensor, old: tf.Tensor, returns: tf.Tensor, mask: tf.Tensor) =>
  valueLossTensor(x, old, returns, mask, 0.2);

describe('policyLossTensor', () => {
  test.each([
    [1, 1.3],
    [1, 0.7],
    [-1, 0.7],
    [-1, 1.5],
    [0.5, 1.1],
    [-2, 0.95],
  ])('D15, O7: advantage %s at ratio %s is the plain clipped loss', (advantage, ratio) => {
    const { loss, gradient } = lossAndSlope(policy, [Math.log(ratio)], [0], [advantage], [1]);
    const plain = clippedPolicyLoss(ratio, advantage, 0.2);
    expect(loss).toBeCloseTo(plain.loss, 5);
    // The ratio is its own derivative with respect to the log-probability.
    expect(gradient[0]).toBeCloseTo(plain.gradient * ratio, 5);
  });

  test('D17: padding changes neither loss nor gradient, however wild its numbers are', () => {
    const tight = lossAndSlope(policy, [-1, -2, -3], [-1.1, -1.4, -3], [1, -1, 2], [1, 1, 1]);
    const wide = lossAndSlope(
      policy,
      [-1, -2, -3, -9000, 50],
      [-1.1, -1.4, -3, 0, -9000],
      [1, -1, 2, 7, -7],
      [1, 1, 1, 0, 0],
    );
    expect(wide.loss).toBeCloseTo(tight.loss, 6);
    expect(farthest(wide.gradient, [...tight.gradient, 0, 0])).toBeLessThan(1e-6);
  });
});

describe('valueLossTensor', () => {
  test.each([
    [1.1, 1, 2],
    [1.5, 1, 2],
    [1.5, 1, 0],
    [0.3, 1, 0.6],
  ])('D16: value %s, old %s, return %s is the plain clipped loss', (v, old, target) => {
    const { loss, gradient } = lossAndSlope(value, [v], [old], [target], [1]);
    const plain = clippedValueLoss(v, old, target, 0.2);
    expect(loss).toBeCloseTo(plain.loss, 6);
    expect(gradient[0]).toBeCloseTo(plain.gradient, 6);
  });

  test('D16: beyond the clip the loss is the clipped branch', () => {
    expect(lossAndSlope(value, [1.5], [1], [1.5], [1]).loss).toBeCloseTo(0.5 * 0.3 ** 2, 6);
  });

  test('D16: without a clip it is half the squared error, however far the value went', () => {
    const plain = (x: tf.Tensor, old: tf.Tensor, returns: tf.Tensor, mask: tf.Tensor) =>
      valueLossTensor(x, old, returns, mask, Infinity);
    const { loss, gradient } = lossAndSlope(plain, [5, 1], [1, 1], [4, 3], [1, 1]);
    expect(loss).toBeCloseTo((1 + 4) / 4, 6);
    expect(farthest(gradient, [0.5, -1])).toBeLessThan(1e-6);
    expect(clippedValueLoss(5, 1, 4, Infinity)).toEqual({ loss: 0.5, gradient: 1, clipped: false });
  });

  test('D17: padding changes neither loss nor gradient', () => {
    const tight = lossAndSlope(value, [1, 2], [1, 1], [0, 3], [1, 1]);
    const wide = lossAndSlope(value, [1, 2, 90], [1, 1, 0], [0, 3, -90], [1, 1, 0]);
    expect(wide.loss).toBeCloseTo(tight.loss, 6);
    expect(farthest(wide.gradient, [...tight.gradient, 0])).toBeLessThan(1e-6);
  });
});

describe.each(['k1', 'k2', 'k3'] as const)('klLossTensor, %s', (estimator) => {
  const own = [-1, -2, -0.5, 30];
  const reference = [-1.5, -1, -0.7, -60];
  const mask = [1, 1, 1, 0];
  const tensor = (x: tf.Tensor, other: tf.Tensor, live: tf.Tensor) =>
    klLossTensor(estimator, x, other, live);

  test('D17, D25: loss and slope are the plain ones, padding has none', () => {
    const { loss, gradient } = lossAndSlope(tensor, own, reference, mask);
    const plain = { referenceLogProbabilities: reference, mask, B: 1, R: 4, estimator };
    expect(loss).toBeCloseTo(meanTokenKl({ ...plain, logProbabilities: own }), 5);
    const slopes = own.map((x, i) =>
      mask[i] === 1 ? klEstimateSlope(estimator, x, reference[i] ?? NaN) / 3 : 0,
    );
    expect(farthest(gradient, slopes)).toBeLessThan(1e-6);
  });
});

test('D17: wider columns change neither loss nor gradient of the whole model', async () => {
  const model = tinyModel();
  const sequences = raggedSequences(5, 4, 5);
  const results = [];
  for (const wider of [0, 6]) {
    const columns = { promptLength: 4 + wider, responseLength: 5 + wider };
    const batch = uploadSequences(sequences, columns, TINY.padId);
    const old = tf.mul(batch.mask, -3);
    const { loss, gradients } = gradientsOf(model, () => {
      const { logProbability } = responseStatistics(model, batch);
      return policyLossTensor(logProbability, old, tf.onesLike(old), batch.mask, 100);
    });
    results.push({ loss: loss.dataSync()[0] ?? NaN, gradients: await takeValues(gradients) });
    tf.dispose([old, loss]);
    disposeSequences(batch);
  }
  const [tight, wide] = results;
  expect(wide?.loss).toBeCloseTo(tight?.loss ?? NaN, 4);
  for (const [name, gradient] of tight?.gradients ?? []) {
    const scale = Math.max(...gradient.map(Math.abs), 1e-3);
    expect(farthest(wide?.gradients.get(name) ?? [], gradient) / scale, name).toBeLessThan(1e-3);
  }
  model.dispose();
});

test('D8: tokens after EOS change neither score, nor KL, nor loss, nor gradient', async () => {
  const [policy, reference, critic] = [tinyModel(), tinyModel('language', 2), tinyModel('scalar')];
  const sequences = raggedSequences(6, 4, 5);
  const columns = { promptLength: 4, responseLength: 8 };
  const results = [];
  // The id that fills the columns after EOS: PAD, another token, EOS again.
  for (const filler of [TINY.padId, 3, TINY.eosId]) {
    const batch = uploadSequences(sequences, columns, filler);
    const scores = tf.tidy(() => responseScores(critic, batch).dataSync().slice());
    const klSum = tf.tidy(() => {
      const own = responseStatistics(policy, batch).logProbability;
      const other = responseStatistics(reference, batch).logProbability;
      return tf.sum(tf.mul(tf.sub(own, other), batch.mask)).dataSync()[0] ?? NaN;
    });
    const old = tf.mul(batch.mask, -3);
    const { loss, gradients } = gradientsOf(policy, () => {
      const { logProbability } = responseStatistics(policy, batch);
      return policyLossTensor(logProbability, old, tf.onesLike(old), batch.mask, 100);
    });
    const flat = [...(await takeValues(gradients)).values()].flatMap((values) => [...values]);
    results.push({ scores, klSum, loss: loss.dataSync()[0] ?? NaN, flat });
    tf.dispose([old, loss]);
    disposeSequences(batch);
  }
  const [plain, ...others] = results;
  for (const other of others) {
    expect(farthest(other.scores, plain?.scores ?? [])).toBeLessThan(1e-5);
    expect(other.klSum).toBeCloseTo(plain?.klSum ?? NaN, 4);
    expect(other.loss).toBeCloseTo(plain?.loss ?? NaN, 5);
    expect(relativeDistance(other.flat, plain?.flat ?? [])).toBeLessThan(1e-5);
  }
  for (const model of [policy, reference, critic]) model.dispose();
});

test('D31: a fresh critic gives the state after EOS exactly the score of the reward model', async () => {
  const reward = tinyModel('scalar', 6);
  const critic = await reward.copy();
  const sequences = raggedSequences(6, 4, 5);
  const scores = await scoreSequences(reward, sequences, shape);
  expect(await scoreSequences(critic, sequences, shape)).toEqual(scores);
  // The state in which a token after the last one would be chosen is the one that the score is read from.
  const longer = sequences.map(({ prompt, response }) => ({ prompt, response: [...response, 1] }));
  const R = shape.responseLength + 1;
  const values = await valuesOf(critic, longer, { ...shape, responseLength: R });
  const last = longer.map(({ response }, b) => values[b * R + response.length - 1] ?? NaN);
  expect(farthest(last, scores)).toBeLessThan(1e-5);
  reward.dispose();
  critic.dispose();
});

test('D53: tf.moments has the population variance, which is the default of our whitening and not that of TRL', () => {
  const matrix = oracles.whiten.x.flat();
  const mask = matrix.map(() => 1);
  const { mean, variance } = tf.tidy(() => {
    const moments = tf.moments(tf.tensor1d(matrix));
    return {
      mean: moments.mean.dataSync()[0] ?? NaN,
      variance: moments.variance.dataSync()[0] ?? NaN,
    };
  });
  expect(variance).toBeCloseTo(maskedVariance(matrix, mask), 6);
  expect(Math.abs(variance - maskedVariance(matrix, mask, 'bessel'))).toBeGreaterThan(0.005);
  const white = whiten(matrix, mask);
  white.forEach((x, i) =>
    expect(x).toBeCloseTo(((matrix[i] ?? NaN) - mean) / Math.sqrt(variance), 4),
  );
  expect(white[0]).toBeCloseTo(oracles.whiten.pop_shift[0]?.[0] ?? NaN, 5);
});

async function withRollout(
  use: (parts: {
    models: Awaited<ReturnType<typeof ppoModels>>;
    rollout: Rollout;
    policyOptimizer: AdamW;
    valueOptimizer: AdamW;
  }) => Promise<void>,
): Promise<void> {
  const models = await ppoModels();
  const score = (rows: readonly { response: readonly number[] }[]) =>
    Promise.resolve(rows.map(({ response }) => Math.sin(response.length)));
  const rollout = await collectRollout({ ...models, score }, prompts, PPO, { key: [1, 2] });
  const policyOptimizer = new AdamW(models.policy, DEFAULT_OPTIMIZER);
  const valueOptimizer = new AdamW(models.value, DEFAULT_OPTIMIZER);
  await use({ models, rollout, policyOptimizer, valueOptimizer });
  policyOptimizer.dispose();
  valueOptimizer.dispose();
  disposeModels(models);
}

const rows = [0, 3, 5, 8, 1, 11, 2, 9];

describe('updateOnMinibatch', () => {
  test('D30: gradient(gamma) - gradient(0) = gamma gradient of the pre-training loss, in one step', () =>
    withRollout(async ({ models, rollout, policyOptimizer, valueOptimizer }) => {
      const learners = { ...models, policyOptimizer, valueOptimizer };
      const taken: Map<string, Float32Array>[] = [];
      const apply = policyOptimizer.apply.bind(policyOptimizer);
      vi.spyOn(policyOptimizer, 'apply').mockImplementation((gradients) => {
        taken.push(new Map([...gradients].map(([k, g]) => [k, g.dataSync<'float32'>().slice()])));
        return apply(gradients, 0);
      });
      const { loss, gradients } = languageModelGradients(models.policy, ptx(0));
      const expected = await takeValues(gradients);
      const ptxLoss = loss.dataSync()[0] ?? NaN;
      loss.dispose();
      const rates = { policy: 0, value: 0 };
      const gamma = 3;
      const plain = { ...PPO, ptxCoefficient: 0 };
      await updateOnMinibatch(learners, rollout, rows, ptx(0), plain, rates);
      expect(policyOptimizer.steps).toBe(1);
      const mixed = { ...PPO, ptxCoefficient: gamma };
      const { metrics } = await updateOnMinibatch(learners, rollout, rows, ptx(0), mixed, rates);
      expect(policyOptimizer.steps).toBe(2);
      expect(valueOptimizer.steps).toBe(2);
      expect(metrics['loss/ptx_avg']).toBeCloseTo(ptxLoss, 5);
      const [without, together] = taken;
      let [ptxSquares, ownSquares, product] = [0, 0, 0];
      for (const [name, g] of expected) {
        const own = without?.get(name) ?? new Float32Array(g.length);
        const difference = (together?.get(name) ?? []).map((x, i) => x - (own[i] ?? NaN));
        expect(
          farthest(
            difference,
            g.map((x) => gamma * x),
          ),
          name,
        ).toBeLessThan(2e-5);
        ptxSquares += g.reduce((sum, x) => sum + x * x, 0);
        ownSquares += own.reduce((sum, x) => sum + x * x, 0);
        product += own.reduce((sum, x, i) => sum + x * (g[i] ?? NaN), 0);
      }
      const ratio = (gamma * Math.sqrt(ptxSquares)) / Math.sqrt(ownSquares);
      expect((metrics['ptx/grad_norm_ratio'] ?? NaN) / ratio).toBeCloseTo(1, 3);
      expect((metrics['ppo/grad_norm'] ?? NaN) / Math.sqrt(ownSquares)).toBeCloseTo(1, 4);
      expect((metrics['ptx/grad_norm'] ?? NaN) / Math.sqrt(ptxSquares)).toBeCloseTo(1, 4);
      const cosine = product / Math.sqrt(ownSquares * ptxSquares);
      expect(Math.abs(cosine)).toBeGreaterThan(0.001);
      expect(metrics['ptx/grad_cosine']).toBeCloseTo(cosine, 5);
    }));

  test('D31: policy and value function move by their own rates and never touch each other', () =>
    withRollout(async ({ models, rollout, policyOptimizer, valueOptimizer }) => {
      const learners = { ...models, policyOptimizer, valueOptimizer };
      const before = [await models.policy.tensors(), await models.value.tensors()] as const;
      await updateOnMinibatch(learners, rollout, rows, null, PPO, { policy: 1e-3, value: 0 });
      expect(sameBits(await models.value.tensors(), before[1])).toBe(true);
      const policyMoved = await models.policy.tensors();
      expect(sameBits(policyMoved, before[0])).toBe(false);
      await updateOnMinibatch(learners, rollout, rows, null, PPO, { policy: 0, value: 1e-3 });
      expect(sameBits(await models.policy.tensors(), policyMoved)).toBe(true);
      expect(sameBits(await models.value.tensors(), before[1])).toBe(false);
    }));

  test('D22, D23: a rollout is the same after the updates as before; the ratio leaves 1', () =>
    withRollout(async ({ models, rollout, policyOptimizer, valueOptimizer }) => {
      const learners = { ...models, policyOptimizer, valueOptimizer };
      const frozen = structuredClone(rollout);
      const rates = { policy: 1e-2, value: 1e-2 };
      const first = await updateOnMinibatch(learners, rollout, rows, null, PPO, rates);
      const second = await updateOnMinibatch(learners, rollout, rows, null, PPO, rates);
      expect(rollout).toEqual(frozen);
      expect(first.metrics['val/ratio']).toBeCloseTo(1, 4);
      expect(first.metrics['policy/approxkl_avg']).toBeLessThan(1e-8);
      expect(second.metrics['policy/approxkl_avg']).toBeGreaterThan(1e-5);
    }));
});

test('S64: the paper preset takes 8 pre-training examples per episode into each step', () => {
  const { ppo } = presetSettings('paper');
  const episodes = ppo.rolloutBatch / ppo.minibatches;
  expect(ptxShape(presetSettings('paper'))).toEqual({
    batch: 8 * episodes,
    length: ppo.ptxTokens + 1,
  });
});

test('D29: the average of unchanged weights follows its closed form', async () => {
  const [shadow, weights] = [tinyModel('language', 1), tinyModel('language', 2)];
  const [from, to] = [await shadow.tensors(), await weights.tensors()];
  const tensors = tf.memory().numTensors;
  for (let i = 0; i < 25; i++) emaUpdate(shadow, weights, 0.992);
  expect(tf.memory().numTensors).toBe(tensors);
  for (const [name, { data }] of await shadow.tensors()) {
    const expected = Array.from(data, (_, i) =>
      emaOfConstant(from.get(name)?.data[i] ?? NaN, to.get(name)?.data[i] ?? NaN, 0.992, 25),
    );
    expect(farthest(data, expected), name).toBeLessThan(1e-5);
  }
  shadow.dispose();
  weights.dispose();
});
