/**
 * One spec for every backend: gradients of every training loss against central differences, along random directions
 * of the whole model, and tensor by tensor along directions that lean on the gradient.
 */
import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenMean } from '../../../src/kernels/masked-mean.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { embedding } from '../../../src/kernels/embedding.ts';
import { residualDropout } from '../../../src/model/dropout.ts';
import { gradientsOf } from '../../../src/model/optimizer.ts';
import type { Model } from '../../../src/model/parameters.ts';
import { dpoLossTensor } from '../../../src/rlhf/dpo-update.ts';
import { grpoLossTensor } from '../../../src/rlhf/grpo.ts';
import {
  policyLossTensor,
  ppoPolicyLossTensor,
  valueLossTensor,
} from '../../../src/kernels/ppo-losses.ts';
import { languageModelGradients } from '../../../src/rlhf/pretrain.ts';
import { rlooLossTensor } from '../../../src/rlhf/rloo.ts';
import { comparisonMatrix } from '../../../src/rlhf/comparison-matrix.ts';
import { comparisonLoss } from '../../../src/rlhf/reward.ts';
import {
  disposeSequences,
  responseScores,
  responseStatistics,
  stackedStatistics,
  stateValues,
  uploadSequences,
  type SequenceBatch,
} from '../../../src/rlhf/sequences.ts';
import { farthest, raggedSequences, takeValues, TINY, tinyModel } from './tiny-model.ts';

/** Along its gradient a loss bends soon; along a random direction it hardly changes, and a longer step drowns rounding. */
const STEP = 5e-3;
const RANDOM_STEP = 5e-2;
const shape = { promptLength: 4, responseLength: 5 };
const ROWS = 6;

type Direction = ReadonlyMap<string, Float32Array>;

const norm = (values: Iterable<Float32Array>): number =>
  Math.sqrt([...values].reduce((sum, v) => v.reduce((s, x) => s + x * x, sum), 0));

const inner = (a: Direction, b: Direction): number =>
  [...a].reduce((sum, [name, v]) => {
    const other = b.get(name);
    return sum + v.reduce((s, x, i) => s + x * (other?.[i] ?? NaN), 0);
  }, 0);

const scaled = (direction: Direction, factor: number): Direction =>
  new Map([...direction].map(([name, v]) => [name, v.map((x) => x * factor)]));

/** Unit vector drawn evenly over the sphere. */
function randomDirection(gradient: Direction, rng: Rng): Direction {
  const random = new Map([...gradient].map(([name, v]) => [name, v.map(() => rng.normal())]));
  return scaled(random, 1 / norm(random.values()));
}

/** Unit vector: the gradient's own direction and half as much of a random one, so that an error on either shows. */
function leaningDirection(gradient: Direction, rng: Rng): Direction {
  const random = randomDirection(gradient, rng);
  const length = Math.max(1e-12, norm(gradient.values()));
  const mixed = new Map(
    [...gradient].map(([name, v]) => [
      name,
      v.map((x, i) => x / length + (random.get(name)?.[i] ?? NaN) / 2),
    ]),
  );
  return scaled(mixed, 1 / norm(mixed.values()));
}

function shift(model: Model, direction: Direction, by: number): void {
  for (const [name, values] of direction) {
    const variable = model.get(name);
    const moved = tf.tidy(() => tf.add(variable, tf.mul(tf.tensor(values, variable.shape), by)));
    variable.assign(moved);
    moved.dispose();
  }
}

async function slope(
  model: Model,
  loss: () => tf.Scalar,
  direction: Direction,
  step: number,
): Promise<number> {
  const at = async (by: number): Promise<number> => {
    shift(model, direction, by);
    const value = tf.tidy(loss);
    const [result = NaN] = await value.data();
    value.dispose();
    shift(model, direction, -by);
    return result;
  };
  return ((await at(step)) - (await at(-step))) / (2 * step);
}

