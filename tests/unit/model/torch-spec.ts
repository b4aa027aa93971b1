/**
 * One spec for every backend: the program's own forward pass, losses, gradients and steps against the numbers that
 * PyTorch made (tests/golden/torch), to 1e-4 of each tensor's norm. The worst figure of each quantity is printed.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import adamwGolden from '../../golden/torch/adamw.json';
import forwardGolden from '../../golden/torch/forward.json';
import {
  goldenModel,
  goldenRollout,
  goldenTensors,
  minibatch,
  ptxRows,
  rankings,
  rows,
  runPpo,
  settings,
  shape,
  type Flat,
} from '../../golden/torch/golden.ts';
import ppoGolden from '../../golden/torch/ppo.json';
import runGolden from '../../golden/torch/ppo-run.json';
import recorded from '../../golden/torch/responses.json';
import rewardGolden from '../../golden/torch/reward.json';
import sftGolden from '../../golden/torch/sft.json';
import { multiplyByTransposed } from '../../../src/kernels/linear.ts';
import { hiddenStates } from '../../../src/model/forward.ts';
import { AdamW } from '../../../src/model/optimizer.ts';
import type { Head, Model } from '../../../src/model/parameters.ts';
import type { TensorMap } from '../../../src/records/tensor.ts';
import { unprefixed } from '../../../src/rlhf/loop.ts';
import { updateOnMinibatch } from '../../../src/rlhf/ppo-update.ts';
import { rewardLoop } from '../../../src/rlhf/reward.ts';
import {
  disposeSequences,
  responseStatistics,
  scoreSequences,
  uploadSequences,
  valuesOf,
} from '../../../src/rlhf/sequences.ts';
import { sftLoop, type SftSettings } from '../../../src/rlhf/sft.ts';
import { take } from '../rlhf/toy.ts';
import { relativeDistance, residuals, takeValues } from './tiny-model.ts';
import { PLAIN } from '../rlhf/plain-options.ts';

/** Relative to the golden tensor's norm; float32 rounding alone gives about 1e-6. */
const TOLERANCE = 1e-4;
/**
 * For the change of weights in a step: some gradients are 0 but for rounding (a key's bias moves no attention weight),
 * and Adam divides that rounding by epsilon, 1e-5, before it takes it for a step.
 */
const CHANGE_TOLERANCE = 5e-4;
/** A whole run of 40 minibatch steps adds rounding up: largest and mean residual of a series, relative. */
const RUN_TOLERANCE = { largest: 5e-4, mean: 1e-4 };

/**
 * Exactly 0 in the reward model, because a shift of all scores changes no comparison (D37): what is left of these
 * gradients is rounding, which has no relative size. They are held below an absolute bound instead.
 */
const SHIFT_ONLY = ['ln_f.bias', 'score.bias'];

const ONE_STEP: SftSettings = {
  ...settings.sft,
  shape,
  epochs: 1,
  batchSize: rows.length,
  finalShare: 0.1,
  dropout: 0,
  pretrainMix: 0,
  seed: 1,
};

/** Keeps the gradients that each call of an optimizer is given; the result reads them off the device and frees them. */
function recordGradients() {
  const calls: Map<string, tf.Tensor>[] = [];
  const own: { apply: (this: AdamW, ...all: Parameters<AdamW['apply']>) => tf.Scalar } =
    AdamW.prototype;
  const { apply } = own;
  const spy = vi.spyOn(AdamW.prototype, 'apply').mockImplementation(function (this: AdamW, ...all) {
    calls.push(new Map([...all[0]].map(([name, g]) => [name, tf.keep(tf.clone(g))])));
    return apply.apply(this, all);
  });
  return async () => {
    spy.mockRestore();
    const values = [];
    for (const call of calls) values.push(await takeValues(call));
    return values;
  };
}

/** Worst relative distances by quantity. */
class Figures {
  readonly worst = new Map<string, number>();

  note(quantity: string, distance: number): void {
    this.worst.set(quantity, Math.max(this.worst.get(quantity) ?? 0, distance));
  }

  near(
    quantity: string,
    actual: ArrayLike<number>,
    golden: ArrayLike<number>,
    what = '',
    tolerance = TOLERANCE,
  ): void {
    const distance = relativeDistance(actual, golden);
    this.note(quantity, distance);
    expect(distance, `${quantity} ${what}`).toBeLessThan(tolerance);
  }

  /** All tensors by name, the same names on both sides; those in `skip` are left to the caller. */
  allNear(
    quantity: string,
    actual: ReadonlyMap<string, ArrayLike<number>>,
    golden: Flat,
    skip: readonly string[] = [],
  ): void {
    expect([...actual.keys()].sort()).toEqual(Object.keys(golden).sort());
    for (const [name, values] of Object.entries(golden)) {
      if (!skip.includes(name)) this.near(quantity, actual.get(name) ?? [], values, name);
    }
  }

