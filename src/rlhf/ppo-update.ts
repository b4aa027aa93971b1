/**
 * One optimizer step of PPO-ptx on a minibatch: clipped policy loss with the pre-training gradient accumulated into
 * the same step (paper, Eq. 2 and appendix C.4), and the clipped value loss, with the value function's own optimizer or,
 * where the value head sits on the policy, as one more term of the policy's loss. Losses: ppo-losses.ts of the
 * kernels.
 */
import * as tf from '@tensorflow/tfjs-core';
import { ppoPolicyLossTensor, valueLossTensor } from '../kernels/ppo-losses.ts';
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
import { languageModelGradients, type TokenRows } from './pretrain.ts';
import type { PtxWeight } from './ptx-calibration.ts';
import { join, takeJoined, takeScalars } from './read-back.ts';
import type { Rollout } from './rollout.ts';
import {
  stackedStatistics,
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

/** Pre-training beside PPO: its gradient, and scalars of both gradients that are still on the device. */
interface Pretraining {
  readonly gradients: Map<string, tf.Tensor>;
  /** Loss, norm of the PPO gradient, norm of the pre-training gradient, their inner product. */
  readonly scalars: readonly [tf.Scalar, tf.Scalar, tf.Scalar, tf.Scalar];
}

/** The pre-training gradient of `rows`, not yet added to the PPO gradients. */
function pretrainingBeside(
  policy: Model,
  gradients: Gradients,
  rows: TokenRows,
  microBatch?: number,
): Pretraining {
  const ptx = languageModelGradients(policy, rows, microBatch);
  const norms = [globalNorm(gradients), globalNorm(ptx.gradients)] as const;
  const scalars = [ptx.loss, ...norms, innerProduct(gradients, ptx.gradients)] as const;
  return { gradients: ptx.gradients, scalars };
}

/** Pre-training loss, its weight, norms of both gradients before they are added, ratio of weighted norms, cosine (D30). */
async function pretrainingMetrics(
  { scalars }: Pretraining,
  coefficient: number,
): Promise<Record<string, number>> {
  const [loss, ppoNorm, ptxNorm, product] = await takeScalars(...scalars);
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

/** What the policy says of a minibatch: log-probabilities over entropies [2, B*R]; state values where it bears the head. */
interface Read {
  readonly statistics: tf.Tensor2D;
  readonly values: tf.Tensor1D | null;
}

function readPolicy({ policy, valueOptimizer }: Learners, { batch, settings }: Part): Read {
  if (valueOptimizer === null) return statisticsAndValues(policy, batch, settings.temperature);
  return { statistics: stackedStatistics(policy, batch, settings.temperature), values: null };
}

/** What the policy's parameters are moved against: the clipped loss and whatever terms the settings add. */
function policyLossOf({ statistics, values }: Read, part: Part): tf.Scalar {
  const { batch, mini, settings, tokenShare } = part;
  const { klPlace, klEstimator: estimator, beta, valueCoefficient } = settings;
  const kl = klPlace === 'loss' &&
    beta > 0 && {
      kl: { reference: tf.tensor1d(mini.referenceLogProbabilities), estimator, weight: beta },
    };
  const tokens = {
    old: tf.tensor1d(mini.oldLogProbabilities),
    advantages: tf.tensor1d(mini.advantages),
    mask: batch.mask,
    ...kl,
  };
  const loss = weighted(ppoPolicyLossTensor(statistics, tokens, settings), tokenShare);
  return values ? tf.add(loss, tf.mul(valueLossOf(values, part), valueCoefficient)) : loss;
}

interface PolicyPass {
  readonly logProbabilities: Float32Array;
  readonly entropies: Float32Array;
  /** State values, where the value head sits on the policy. */
  readonly stateValues: Float32Array | null;
  readonly values: Readonly<Record<string, number>>;
}

/** A step that the device was asked for, with the tensors of it that are to be read. */
interface BegunPolicyStep {
  /** For each part. */
  readonly statistics: readonly tf.Tensor[];
  readonly values: readonly tf.Tensor[];
  readonly norm: tf.Scalar;
  readonly ptx: Pretraining | null;
  readonly coefficient: number;
}

const held = ({ statistics, values, norm, ptx }: BegunPolicyStep): tf.Tensor[] => [
  ...[...statistics, ...values, norm],
  ...(ptx?.scalars ?? []),
];

/** Waits for nothing, except for the norms that `weigh` needs. */
async function beginPolicyStep(
  input: StepInput,
  ptxRows: TokenRows | null,
  weigh: PtxWeight | null,
  learningRate: number,
): Promise<BegunPolicyStep> {
  const { learners, settings } = input;
  const { policy, policyOptimizer } = learners;
  const statistics: tf.Tensor[] = [];
  const values: tf.Tensor[] = [];
  const { loss, gradients } = gradientsInParts(policy, input, (part) => {
    const read = readPolicy(learners, part);
    statistics.push(tf.keep(tf.clone(read.statistics)));
    if (read.values) values.push(tf.keep(tf.clone(read.values)));
    return policyLossOf(read, part);
  });
  loss.dispose();
  const ptx = ptxRows && pretrainingBeside(policy, gradients, ptxRows, settings.microBatch);
  let coefficient = settings.ptxCoefficient;
  if (ptx && weigh) {
    const [, ppo, pretraining] = ptx.scalars;
    const [[ppoNorm = NaN], [ptxNorm = NaN]] = await Promise.all([ppo.data(), pretraining.data()]);
    coefficient = weigh(ppoNorm, ptxNorm);
  }
  if (ptx) addGradients(gradients, ptx.gradients, coefficient);
  const norm = policyOptimizer.apply(gradients, learningRate);
  return { statistics, values, norm, ptx, coefficient };
}

async function readPolicyStep(begun: BegunPolicyStep): Promise<PolicyPass> {
  const { ptx, coefficient } = begun;
  const [[gradNorm], statistics, stateValues, pretraining] = await Promise.all([
    takeScalars(begun.norm),
    Promise.all(begun.statistics.map((part) => takeJoined([part]))),
    begun.values.length > 0 ? takeJoined(begun.values) : null,
    ptx ? pretrainingMetrics(ptx, coefficient) : {},
  ]);
  return {
    logProbabilities: join(statistics.map((part) => part.subarray(0, part.length / 2))),
    entropies: join(statistics.map((part) => part.subarray(part.length / 2))),
    stateValues,
    values: { ...pretraining, 'policy/grad_norm': gradNorm },
  };
}

/** Values of each part, and the norm of the gradient. */
interface BegunValueStep {
  readonly values: readonly tf.Tensor[];
  readonly norm: tf.Scalar;
}

function beginValueStep(input: StepInput, optimizer: AdamW, learningRate: number): BegunValueStep {
  const { value } = input.learners;
  const values: tf.Tensor[] = [];
  const { loss, gradients } = gradientsInParts(value, input, (part) => {
    const own = stateValues(value, part.batch);
    values.push(tf.keep(tf.clone(own)));
    return valueLossOf(own, part);
  });
  loss.dispose();
  return { values, norm: optimizer.apply(gradients, learningRate) };
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

/** An update that the device was asked for; nothing of it was read yet. */
export interface BegunUpdate {
  /** Reads what there is to say of it; called again, it gives the same. */
  finish(): Promise<UpdateResult>;
  /** Frees what is to be read, where {@link finish} was never called. */
  dispose(): void;
}

/**
 * One step of policy and value function on `rows` of the rollout. The weight of the gradient of `ptxRows` is
 * `settings.ptxCoefficient`, or `weigh` measures it, for which alone something is waited for. The next step may begin
 * before this one is finished, so that the numbers of many steps come back in one read-back.
 */
export async function beginUpdate(
  learners: Learners,
  rollout: Rollout,
  rows: readonly number[],
  ptxRows: TokenRows | null,
  settings: UpdateSettings,
  learningRates: { readonly policy: number; readonly value: number },
  weigh: PtxWeight | null = null,
): Promise<BegunUpdate> {
  const mini = minibatchOf(rollout, rows, settings);
  const input = { learners, mini, settings };
  const mixed = weigh !== null || settings.ptxCoefficient > 0 ? ptxRows : null;
  const policyStep = await beginPolicyStep(input, mixed, weigh, learningRates.policy);
  const { valueOptimizer } = learners;
  const valueStep = valueOptimizer && beginValueStep(input, valueOptimizer, learningRates.value);
  const read = async (): Promise<UpdateResult> => {
    const [policy, values, gradNorm] = await Promise.all([
      readPolicyStep(policyStep),
      valueStep && takeJoined(valueStep.values),
      valueStep && takeScalars(valueStep.norm),
    ]);
    const metrics = stepMetrics(input, policy, values ?? policy.stateValues ?? new Float32Array(0));
    if (gradNorm) [metrics['val/grad_norm']] = gradNorm;
    const { advantages } = mini;
    return { metrics, logProbabilities: policy.logProbabilities, advantages };
  };
  let result: Promise<UpdateResult> | undefined;
  return {
    finish: () => (result ??= read()),
    dispose: () => {
      if (result) return;
      tf.dispose([
        ...held(policyStep),
        ...(valueStep ? [...valueStep.values, valueStep.norm] : []),
      ]);
    },
  };
}

/** {@link beginUpdate}, and what is to say of it. */
export async function updateOnMinibatch(
  ...parameters: Parameters<typeof beginUpdate>
): Promise<UpdateResult> {
  return (await beginUpdate(...parameters)).finish();
}