async function expectGradient(model: Model, loss: () => tf.Scalar, untouched: string[] = []) {
  const { loss: value, gradients } = gradientsOf(model, loss);
  value.dispose();
  const plain = await takeValues(gradients);
  expect([...model.variables.keys()].filter((name) => !plain.has(name))).toEqual(untouched);
  const rng = Rng.named(5, 'directions');
  const length = norm(plain.values());
  // A random direction sees about 1 / sqrt(parameters) of the gradient. The slope must be right to a two-hundredth
  // of that; rounding alone was seen to give 0.0006.
  const parameters = [...plain.values()].reduce((sum, { length: n }) => sum + n, 0);
  for (let i = 0; i < 5; i++) {
    const direction = randomDirection(plain, rng);
    const expected = inner(direction, plain);
    const error = Math.abs((await slope(model, loss, direction, RANDOM_STEP)) - expected);
    expect(error, 'random direction').toBeLessThan((0.005 * length) / Math.sqrt(parameters));
  }
  // Float32 losses near 3 differ by rounding of about 3e-5 per unit of slope at this step.
  const expectSlope = async (gradient: Direction, what: string): Promise<void> => {
    const direction = leaningDirection(gradient, rng);
    const error = Math.abs(
      (await slope(model, loss, direction, STEP)) - inner(direction, gradient),
    );
    expect(error, what).toBeLessThan(0.01 * norm(gradient.values()) + 3e-4);
  };
  for (let i = 0; i < 3; i++) await expectSlope(plain, 'whole model');
  for (const [name, values] of plain) await expectSlope(new Map([[name, values]]), name);
}

