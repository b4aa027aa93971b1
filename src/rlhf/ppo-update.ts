/**
 * One optimizer step of PPO-ptx on a minibatch: clipped policy loss with the pre-training gradient accumulated into
 * the same step (paper, Eq. 2 and appendix C.4), and the clipped value loss with the value function's own optimizer.
 * The tensor losses here are checked against the plain ones in clipping.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { AdamW } from '../model/optimizer.ts';
import { addGradients, globalNorm, gradientsOf, type Gradients } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { updateMetrics } from './metrics.ts';
import { minibatchOf, type Minibatch } from './minibatches.ts';
import { languageModelGradients, type TokenRows } from './pretrain.ts';
import type { Rollout } from './rollout.ts';
import {
  disposeSequences,
  maskedTokenMean,
  responseStatistics,
  stateValues,
  uploadSequences,
  type SequenceBatch,
  type SequenceShape,
} from './sequences.ts';

export interface UpdateSettings {
  readonly shape: SequenceShape;
  readonly temperature: number;
  readonly clip: number;
  readonly valueClip: number;
  readonly whitenAdvantages: boolean;
  /** Multiplies the pre-training gradient; 0 is plain PPO. */
  readonly ptxCoefficient: number;
}

export interface Learners {
  readonly policy: Model;
  readonly value: Model;
  readonly policyOptimizer: AdamW;
  readonly valueOptimizer: AdamW;
}

/** max(-A ratio, -A clip(ratio)), masked token mean; all [B*R]. */
export function policyLossTensor(
  logProbability: tf.Tensor,
  old: tf.Tensor,
  advantages: tf.Tensor,
  mask: tf.Tensor,
  clip: number,
): tf.Scalar {
  // Padding carries meaningless log-probabilities: zero the difference there before it is exponentiated.
  const ratio = tf.exp(tf.mul(tf.sub(logProbability, old), mask));
  const unclipped = tf.neg(tf.mul(advantages, ratio));
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - clip, 1 + clip)));
  return maskedTokenMean(tf.maximum(unclipped, clipped), mask);
}

