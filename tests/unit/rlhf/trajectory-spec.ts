/**
 * One spec for every backend: a run of one seed has the series of cpu within rounding, and a batch that is cut into
 * micro-batches takes the same step. The PPO-ptx run of 40 minibatch steps is in ../model/torch-spec.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenMean } from '../../../src/kernels/masked-mean.ts';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { useOwnKernels } from '../../../src/kernels/own-kernel.ts';
import {
  addGradients,
  AdamW,
  DEFAULT_OPTIMIZER,
  gradientsOf,
} from '../../../src/model/optimizer.ts';
import type { Head, Model } from '../../../src/model/parameters.ts';
import type { Loop, StepRecord } from '../../../src/rlhf/loop.ts';
import { ppoLoop, type PpoData } from '../../../src/rlhf/ppo.ts';
import { policyLossTensor, valueLossTensor } from '../../../src/kernels/ppo-losses.ts';
import { comparisonMatrix } from '../../../src/rlhf/comparison-matrix.ts';
import { comparisonLoss, rewardLoop } from '../../../src/rlhf/reward.ts';
import {
  disposeSequences,
  responseScores,
  responseStatistics,
  scoreSequences,
  stateValues,
  uploadSequences,
  type SequenceBatch,
} from '../../../src/rlhf/sequences.ts';
import { sftLoop } from '../../../src/rlhf/sft.ts';
import {
  raggedSequences,
  relativeDistance,
  residuals,
  takeValues,
  TINY,
  tinyModel,
} from '../model/tiny-model.ts';
import { PPO, ppoModels, prompts, ptx, rankings, REWARD, SFT, shape, take } from './toy.ts';

/** Relative to the series; seen were 1.2e-6 and 1.8e-7. */
const TOLERANCE = { largest: 1e-4, mean: 2e-5 };

/** Of 50 steps; seen were 1e-6 and 2e-7, and 5e-5 and 4e-7 of the policy loss, whose terms cancel. */
const LONG_TOLERANCE = { largest: 2e-4, mean: 4e-6 };

async function recordsOf(loop: Loop, ...models: readonly Model[]): Promise<StepRecord[]> {
  const records = await take(loop);
  loop.dispose();
  for (const model of models) model.dispose();
  return records;
}

/** Steps over so many epochs of eight examples, four at a time, with dropout and a share of pre-training text. */
function sftRun(steps: number): Promise<StepRecord[]> {
  const model = tinyModel();
  const settings = { ...SFT, epochs: steps / 2, pretrainMix: 0.25 };
  const loop = sftLoop(model, raggedSequences(8, 4, 5, 2), settings, undefined, ptx);
  return recordsOf(loop, model);
}

function rewardRun(steps: number): Promise<StepRecord[]> {
  const model = tinyModel('scalar');
  const loop = rewardLoop(model, rankings(10), { ...REWARD, epochs: steps / 5 });
  return recordsOf(loop, model);
}

/** Two optimizer steps in each iteration. */
async function ppoRun(steps: number): Promise<StepRecord[]> {
  const models = await ppoModels();
  const reward = await models.value.copy();
  const data: PpoData = {
    ...{ prompts, ptx, scoredByRewardModel: true },
    score: (rows) => scoreSequences(reward, rows, shape),
  };
  const settings = { ...PPO, episodes: (steps / PPO.minibatches) * PPO.rolloutBatch };
  const { policy, reference, value, ema } = models;
  return recordsOf(ppoLoop(models, data, settings), policy, reference, value, ema, reward);
}

/** Gradients of one loss on the given rows of the eight, and the share of those rows in the whole batch. */
interface Part {
  readonly gradients: Map<string, tf.Tensor>;
  readonly share: number;
}
type PartOf = (model: Model, rows: readonly number[]) => Part;

const ROWS = [0, 1, 2, 3, 4, 5, 6, 7];
const sequences = raggedSequences(ROWS.length, 4, 5, 3);
const liveTokens = (rows: readonly number[]): number =>
  rows.reduce((sum, row) => sum + (sequences[row]?.response.length ?? NaN), 0);

/** A loss that is a mean over live tokens: rows weigh by how many they have. */
function tokenPart(
  lossOf: (model: Model, batch: SequenceBatch, extra: tf.Tensor[]) => tf.Scalar,
): PartOf {
  return (model, rows) => {
    const chosen = rows.map((row) => sequences[row] ?? { prompt: [], response: [] });
    const batch = uploadSequences(chosen, shape, TINY.padId);
    // Three numbers per token that depend on the row in the whole batch, not on its place in the part.
    const extra = [1, 2, 3].map((k) => {
      const { responseLength: R } = shape;
      const at = rows.flatMap((row) =>
        Array.from({ length: R }, (_, t) => Math.sin(k + 7 * row + 3 * t)),
      );
      return tf.tensor1d(at);
    });
    const { loss, gradients } = gradientsOf(model, () => lossOf(model, batch, extra));
    tf.dispose([loss, ...extra]);
    disposeSequences(batch);
    return { gradients, share: liveTokens(rows) / liveTokens(ROWS) };
  };
}

const sftPart = tokenPart((model, batch) =>
  tf.neg(maskedTokenMean(responseStatistics(model, batch).logProbability, batch.mask)),
);

const policyPart = tokenPart((model, batch, [noise, advantages]) => {
  const { logProbability } = responseStatistics(model, batch);
  const old = tf.add(tf.mul(noise!, 0.5), -3);
  return policyLossTensor(logProbability, old, advantages!, batch.mask, 0.2);
});

