/**
 * GRPO and RLOO as one flat loop: G responses to each prompt, scores, advantages from the group itself, clipped
 * updates, record. No value function. How advantages and the loss are formed is in grpo.ts and rloo.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import { exactDivide, permutation } from '../data/batches.ts';
import { Rng, streamKey } from '../data/rng.ts';
import { gradientsOf, type AdamW, type OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import {
  clipRatioMetrics,
  completionLengthMetrics,
  groupRewardMetrics,
  type ClipShares,
} from './group-metrics.ts';
import { groupRows } from './group-lens.ts';
import type { MissingEosPenalty } from './kl.ts';
import type { Loop, Snapshot } from './loop.ts';
import { maskedMean, mean, type Numbers } from './masked.ts';
import type { MethodInput } from './method.ts';
import { firstRatioChecks, firstResponseChecks } from './method-checks.ts';
import { importanceRatios, maxRatioDeviation } from './metrics.ts';
import { policyLoop, warmedUp, type StepInput, type StepOutput } from './policy-loop.ts';
import { takeJoined, takeScalars } from './read-back.ts';
import { collectResponses, type Responses } from './rollout.ts';
import {
  disposeSequences,
  responseStatistics,
  uploadSequences,
  type SequenceShape,
} from './sequences.ts';

export interface GroupSettings {
  readonly shape: SequenceShape;
  readonly temperature: number;
  /** KL coefficient. */
  readonly beta: number;
  readonly missingEos: MissingEosPenalty;
  readonly iterations: number;
  readonly promptsPerBatch: number;
  /** Responses to each prompt, G. */
  readonly groupSize: number;
  /** Optimizer steps that a batch of promptsPerBatch x G responses is split into. */
  readonly minibatches: number;
  /** How often each batch is used. */
  readonly innerEpochs: number;
  readonly clip: number;
  readonly learningRate: number;
  readonly warmupIterations: number;
  readonly seed: number;
  readonly optimizer: OptimizerSettings;
}

/** Rows of a batch, cut out: token arrays flat [b x R], advantages [b]. */
export interface GroupMinibatch {
  readonly B: number;
  readonly R: number;
  readonly mask: Float32Array;
  readonly oldLogProbabilities: Float32Array;
  readonly referenceLogProbabilities: Float32Array;
  readonly advantages: Float32Array;
}

/** One number per response repeated over its R columns. */
export function perToken(values: Float32Array, R: number): Float32Array {
  return Float32Array.from(
    { length: values.length * R },
    (_, i) => values[Math.floor(i / R)] ?? NaN,
  );
}

/** What makes a group loop GRPO or RLOO. */
export interface GroupRule {
  readonly scope: string;
  /** Where the KL is: a term of the loss (k3), or taken off the score (k1). */
  readonly klPlace: 'reward' | 'loss';
  /** What an advantage is measured from, and whether it is divided by the spread of its group. */
  readonly baseline: { readonly over: 'group' | 'others'; readonly divided: boolean };
  /** One number per response that those of its group are compared by, [B]. */
  rewards(responses: Responses): Float32Array;
  /** One advantage per response from these, [B]. */
  advantages(rewards: Float32Array): Float32Array;
  /** The ratio that the loss clips, of each token or of its whole response, flat [b*R]. */
  ratios(logProbabilities: Float32Array, mini: GroupMinibatch): Numbers;
  /** Loss of log-probabilities [b*R], a scalar. */
  loss(logProbability: tf.Tensor1D, mini: GroupMinibatch): tf.Scalar;
  /** Shares of the clip, from the same log-probabilities off the device. */
  clipped(logProbabilities: Float32Array, mini: GroupMinibatch): ClipShares;
  /** `kl` of a batch, as TRL's trainer of this method reports it. */
  kl(responses: Responses): number;
}

export function groupMinibatch(
  responses: Responses,
  advantages: Float32Array,
  rows: readonly number[],
): GroupMinibatch {
  const { R } = responses;
  const cut = (source: Float32Array): Float32Array => {
    const part = new Float32Array(rows.length * R);
    rows.forEach((row, i) => part.set(source.subarray(row * R, (row + 1) * R), i * R));
    return part;
  };
  return {
    B: rows.length,
    R,
    mask: cut(responses.mask),
    oldLogProbabilities: cut(responses.logProbabilities),
    referenceLogProbabilities: cut(responses.referenceLogProbabilities),
    advantages: Float32Array.from(rows, (row) => advantages[row] ?? NaN),
  };
}

