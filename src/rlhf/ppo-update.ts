/**
 * One optimizer step of PPO-ptx on a minibatch: clipped policy loss with the pre-training gradient accumulated into
 * the same step (paper, Eq. 2 and appendix C.4), and the clipped value loss, with the value function's own optimizer or,
 * where the value head sits on the policy, as one more term of the policy's loss. Losses: ppo-losses.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { TokenStatistics } from '../kernels/token-log-probability.ts';
import type { AdamW } from '../model/optimizer.ts';
import {
  accumulatedGradients,
  addGradients,
  globalNorm,
  type Gradients,
} from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { meanTokenKl, type KlEstimator } from './kl.ts';
import { updateMetrics } from './metrics.ts';
import { microBatches, weighted, type MicroBatch } from './micro-batches.ts';
import { minibatchOf, partOf, type Minibatch, type Whitening } from './minibatches.ts';
import { klLossTensor, policyLossTensor, valueLossTensor } from './ppo-losses.ts';
import { languageModelGradients, type TokenRows } from './pretrain.ts';
import type { PtxWeight } from './ptx-calibration.ts';
import { takeJoined, takeScalars } from './read-back.ts';
import type { Rollout } from './rollout.ts';
import {
  maskedTokenMean,
  responseStatistics,
  stateValues,
  statisticsAndValues,
  uploadSequences,
  type SequenceBatch,
  type SequenceShape,
} from './sequences.ts';

export interface UpdateSettings extends Whitening {
  readonly shape: SequenceShape;
  /** Most rows in a model at once; 0 or absent for the whole minibatch (gradient accumulation). */
  readonly microBatch?: number;
  readonly temperature: number;
  readonly clip: number;
  /** Infinity does not clip. */
  readonly valueClip: number;
  /** KL coefficient; read here only when the KL is a term of the loss. */
  readonly beta: number;
  readonly klPlace: 'reward' | 'loss';
  readonly klEstimator: KlEstimator;
  /** Multiplies the mean entropy of the next token, which the loss is lowered by. */
  readonly entropyBonus: number;
  /** Multiplies the pre-training gradient; 0 is plain PPO. */
  readonly ptxCoefficient: number;
  /** Multiplies the value loss where the value head sits on the policy. */
  readonly valueCoefficient: number;
}

export interface Learners {
  readonly policy: Model;
  readonly value: Model;
  readonly policyOptimizer: AdamW;
  /** Null where the value head sits on the policy, which `value` then is. */
  readonly valueOptimizer: AdamW | null;
}

/** Sum of products over all parameters that both have, a scalar that the caller disposes. */
function innerProduct(a: Gradients, b: Gradients): tf.Scalar {
  return tf.tidy(() => {
    const products = [...a].map(([name, gradient]) => {
      const other = b.get(name);
      return tf.reshape(other ? tf.sum(tf.mul(gradient, other)) : tf.scalar(0), [1]);
    });
    return tf.sum(tf.concat(products));
  });
}

/** Pre-training beside PPO: its gradient, and what is read of both. */
interface Pretraining {
  readonly gradients: Map<string, tf.Tensor>;
  /** Loss, norm of the PPO gradient, norm of the pre-training gradient, their inner product. */
  readonly read: Promise<readonly [number, number, number, number]>;
}

/** The pre-training gradient of `rows`, not yet added to the PPO gradients. */
function pretrainingBeside(
  policy: Model,
  gradients: Gradients,
  rows: TokenRows,
  microBatch?: number,
): Pretraining {
  const ptx = languageModelGradients(policy, rows, microBatch);
  const read = takeScalars(
    ...([ptx.loss, globalNorm(gradients), globalNorm(ptx.gradients)] as const),
    innerProduct(gradients, ptx.gradients),
  );
  return { gradients: ptx.gradients, read };
}

/** Pre-training loss, its weight, norms of both gradients before they are added, ratio of weighted norms, cosine (D30). */
async function pretrainingMetrics(
  { read }: Pretraining,
  coefficient: number,
): Promise<Record<string, number>> {
  const [loss, ppoNorm, ptxNorm, product] = await read;
  return {
    'loss/ptx_avg': loss,
    'ppo/grad_norm': ppoNorm,
    'ptx/coefficient': coefficient,
    'ptx/grad_norm': ptxNorm,
    'ptx/grad_norm_ratio': (coefficient * ptxNorm) / ppoNorm,
    'ptx/grad_cosine': product / (ppoNorm * ptxNorm),
  };
}