const valuePart = tokenPart((model, batch, [old, returns]) =>
  valueLossTensor(stateValues(model, batch), old!, returns!, batch.mask, 0.2),
);

/** Eq. 1: prompts weigh the same whatever their K. */
const rewardPart: PartOf = (model, rows) => {
  const ranked = rankings(ROWS.length).filter((_, i) => rows.includes(i));
  const flat = ranked.flatMap((ranking) => ranking.sequences);
  const batch = uploadSequences(flat, shape, TINY.padId);
  const matrix = comparisonMatrix(ranked, 'all-pairs');
  const signs = tf.tensor2d(matrix.signs, [matrix.count, flat.length]);
  const weights = tf.tensor1d(matrix.weights);
  const { loss, gradients } = gradientsOf(model, () =>
    comparisonLoss(responseScores(model, batch), signs, weights),
  );
  tf.dispose([loss, signs, weights]);
  disposeSequences(batch);
  return { gradients, share: rows.length / ROWS.length };
};

/** Sum of the parts' gradients by their shares, and the weights after one step along it. */
async function accumulated(head: Head, partOf: PartOf, parts: readonly (readonly number[])[]) {
  const model = tinyModel(head, 4);
  const total = new Map<string, tf.Tensor>();
  for (const rows of parts) {
    const { gradients, share } = partOf(model, rows);
    addGradients(total, gradients, share);
  }
  const copies = new Map([...total].map(([name, gradient]) => [name, tf.clone(gradient)]));
  const optimizer = new AdamW(model, { ...DEFAULT_OPTIMIZER, epsilon: 1e-5 });
  optimizer.apply(total, 1e-2).dispose();
  const weights = await model.tensors();
  optimizer.dispose();
  model.dispose();
  return { gradients: await takeValues(copies), weights };
}

function expectSeries(
  actual: readonly StepRecord[],
  expected: readonly StepRecord[],
  names: readonly string[],
  tolerance: { readonly largest: number; readonly mean: number },
): void {
  for (const name of names) {
    const series = (records: typeof actual) => records.map(({ values }) => values[name] ?? NaN);
    const { largest, mean } = residuals(series(actual), series(expected));
    expect(largest, name).toBeLessThan(tolerance.largest);
    expect(mean, name).toBeLessThan(tolerance.mean);
  }
}

const PPO_SERIES = [
  ...['objective/scores', 'objective/kl', 'loss/policy_avg', 'loss/value_avg', 'loss/ptx_avg'],
  ...['policy/grad_norm', 'val/grad_norm'],
];

/** Declares the comparison of own kernels with stock ops on one backend, which `use` starts. */
export function describeOwnKernels(backend: string, use: () => Promise<unknown>): void {
  describe(`own kernels on ${backend}`, () => {
    afterEach(() => {
      useOwnKernels(true);
    });

    test.each([
      ['SFT', sftRun, ['loss', 'grad_norm'], 50],
      ['the reward model', rewardRun, ['loss', 'grad_norm'], 50],
      ['PPO-ptx', ppoRun, PPO_SERIES, 25],
    ] as const)(
      'O17: 50 steps of %s have the series of stock ops',
      async (_, run, names, length) => {
        await use();
        const own = await run(50);
        useOwnKernels(false);
        const stock = await run(50);
        expect(stock).toHaveLength(length);
        // Proof that two ways of computing were compared.
        expect(own).not.toEqual(stock);
        expectSeries(own, stock, names, LONG_TOLERANCE);
      },
    );
  });
}

/** Declares the comparison of one backend, which `use` starts, with cpu, to which `useCpu` goes back. */
export function describeSeries(
  backend: string,
  use: () => Promise<unknown>,
  useCpu: () => Promise<unknown>,
): void {
  describe(`series on ${backend}`, () => {
    test.each([
      ['SFT', sftRun],
      ['reward model', rewardRun],
    ] as const)('O17: 20 steps of %s have the series of cpu, without drift', async (_, run) => {
      await useCpu();
      const expected = await run(20);
      await use();
      const actual = await run(20);
      expect(expected).toHaveLength(20);
      expectSeries(actual, expected, ['loss', 'grad_norm'], TOLERANCE);
    });
  });
}

/** Declares the tests of gradient accumulation for one backend, which `use` starts. */
export function describeAccumulation(backend: string, use: () => Promise<unknown>): void {
  describe(`gradient accumulation on ${backend}`, () => {
    beforeAll(async () => {
      await use();
    });

    test.each([
      ['SFT loss', 'language', sftPart],
      ['Eq. 1', 'scalar', rewardPart],
      ['clipped policy loss', 'language', policyPart],
      ['clipped value loss', 'scalar', valuePart],
    ] as const)(
      'O17, D17, D35: micro-batches 1 x 8 and 2 x 4 of the %s take the step of 8 x 1',
      async (_, head, partOf) => {
        const whole = await accumulated(head, partOf, [ROWS]);
        for (const parts of [[ROWS.slice(0, 4), ROWS.slice(4)], ROWS.map((row) => [row])]) {
          const { gradients, weights } = await accumulated(head, partOf, parts);
          for (const [name, expected] of whole.gradients) {
            // Some gradients are 0 but for rounding (D37); none that is not is this short.
            const size = Math.max(Math.hypot(...expected), 1e-2);
            const difference = expected.map((x, i) => x - (gradients.get(name)?.[i] ?? NaN));
            expect(Math.hypot(...difference) / size, name).toBeLessThan(1e-5);
          }
          for (const [name, { data }] of whole.weights) {
            expect(relativeDistance(weights.get(name)?.data ?? [], data), name).toBeLessThan(1e-4);
          }
        }
      },
    );
  });
}