/** One optimizer step on the rows of a minibatch, asked of the device before the first wait. */
async function updateOnRows(
  policy: Model,
  optimizer: AdamW,
  sequences: Responses['sequences'],
  mini: GroupMinibatch,
  rule: GroupRule,
  settings: GroupSettings,
  learningRate: number,
) {
  const batch = uploadSequences(sequences, settings.shape, policy.config.padId);
  const kept: tf.Tensor[] = [];
  const { loss, gradients } = gradientsOf(policy, () => {
    const statistics = responseStatistics(policy, batch, settings.temperature);
    kept.push(tf.keep(tf.clone(statistics.logProbability)), tf.keep(tf.clone(statistics.entropy)));
    return rule.loss(statistics.logProbability as tf.Tensor1D, mini);
  });
  disposeSequences(batch);
  const norm = optimizer.apply(gradients, learningRate);
  const [logProbability, entropy] = kept as [tf.Tensor, tf.Tensor];
  const [[lossValue, gradNorm], logProbabilities, entropies] = await Promise.all([
    takeScalars(loss, norm),
    takeJoined([logProbability]),
    takeJoined([entropy]),
  ]);
  return {
    loss: lossValue,
    gradNorm,
    logProbabilities,
    ratios: rule.ratios(logProbabilities, mini),
    advantages: perToken(mini.advantages, mini.R),
    entropy: maskedMean(entropies, mini.mask),
    clipped: rule.clipped(logProbabilities, mini),
    ratioDeviation: maxRatioDeviation(
      importanceRatios(logProbabilities, mini.oldLogProbabilities, mini.mask),
      mini.mask,
    ),
  };
}

/** All minibatches of all inner epochs, each epoch in a fresh order (D21). */
async function updateOnBatch(
  policy: Model,
  responses: Responses,
  rule: GroupRule,
  settings: GroupSettings,
  { step, optimizer, learningRate }: StepInput,
) {
  const { minibatches, innerEpochs, seed } = settings;
  const size = responses.B / minibatches;
  const rewards = rule.rewards(responses);
  const advantages = rule.advantages(rewards);
  const begun: ReturnType<typeof updateOnRows>[] = [];
  const drawn: (readonly number[])[] = [];
  for (let epoch = 0; epoch < innerEpochs; epoch++) {
    const order = permutation(responses.B, Rng.named(seed, rule.scope, 'rows', step, epoch));
    for (let m = 0; m < minibatches; m++) {
      const rows = order.slice(m * size, (m + 1) * size);
      const mini = groupMinibatch(responses, advantages, rows);
      drawn.push(rows);
      const sequences = rows.map((row) => responses.sequences[row]!);
      begun.push(updateOnRows(policy, optimizer, sequences, mini, rule, settings, learningRate));
    }
  }
  const results = await Promise.all(begun);
  const { clipped: { low, high } = { low: NaN, high: NaN }, ratioDeviation = NaN } =
    results[0] ?? {};
  const values = {
    loss: mean(results.map(({ loss }) => loss)),
    grad_norm: mean(results.map(({ gradNorm }) => gradNorm)),
    entropy: mean(results.map(({ entropy }) => entropy)),
    ...clipRatioMetrics(results.map(({ clipped }) => clipped)),
  };
  const seen = results.map((result, i) => ({ ...result, rows: drawn[i] ?? [] }));
  const checks = step === 0 ? firstRatioChecks(ratioDeviation, low + high) : {};
  return {
    values,
    checks,
    rollout: groupRows(responses, { rewards, advantages }, seen, rule, settings),
  };
}

/** Prompt and response tokens of all rows. */
export function tokenCount(sequences: Responses['sequences']): number {
  return sequences.reduce((sum, { prompt, response }) => sum + prompt.length + response.length, 0);
}

/**
 * Trains `policy` in place. With `from`, it must hold the weights of that snapshot. Throws RangeError when groups have
 * fewer than two responses or the batch does not divide into minibatches.
 */
export function groupLoop(
  policy: Model,
  input: MethodInput,
  settings: GroupSettings,
  rule: GroupRule,
  from?: Snapshot,
): Loop {
  const { promptsPerBatch, groupSize, minibatches, innerEpochs, iterations, seed } = settings;
  if (groupSize < 2) throw new RangeError(`a group needs at least 2 responses, got ${groupSize}`);
  const rows = promptsPerBatch * groupSize;
  exactDivide(rows, minibatches, 'responses per minibatch');
  const models = { policy, reference: input.reference, score: input.score };

  async function run(step: StepInput): Promise<StepOutput> {
    const prompts = step.chosen.flatMap((i) =>
      Array.from({ length: groupSize }, () => input.prompts[i]!),
    );
    const stream = {
      key: streamKey(seed, rule.scope, 'rollout'),
      rows: prompts.map((_, b) => step.step * rows + b),
    };
    const responses = await collectResponses(models, prompts, settings, stream);
    const first = step.step === 0 ? await firstResponseChecks(policy, responses, settings) : {};
    const updated = await updateOnBatch(policy, responses, rule, settings, step);
    const lengths = responses.sequences.map(({ response }) => response.length);
    const values = {
      ...updated.values,
      ...groupRewardMetrics(responses.scores, groupSize),
      ...completionLengthMetrics(lengths, responses.ended),
      kl: rule.kl(responses),
    };
    const checks = { ...first, ...updated.checks };
    const { rollout } = updated;
    return { values, tokens: tokenCount(responses.sequences), checks, rollout };
  }

  const { learningRate, warmupIterations, optimizer } = settings;
  return policyLoop(
    {
      scope: rule.scope,
      policy,
      reference: input.reference,
      total: iterations,
      size: input.prompts.length,
      batch: promptsPerBatch,
      updates: minibatches * innerEpochs,
      rate: warmedUp(learningRate, iterations, warmupIterations),
      seed,
      optimizer,
      run,
    },
    from,
  );
}