/** What one minibatch update is made from. */
interface StepInput {
  readonly learners: Learners;
  readonly mini: Minibatch;
  readonly settings: UpdateSettings;
}

/** Rows that go through a model together: all of the minibatch, or a micro-batch of it. */
interface Part {
  readonly batch: SequenceBatch;
  readonly mini: Minibatch;
  readonly settings: UpdateSettings;
  /** Of the live tokens of the minibatch, and of its live states. */
  readonly tokenShare: number;
  readonly stateShare: number;
}

const count = (mask: Float32Array): number => mask.reduce((sum, live) => sum + live, 0);

/** Uploads rows, which the tidy around it frees. */
function uploadPart({ learners, mini, settings }: StepInput, rows: MicroBatch): Part {
  const part = partOf(mini, rows);
  return {
    batch: uploadSequences(part.sequences, settings.shape, learners.policy.config.padId),
    mini: part,
    settings,
    tokenShare: count(part.mask) / count(mini.mask),
    stateShare: count(part.stateMask) / count(mini.stateMask),
  };
}

/** Sum of the losses of all parts and its gradient; `lossOf` weighs each by its share. */
function gradientsInParts(model: Model, input: StepInput, lossOf: (part: Part) => tf.Scalar) {
  const rows = microBatches(input.mini.sequences.length, input.settings.microBatch);
  const losses = rows.map((part) => () => lossOf(uploadPart(input, part)));
  return accumulatedGradients(model, losses);
}

/** The value loss of `values` [B*R] over the live states of the minibatch. */
function valueLossOf(values: tf.Tensor, { mini, settings, stateShare }: Part): tf.Scalar {
  const old = tf.tensor1d(mini.oldValues);
  const returns = tf.tensor1d(mini.returns);
  const mask = tf.tensor1d(mini.stateMask);
  return weighted(valueLossTensor(values, old, returns, mask, settings.valueClip), stateShare);
}

/** What the policy says of a minibatch, [B*R] each; with state values where the value head sits on it. */
type Read = TokenStatistics & { readonly values?: tf.Tensor1D };

/** What the policy's parameters are moved against: the clipped loss and whatever terms the settings add. */
function policyLossOf({ logProbability, entropy, values }: Read, part: Part): tf.Scalar {
  const { batch, mini, settings, tokenShare } = part;
  const { clip, klPlace, klEstimator, beta, entropyBonus, valueCoefficient } = settings;
  const old = tf.tensor1d(mini.oldLogProbabilities);
  const advantages = tf.tensor1d(mini.advantages);
  let loss: tf.Scalar = policyLossTensor(logProbability, old, advantages, batch.mask, clip);
  if (klPlace === 'loss' && beta > 0) {
    const reference = tf.tensor1d(mini.referenceLogProbabilities);
    const kl = klLossTensor(klEstimator, logProbability, reference, batch.mask);
    loss = tf.add(loss, tf.mul(kl, beta));
  }
  if (entropyBonus > 0) {
    loss = tf.sub(loss, tf.mul(maskedTokenMean(entropy, batch.mask), entropyBonus));
  }
  loss = weighted(loss, tokenShare);
  return values ? tf.add(loss, tf.mul(valueLossOf(values, part), valueCoefficient)) : loss;
}

interface PolicyPass {
  readonly logProbabilities: Float32Array;
  readonly entropies: Float32Array;
  /** State values, where the value head sits on the policy. */
  readonly stateValues: Float32Array | null;
  readonly values: Readonly<Record<string, number>>;
}

/** Kept by name for all parts, to be read once the step is asked for. */
type Kept = Record<'logProbability' | 'entropy' | 'values', tf.Tensor[]>;