/** Declares the tests for one backend, which `use` starts. */
export function describeGradients(backend: string, use: () => Promise<unknown>): void {
  describe(`gradients along random directions on ${backend}`, () => {
    let policy: Model;
    let critic: Model;
    let batch: SequenceBatch;

    beforeAll(async () => {
      await use();
      policy = tinyModel('language', 3);
      critic = tinyModel('scalar', 4);
      batch = uploadSequences(raggedSequences(ROWS, 4, 5), shape, TINY.padId);
    });
    afterAll(() => {
      disposeSequences(batch);
      policy.dispose();
      critic.dispose();
    });

    /** Values of what `f` computes, off the device. */
    const read = async (f: () => tf.Tensor): Promise<Float32Array> => {
      const tensor = tf.tidy(f);
      const values = (await tensor.data<'float32'>()).slice();
      tensor.dispose();
      return values;
    };

    test('language-model loss, and the gradient that PPO-ptx takes is this one', async () => {
      const rng = Rng.named(1, 'rows');
      const tokens = Int32Array.from({ length: 3 * 8 }, () => rng.int(29));
      const ptx = { batch: 3, time: 7, tokens };
      const whole = uploadSequences(
        [0, 1, 2].map((b) => ({
          prompt: [tokens[b * 8] ?? NaN],
          response: Array.from(tokens.subarray(b * 8 + 1, b * 8 + 8)),
        })),
        { promptLength: 1, responseLength: 7 },
        TINY.padId,
      );
      const loss = (): tf.Scalar =>
        tf.neg(maskedTokenMean(responseStatistics(policy, whole).logProbability, whole.mask));
      const { loss: value, gradients } = languageModelGradients(policy, ptx);
      const own = gradientsOf(policy, loss);
      expect(farthest(await value.data(), await own.loss.data())).toBeLessThan(1e-5);
      const [ptxValues, ownValues] = [await takeValues(gradients), await takeValues(own.gradients)];
      for (const [name, expected] of ownValues) {
        expect(farthest(ptxValues.get(name) ?? [], expected), name).toBeLessThan(1e-5);
      }
      tf.dispose([value, own.loss]);
      await expectGradient(policy, loss);
      disposeSequences(whole);
    });

    test('SFT loss with dropout', async () => {
      await expectGradient(policy, () => {
        const dropout = residualDropout(0.2, [1, 2], 3);
        const { logProbability } = responseStatistics(policy, batch, 1, dropout);
        return tf.neg(maskedTokenMean(logProbability, batch.mask));
      });
    });

    test('entropy at another temperature', async () => {
      await expectGradient(policy, () =>
        maskedTokenMean(responseStatistics(policy, batch, 0.7).entropy, batch.mask),
      );
    });

    test('reward loss', async () => {
      const matrix = comparisonMatrix([{ ranks: [1, 2, 2] }, { ranks: [3, 1, 2] }], 'all-pairs');
      const signs = tf.tensor2d(matrix.signs, [matrix.count, ROWS]);
      const weights = tf.tensor1d(matrix.weights);
      await expectGradient(critic, () =>
        comparisonLoss(responseScores(critic, batch), signs, weights),
      );
      tf.dispose([signs, weights]);
    });

    test('D23: policy loss, with old log-probabilities and advantages as constants', async () => {
      // Log ratios stay clear of the clip's corners at log 0.8 and log 1.2.
      const offsets = [0.05, 0.6, -0.6, -0.05];
      const now = await read(() => responseStatistics(policy, batch).logProbability);
      const old = tf.tensor1d(now.map((x, i) => x - (offsets[i % 4] ?? NaN)));
      const advantages = tf.tensor1d(now.map((_, i) => Math.sin(3 * i)));
      await expectGradient(policy, () => {
        const { logProbability } = responseStatistics(policy, batch);
        return policyLossTensor(logProbability, old, advantages, batch.mask, 0.2);
      });
      tf.dispose([old, advantages]);
    });

    test.each(['k1', 'k2', 'k3'] as const)(
      'D23, D25: policy loss with %s to the reference and an entropy bonus, as PPO takes it',
      async (estimator) => {
        const offsets = [0.05, 0.6, -0.6, -0.05];
        const now = await read(() => responseStatistics(policy, batch, 0.7).logProbability);
        const old = tf.tensor1d(now.map((x, i) => x - (offsets[i % 4] ?? NaN)));
        const advantages = tf.tensor1d(now.map((_, i) => Math.sin(3 * i)));
        const reference = tf.tensor1d(now.map((x, i) => x + 0.5 * Math.cos(i)));
        const kl = { reference, estimator, weight: 0.5 };
        await expectGradient(policy, () =>
          ppoPolicyLossTensor(
            stackedStatistics(policy, batch, 0.7),
            { old, advantages, mask: batch.mask, kl },
            { clip: 0.2, entropyBonus: 0.3 },
          ),
        );
        tf.dispose([old, advantages, reference]);
      },
    );

    test('GRPO, RLOO and DPO losses', async () => {
      const offsets = [0.05, 0.6, -0.6, -0.05];
      const now = await read(() => responseStatistics(policy, batch).logProbability);
      const mini = {
        B: ROWS,
        R: 5,
        mask: batch.maskValues,
        // RLOO sums changes over a response: these stay away from the corners of the clip as sums too.
        oldLogProbabilities: now.map((x, i) => x - (offsets[i % 4] ?? NaN) / 10),
        referenceLogProbabilities: now.map((x, i) => x + 0.5 * Math.cos(i)),
        advantages: Float32Array.from({ length: ROWS }, (_, b) => Math.sin(3 * b + 1)),
      };
      const own = () => responseStatistics(policy, batch).logProbability as tf.Tensor1D;
      for (const lossType of ['grpo', 'dr_grpo'] as const) {
        const settings = { lossType, clip: 0.2, beta: 0.3 };
        await expectGradient(policy, () => grpoLossTensor(own(), mini, settings));
      }
      await expectGradient(policy, () => rlooLossTensor(own(), mini, 0.2));
      for (const loss of ['sigmoid', 'ipo'] as const) {
        await expectGradient(policy, () => {
          const sums = tf.sum(tf.reshape(tf.mul(own(), batch.mask), [ROWS, 5]), 1) as tf.Tensor1D;
          const reference = tf.tensor1d(Float32Array.from({ length: ROWS }, (_, b) => -3 - b));
          return dpoLossTensor(sums, reference, { loss, beta: 0.3 });
        });
      }
    });

    test('value loss', async () => {
      const now = await read(() => stateValues(critic, batch));
      const old = tf.tensor1d(now.map((x, i) => x + (i % 2 === 0 ? 0.05 : 0.8)));
      const returns = tf.tensor1d(now.map((x, i) => x + 2 * Math.cos(5 * i)));
      await expectGradient(critic, () =>
        valueLossTensor(stateValues(critic, batch), old, returns, batch.mask, 0.2),
      );
      tf.dispose([old, returns]);
    });

    test('rows taken twice get both gradients, rows not taken get none', async () => {
      const table = tf.tensor2d(
        new Float32Array(8).map((_, i) => i),
        [4, 2],
      );
      const ids = tf.tensor1d([2, 0, 2], 'int32');
      const weights = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      const gradient = await read(() =>
        tf.grad((x) => tf.sum(tf.mul(embedding(x as tf.Tensor2D, ids), weights)))(table),
      );
      expect(Array.from(gradient)).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
      tf.dispose([table, ids, weights]);
    });
  });
}