/** Half of the larger of plain and clipped squared error, masked token mean; all [B*R]. */
export function valueLossTensor(
  values: tf.Tensor,
  old: tf.Tensor,
  returns: tf.Tensor,
  mask: tf.Tensor,
  clip: number,
): tf.Scalar {
  const near = tf.add(old, tf.clipByValue(tf.sub(values, old), -clip, clip));
  const larger = tf.maximum(tf.square(tf.sub(values, returns)), tf.square(tf.sub(near, returns)));
  return tf.mul(maskedTokenMean(larger, mask), 0.5);
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
 * Adds `coefficient` times the pre-training gradient to the PPO gradients, in place (D30). Returns the pre-training
 * loss, the norms of both gradients before they are added, the ratio of the weighted norms, and their cosine.
 */
async function addPretraining(
  policy: Model,
  gradients: Map<string, tf.Tensor>,
  rows: TokenRows,
  coefficient: number,
): Promise<Record<string, number>> {
  const ptx = languageModelGradients(policy, rows);
  const scalars = [
    ...[ptx.loss, globalNorm(gradients), globalNorm(ptx.gradients)],
    innerProduct(gradients, ptx.gradients),
  ];
  addGradients(gradients, ptx.gradients, coefficient);
  const read = tf.stack(scalars); // one read-back
  const [loss = NaN, ppoNorm = NaN, ptxNorm = NaN, product = NaN] = await read.data();
  tf.dispose([read, ...scalars]);
  return {
    'loss/ptx_avg': loss,
    'ppo/grad_norm': ppoNorm,
    'ptx/grad_norm': ptxNorm,
    'ptx/grad_norm_ratio': (coefficient * ptxNorm) / ppoNorm,
    'ptx/grad_cosine': product / (ppoNorm * ptxNorm),
  };
}

interface PolicyPass {
  readonly logProbabilities: Float32Array;
  readonly entropies: Float32Array;
  readonly values: Readonly<Record<string, number>>;
}

async function policyStep(
  learners: Learners,
  batch: SequenceBatch,
  mini: Minibatch,
  ptxRows: TokenRows | null,
  settings: UpdateSettings,
  learningRate: number,
): Promise<PolicyPass> {
  const old = tf.tensor1d(mini.oldLogProbabilities);
  const advantages = tf.tensor1d(mini.advantages);
  const kept: tf.Tensor[] = [];
  const { loss, gradients } = gradientsOf(learners.policy, () => {
    const statistics = responseStatistics(learners.policy, batch, settings.temperature);
    kept.push(tf.keep(tf.clone(statistics.logProbability)), tf.keep(tf.clone(statistics.entropy)));
    return policyLossTensor(statistics.logProbability, old, advantages, batch.mask, settings.clip);
  });
  const values: Record<string, number> = {};
  if (ptxRows && settings.ptxCoefficient > 0) {
    Object.assign(
      values,
      await addPretraining(learners.policy, gradients, ptxRows, settings.ptxCoefficient),
    );
  }
  const norm = learners.policyOptimizer.apply(gradients, learningRate);
  values['policy/grad_norm'] = (await norm.data())[0] ?? NaN;
  const [logProbability, entropy] = kept as [tf.Tensor, tf.Tensor];
  const logProbabilities = (await logProbability.data<'float32'>()).slice();
  const entropies = (await entropy.data<'float32'>()).slice();
  tf.dispose([old, advantages, loss, norm, ...kept]);
  return { logProbabilities, entropies, values };
}

async function valueStep(
  learners: Learners,
  batch: SequenceBatch,
  mini: Minibatch,
  settings: UpdateSettings,
  learningRate: number,
): Promise<{ values: Float32Array; gradNorm: number }> {
  const old = tf.tensor1d(mini.oldValues);
  const returns = tf.tensor1d(mini.returns);
  let kept: tf.Tensor | undefined;
  const { loss, gradients } = gradientsOf(learners.value, () => {
    const values = stateValues(learners.value, batch);
    kept = tf.keep(tf.clone(values));
    return valueLossTensor(values, old, returns, batch.mask, settings.valueClip);
  });
  const norm = learners.valueOptimizer.apply(gradients, learningRate);
  const values = (await kept!.data<'float32'>()).slice();
  const [gradNorm = NaN] = await norm.data();
  tf.dispose([old, returns, loss, norm, kept!]);
  return { values, gradNorm };
}

/** Log-probabilities and values before the step, as the metrics and the first-minibatch check need them. */
export interface UpdateResult {
  readonly metrics: Readonly<Record<string, number>>;
  readonly logProbabilities: Float32Array;
  /** As the policy loss used them: whitened if they were. */
  readonly advantages: Float32Array;
}

/** One step of policy and value function on `rows` of the rollout. */
export async function updateOnMinibatch(
  learners: Learners,
  rollout: Rollout,
  rows: readonly number[],
  ptxRows: TokenRows | null,
  settings: UpdateSettings,
  learningRates: { readonly policy: number; readonly value: number },
): Promise<UpdateResult> {
  const mini = minibatchOf(rollout, rows, settings.whitenAdvantages);
  const batch = uploadSequences(mini.sequences, settings.shape, learners.policy.config.padId);
  const policy = await policyStep(learners, batch, mini, ptxRows, settings, learningRates.policy);
  const value = await valueStep(learners, batch, mini, settings, learningRates.value);
  disposeSequences(batch);
  const metrics = {
    ...updateMetrics({
      logProbabilities: policy.logProbabilities,
      oldLogProbabilities: mini.oldLogProbabilities,
      entropies: policy.entropies,
      advantages: mini.advantages,
      values: value.values,
      oldValues: mini.oldValues,
      returns: mini.returns,
      mask: mini.mask,
      policyClip: settings.clip,
      valueClip: settings.valueClip,
    }),
    ...policy.values,
    'val/grad_norm': value.gradNorm,
  };
  const { advantages } = mini;
  return { metrics, logProbabilities: policy.logProbabilities, advantages };
}