/** Asks for the whole step before it waits for anything, except for the norms that `weigh` needs. */
async function policyStep(
  input: StepInput,
  ptxRows: TokenRows | null,
  weigh: PtxWeight | null,
  learningRate: number,
): Promise<PolicyPass> {
  const { learners, settings } = input;
  const { policy, policyOptimizer } = learners;
  const shared = learners.valueOptimizer === null;
  const kept: Kept = { logProbability: [], entropy: [], values: [] };
  const { loss, gradients } = gradientsInParts(policy, input, (part) => {
    const read: Read = shared
      ? statisticsAndValues(policy, part.batch, settings.temperature)
      : responseStatistics(policy, part.batch, settings.temperature);
    for (const name of ['logProbability', 'entropy', 'values'] as const) {
      const own = read[name];
      if (own) kept[name].push(tf.keep(tf.clone(own)));
    }
    return policyLossOf(read, part);
  });
  loss.dispose();
  const ptx = ptxRows && pretrainingBeside(policy, gradients, ptxRows, settings.microBatch);
  let coefficient = settings.ptxCoefficient;
  if (ptx && weigh) {
    const [, ppoNorm, ptxNorm] = await ptx.read;
    coefficient = weigh(ppoNorm, ptxNorm);
  }
  if (ptx) addGradients(gradients, ptx.gradients, coefficient);
  const norm = policyOptimizer.apply(gradients, learningRate);
  const [[gradNorm], logProbabilities, entropies, stateValues, pretraining] = await Promise.all([
    takeScalars(norm),
    takeJoined(kept.logProbability),
    takeJoined(kept.entropy),
    shared ? takeJoined(kept.values) : null,
    ptx ? pretrainingMetrics(ptx, coefficient) : {},
  ]);
  const values = { ...pretraining, 'policy/grad_norm': gradNorm };
  return { logProbabilities, entropies, stateValues, values };
}

async function valueStep(
  input: StepInput,
  optimizer: AdamW,
  learningRate: number,
): Promise<{ values: Float32Array; gradNorm: number }> {
  const { value } = input.learners;
  const kept: tf.Tensor[] = [];
  const { loss, gradients } = gradientsInParts(value, input, (part) => {
    const values = stateValues(value, part.batch);
    kept.push(tf.keep(tf.clone(values)));
    return valueLossOf(values, part);
  });
  loss.dispose();
  const norm = optimizer.apply(gradients, learningRate);
  const [values, [gradNorm]] = await Promise.all([takeJoined(kept), takeScalars(norm)]);
  return { values, gradNorm };
}

/** Log-probabilities and values before the step, as the metrics and the first-minibatch check need them. */
export interface UpdateResult {
  readonly metrics: Readonly<Record<string, number>>;
  readonly logProbabilities: Float32Array;
  /** As the policy loss used them: whitened if they were. */
  readonly advantages: Float32Array;
}

/** TRL's metrics of the step, and the KL term of the loss where it has one. */
function stepMetrics(
  { mini, settings }: StepInput,
  policy: PolicyPass,
  values: Float32Array,
): Record<string, number> {
  const { logProbabilities, entropies } = policy;
  const B = mini.sequences.length;
  const { klPlace, klEstimator: estimator, clip: policyClip, valueClip } = settings;
  const R = mini.mask.length / B;
  return {
    ...updateMetrics({ ...mini, logProbabilities, entropies, values, policyClip, valueClip }),
    ...(klPlace === 'loss' && {
      'loss/kl_avg': meanTokenKl({ ...mini, logProbabilities, estimator, B, R }),
    }),
    ...policy.values,
  };
}

/**
 * One step of policy and value function on `rows` of the rollout. The weight of the gradient of `ptxRows` is
 * `settings.ptxCoefficient`, or `weigh` measures it. Unless it is measured, the device has been asked for the whole step
 * when this returns its promise: the next step may be asked for before the promise is kept, so that the numbers of many
 * steps come back in one read-back.
 */
export async function updateOnMinibatch(
  learners: Learners,
  rollout: Rollout,
  rows: readonly number[],
  ptxRows: TokenRows | null,
  settings: UpdateSettings,
  learningRates: { readonly policy: number; readonly value: number },
  weigh: PtxWeight | null = null,
): Promise<UpdateResult> {
  const mini = minibatchOf(rollout, rows, settings);
  const input = { learners, mini, settings };
  const mixed = weigh !== null || settings.ptxCoefficient > 0 ? ptxRows : null;
  const { valueOptimizer } = learners;
  const [policy, value] = await Promise.all([
    policyStep(input, mixed, weigh, learningRates.policy),
    valueOptimizer && valueStep(input, valueOptimizer, learningRates.value),
  ]);
  const values = value?.values ?? policy.stateValues ?? new Float32Array(0);
  const metrics = stepMetrics(input, policy, values);
  if (value) metrics['val/grad_norm'] = value.gradNorm;
  const { advantages } = mini;
  return { metrics, logProbabilities: policy.logProbabilities, advantages };
}
