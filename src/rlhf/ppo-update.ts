/**
 * One optimizer step of PPO-ptx on a minibatch: clipped policy loss with the pre-training gradient accumulated into
 * the same step (paper, Eq. 2 and appendix C.4), and the clipped value loss, with the value function's own optimizer or,
 * where the value head sits on the policy, as one more term of the policy's loss. Losses: ppo-losses.ts of the
 * kernels.
 */
import * as tf from '@tensorflow/tfjs-core';
import { ppoPolicyLossTensor, valueLossTensor } from '../kernels/ppo-losses.ts';
import type { AdamW } from '../model/optimizer.ts';
import { addGradients, globalNorm, gradientsOf, type Gradients } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { meanTokenKl, type KlEstimator } from './kl.ts';
import { updateMetrics } from './metrics.ts';
import { minibatchOf, type Minibatch, type Whitening } from './minibatches.ts';
import { languageModelGradients, type TokenRows } from './pretrain.ts';
import { fixedWeight, type PtxWeight } from './ptx-calibration.ts';
import type { Rollout } from './rollout.ts';
import {
  disposeSequences,
  stackedStatistics,
  stateValues,
  statisticsAndValues,
  uploadSequences,
  type SequenceBatch,
  type SequenceShape,
} from './sequences.ts';

export interface UpdateSettings extends Whitening {
  readonly shape: SequenceShape;
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

/**
 * Adds the pre-training gradient to the PPO gradients with the weight that `weigh` gives it, in place (D30). Returns the
 * pre-training loss, that weight, the norms of both gradients before they are added, the ratio of the weighted norms, and
 * their cosine.
 */
async function addPretraining(
  policy: Model,
  gradients: Map<string, tf.Tensor>,
  rows: TokenRows,
  weigh: PtxWeight,
): Promise<Record<string, number>> {
  const ptx = languageModelGradients(policy, rows);
  const scalars = [
    ...[ptx.loss, globalNorm(gradients), globalNorm(ptx.gradients)],
    innerProduct(gradients, ptx.gradients),
  ];
  const read = tf.stack(scalars); // one read-back
  const [loss = NaN, ppoNorm = NaN, ptxNorm = NaN, product = NaN] = await read.data();
  tf.dispose([read, ...scalars]);
  const coefficient = weigh(ppoNorm, ptxNorm);
  addGradients(gradients, ptx.gradients, coefficient);
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
  readonly batch: SequenceBatch;
  readonly mini: Minibatch;
  readonly settings: UpdateSettings;
}

/** The value loss of `values` [B*R] over the live states of the minibatch. */
function valueLossOf(values: tf.Tensor, { mini, settings }: StepInput): tf.Scalar {
  const old = tf.tensor1d(mini.oldValues);
  const returns = tf.tensor1d(mini.returns);
  return valueLossTensor(values, old, returns, tf.tensor1d(mini.stateMask), settings.valueClip);
}

/** What the policy says of a minibatch: log-probabilities over entropies [2, B*R]; state values where it bears the head. */
interface Read {
  readonly statistics: tf.Tensor2D;
  readonly values: tf.Tensor1D | null;
}

function readPolicy({ learners, batch, settings }: StepInput): Read {
  const { policy, valueOptimizer } = learners;
  if (valueOptimizer === null) return statisticsAndValues(policy, batch, settings.temperature);
  return { statistics: stackedStatistics(policy, batch, settings.temperature), values: null };
}

/** What the policy's parameters are moved against: the clipped loss and whatever terms the settings add. */
function policyLossOf({ statistics, values }: Read, input: StepInput): tf.Scalar {
  const { batch, mini, settings } = input;
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
  const loss = ppoPolicyLossTensor(statistics, tokens, settings);
  return values ? tf.add(loss, tf.mul(valueLossOf(values, input), valueCoefficient)) : loss;
}

interface PolicyPass {
  readonly logProbabilities: Float32Array;
  readonly entropies: Float32Array;
  /** State values, where the value head sits on the policy. */
  readonly stateValues: Float32Array | null;
  readonly values: Readonly<Record<string, number>>;
}

async function policyStep(
  input: StepInput,
  ptxRows: TokenRows | null,
  weigh: PtxWeight,
  learningRate: number,
): Promise<PolicyPass> {
  const { policy, policyOptimizer } = input.learners;
  const kept: tf.Tensor[] = [];
  const { loss, gradients } = gradientsOf(policy, () => {
    const read = readPolicy(input);
    const own = read.values ? [read.statistics, read.values] : [read.statistics];
    kept.push(...own.map((tensor) => tf.keep(tf.clone(tensor))));
    return policyLossOf(read, input);
  });
  const values = ptxRows ? await addPretraining(policy, gradients, ptxRows, weigh) : {};
  const norm = policyOptimizer.apply(gradients, learningRate);
  const [gradNorm = NaN] = await norm.data();
  const read: Float32Array[] = [];
  for (const tensor of kept) read.push((await tensor.data<'float32'>()).slice());
  tf.dispose([loss, norm, ...kept]);
  const [statistics, stateValues = null] = read as [Float32Array, Float32Array?];
  const tokens = statistics.length / 2;
  return {
    logProbabilities: statistics.slice(0, tokens),
    entropies: statistics.slice(tokens),
    stateValues,
    values: { ...values, 'policy/grad_norm': gradNorm },
  };
}

async function valueStep(
  input: StepInput,
  optimizer: AdamW,
  learningRate: number,
): Promise<{ values: Float32Array; gradNorm: number }> {
  const { value } = input.learners;
  let kept: tf.Tensor | undefined;
  const { loss, gradients } = gradientsOf(value, () => {
    const values = stateValues(value, input.batch);
    kept = tf.keep(tf.clone(values));
    return valueLossOf(values, input);
  });
  const norm = optimizer.apply(gradients, learningRate);
  const values = (await kept!.data<'float32'>()).slice();
  const [gradNorm = NaN] = await norm.data();
  tf.dispose([loss, norm, kept!]);
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
 * One step of policy and value function on `rows` of the rollout. `weigh` weighs the gradient of `ptxRows`; by default
 * that is `settings.ptxCoefficient`.
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
  const batch = uploadSequences(mini.sequences, settings.shape, learners.policy.config.padId);
  const input = { learners, batch, mini, settings };
  const { ptxCoefficient } = settings;
  const mixed = weigh !== null || ptxCoefficient > 0 ? ptxRows : null;
  const weight = weigh ?? fixedWeight(ptxCoefficient);
  const policy = await policyStep(input, mixed, weight, learningRates.policy);
  const { valueOptimizer } = learners;
  const value = valueOptimizer && (await valueStep(input, valueOptimizer, learningRates.value));
  disposeSequences(batch);
  const values = value?.values ?? policy.stateValues ?? new Float32Array(0);
  const metrics = stepMetrics(input, policy, values);
  if (value) metrics['val/grad_norm'] = value.gradNorm;
  const { advantages } = mini;
  return { metrics, logProbabilities: policy.logProbabilities, advantages };
}