  /** Weights after a step, and their change, which shows errors that the weights' size would hide. */
  weightsNear(
    quantity: string,
    head: Head,
    actual: TensorMap,
    golden: Flat,
    skip: readonly string[] = [],
  ): void {
    const after = new Map([...actual].map(([name, { data }]) => [name, data]));
    this.allNear(`${quantity}: weights after`, after, golden, skip);
    for (const [name, { data: before }] of goldenTensors(head)) {
      if (skip.includes(name)) continue;
      const change = (values: ArrayLike<number> = []) =>
        Array.from(values, (x, i) => x - (before[i] ?? NaN));
      const [own, expected] = [change(after.get(name)), change(golden[name])];
      this.near(`${quantity}: change of weights`, own, expected, name, CHANGE_TOLERANCE);
    }
  }
}

/** Entries of live response tokens, of flat [B x R]. */
function live(flat: ArrayLike<number>): number[] {
  return rows.flatMap(({ response }, b) =>
    response.map((_, t) => flat[b * shape.responseLength + t] ?? NaN),
  );
}

async function forwardValues(language: Model) {
  const batch = uploadSequences(rows, shape, language.config.padId);
  const [logits, logProbability, entropy] = tf.tidy(() => {
    const table = language.get('wte.weight') as unknown as tf.Tensor2D;
    const statistics = responseStatistics(language, batch, settings.temperature);
    const scores = multiplyByTransposed(hiddenStates(language, batch.tokens), table);
    return [scores, statistics.logProbability, statistics.entropy];
  }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const read = {
    logits: await logits.data<'float32'>(),
    logProbability: live(await logProbability.data<'float32'>()),
    entropy: live(await entropy.data<'float32'>()),
  };
  tf.dispose([logits, logProbability, entropy]);
  disposeSequences(batch);
  return read;
}

function forwardTests(figures: Figures): void {
  test('O9, D1, D4: logits of left-padded rows, log-probabilities and entropies at temperature 0.8', async () => {
    const model = goldenModel('language');
    const { logits, logProbability, entropy } = await forwardValues(model);
    const V = model.config.vocabularySize;
    const T = shape.promptLength + shape.responseLength;
    rows.forEach(({ prompt, response }, b) => {
      const from = b * T + shape.promptLength - prompt.length;
      const to = b * T + shape.promptLength + response.length;
      const golden = forwardGolden.logits[b] ?? [];
      figures.near('forward: logits', logits.subarray(from * V, to * V), golden, `row ${b}`);
    });
    figures.near('forward: log-probabilities', logProbability, forwardGolden.logProbabilities);
    figures.near('forward: entropies', entropy, forwardGolden.entropies);
    model.dispose();
  });

  test('D5, D31: scores at the last live token, values at the state before each', async () => {
    const model = goldenModel('scalar');
    const scores = await scoreSequences(model, rows, shape);
    figures.near('forward: scores', scores, forwardGolden.scores);
    const values = await valuesOf(model, rows, shape);
    figures.near('forward: values', live(values), forwardGolden.values);
    model.dispose();
  });
}

function stepTests(figures: Figures): void {
  test('D42, D52: SFT completion loss, every gradient, and the weights after a clipped step', async () => {
    const model = goldenModel('language');
    const gradients = recordGradients();
    const loop = sftLoop(model, rows, ONE_STEP);
    const [record] = await take(loop);
    const [given] = await gradients();
    figures.near('sft: loss', [record?.values['loss'] ?? NaN], [sftGolden.loss]);
    figures.near('sft: gradient norm', [record?.values['grad_norm'] ?? NaN], [sftGolden.gradNorm]);
    figures.allNear('sft: gradients', given ?? new Map(), sftGolden.gradients);
    figures.weightsNear('sft', 'language', await model.tensors(), sftGolden.after);
    loop.dispose();
    model.dispose();
  });

  test.each(['all-pairs', 'kept-pairs'] as const)(
    'D34, D36, O8: Eq. 1 with a tie, divisor %s: loss, every gradient, and the weights after a step',
    async (divisor) => {
      const golden = rewardGolden[divisor];
      const model = goldenModel('scalar');
      const gradients = recordGradients();
      const reward = {
        ...{ ...settings.reward, divisor, shape },
        ...{ batching: 'prompts' as const, epochs: 1, finalShare: 0.1, seed: 1 },
      };
      const loop = rewardLoop(model, rankings, { ...reward, promptsPerBatch: rankings.length });
      const [record] = await take(loop);
      const [given = new Map<string, Float32Array>()] = await gradients();
      const after = await model.tensors();
      figures.near('reward: loss', [record?.values['loss'] ?? NaN], [golden.loss]);
      figures.near(
        'reward: gradient norm',
        [record?.values['grad_norm'] ?? NaN],
        [golden.gradNorm],
      );
      figures.allNear('reward: gradients', given, golden.gradients, SHIFT_ONLY);
      figures.weightsNear('reward', 'scalar', after, golden.after, SHIFT_ONLY);
      for (const name of SHIFT_ONLY) {
        expect(Math.hypot(...(given.get(name) ?? [NaN])), name).toBeLessThan(1e-6);
      }
      loop.dispose();
      model.dispose();
    },
  );

  test('D15, D16, D17, D18, D30: a PPO-ptx update: both losses, accumulated gradients, clip, both sets of weights', async () => {
    const models = { policy: goldenModel('language'), value: goldenModel('scalar') };
    const { ppo, temperature } = settings;
    const learners = {
      ...models,
      policyOptimizer: new AdamW(models.policy, ppo.optimizer),
      valueOptimizer: new AdamW(models.value, ppo.optimizer),
    };
    const gradients = recordGradients();
    const rates = { policy: ppo.policyLearningRate, value: ppo.valueLearningRate };
    const update = { ...PLAIN, ...ppo, beta: 0, temperature, shape, whitenAdvantages: true };
    const rollout = goldenRollout();
    const result = await updateOnMinibatch(learners, rollout, minibatch, ptxRows, update, rates);
    const [policyGradients, valueGradients] = await gradients();
    const golden = {
      'loss/policy_avg': ppoGolden.policy.loss,
      'loss/ptx_avg': ppoGolden.policy.ptxLoss,
      'policy/grad_norm': ppoGolden.policy.gradNorm,
      'loss/value_avg': ppoGolden.value.loss,
      'val/grad_norm': ppoGolden.value.gradNorm,
    };
    for (const [name, value] of Object.entries(golden)) {
      figures.near('ppo: losses and norms', [result.metrics[name] ?? NaN], [value], name);
    }
    const { policy, value } = ppoGolden;
    figures.allNear('ppo policy: gradients', policyGradients ?? new Map(), policy.gradients);
    figures.allNear('ppo value: gradients', valueGradients ?? new Map(), value.gradients);
    figures.weightsNear('ppo policy', 'language', await models.policy.tensors(), policy.after);
    figures.weightsNear('ppo value', 'scalar', await models.value.tensors(), value.after);
    learners.policyOptimizer.dispose();
    learners.valueOptimizer.dispose();
    models.policy.dispose();
    models.value.dispose();
  });
}

function trajectoryTests(figures: Figures): void {
  test('O9, D28, D52, O17: 20 steps of AdamW with decay and clipping: losses, norms, weights, both moments', async () => {
    const { steps, ...adamw } = settings.adamw;
    const model = goldenModel('language');
    const loop = sftLoop(model, rows, { ...ONE_STEP, ...adamw, epochs: steps });
    const records = await take(loop);
    const series = (name: string) => records.map(({ values }) => values[name] ?? NaN);
    figures.near('adamw: losses of 20 steps', series('loss'), adamwGolden.losses);
    figures.near('adamw: gradient norms of 20 steps', series('grad_norm'), adamwGolden.gradNorms);
    const { largest, mean } = residuals(series('loss'), adamwGolden.losses);
    expect(largest).toBeLessThan(TOLERANCE);
    expect(mean).toBeLessThan(TOLERANCE / 4);
    const { tensors } = await loop.snapshot();
    const flat = (prefix: string) =>
      new Map([...unprefixed(tensors, prefix)].map(([name, { data }]) => [name, data]));
    figures.weightsNear('adamw', 'language', unprefixed(tensors, 'model.'), adamwGolden.after);
    figures.allNear('adamw: first moments', flat('first.'), adamwGolden.first);
    figures.allNear('adamw: second moments', flat('second.'), adamwGolden.second);
    loop.dispose();
    model.dispose();
  });

  test('O17: a PPO-ptx run of 40 minibatch steps draws the recorded tokens and has the series that PyTorch replays', async () => {
    const { records, responses, end } = await runPpo();
    expect(responses).toEqual(recorded.responses);
    for (const [name, golden] of Object.entries(runGolden.series)) {
      const series = records.map(({ values }) => values[name] ?? NaN);
      const { largest, mean } = residuals(series, golden);
      figures.note('ppo run: largest residual of a series', largest);
      figures.note('ppo run: mean residual of a series', mean);
      expect(largest, name).toBeLessThan(RUN_TOLERANCE.largest);
      expect(mean, name).toBeLessThan(RUN_TOLERANCE.mean);
    }
    for (const [model, norms] of Object.entries(runGolden.norms)) {
      const weights = unprefixed(end.tensors, `${model}.`);
      for (const [name, norm] of Object.entries<number>(norms)) {
        const length = Math.hypot(...(weights.get(name)?.data ?? []));
        figures.near('ppo run: norms of the last weights', [length], [norm], `${model} ${name}`);
      }
    }
  });
}

/** Declares the tests for one backend, which `use` starts. */
export function describeTorch(backend: string, use: () => Promise<unknown>): void {
  describe(`PyTorch's numbers on ${backend}`, () => {
    const figures = new Figures();
    beforeAll(async () => {
      await use();
    });
    afterAll(() => {
      const lines = [...figures.worst].map(
        ([name, value]) => `  ${value.toExponential(1)} ${name}`,
      );
      console.log(`worst relative difference from PyTorch on ${backend}\n${lines.join('\n')}`);
    });
    forwardTests(figures);
    stepTests(figures);
    trajectoryTests(figures);
  });
}
