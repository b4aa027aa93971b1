/**
 * The losses of PPO over the tokens of a minibatch: clipped policy loss with the KL to the reference and the entropy as
 * further terms, and clipped value loss. Own kernels compute a loss and its gradient in one pass; the references in
 * stock ops below are what other backends run. Plain forms, which both are checked against: clipping.ts and kl.ts of rlhf.
 */
import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenMean } from './masked-mean.ts';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

/** Estimators of KL(policy || reference) per token, in the order of the numbers (from 1) that kernels know them by. */
const ESTIMATORS = ['k1', 'k2', 'k3'] as const;
type Estimator = (typeof ESTIMATORS)[number];

/** Reference. max(-A ratio, -A clip(ratio)), masked token mean; all [B*R]. */
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

/**
 * Reference. Estimate of KL(policy || reference) per token, masked token mean; all [B*R]. Its gradient in expectation on
 * policy: k1 none, k2 that of the KL in each state, k3 that of the opposite KL (D25). Not corrected for a policy that has
 * moved since the rollout. Twin of `meanTokenKl`.
 */
export function klLossTensor(
  estimator: Estimator,
  logProbability: tf.Tensor,
  reference: tf.Tensor,
  mask: tf.Tensor,
): tf.Scalar {
  // Padding carries meaningless log-probabilities: zero the difference there before it is exponentiated.
  const logRatio = tf.mul(tf.sub(logProbability, reference), mask);
  return maskedTokenMean(estimate(estimator, logRatio), mask);
}

function estimate(estimator: Estimator, logRatio: tf.Tensor): tf.Tensor {
  switch (estimator) {
    case 'k1':
      return logRatio;
    case 'k2':
      return tf.mul(tf.square(logRatio), 0.5);
    case 'k3':
      return tf.add(tf.sub(tf.exp(tf.neg(logRatio)), 1), logRatio);
    default:
      return estimator satisfies never;
  }
}

/** What the policy's loss takes as constants, [B*R] each; `mask` is 1 on live tokens, else 0, with a live one. */
export interface PolicyLossTokens {
  /** Log-probabilities of the rollout. */
  readonly old: tf.Tensor1D;
  readonly advantages: tf.Tensor1D;
  readonly mask: tf.Tensor1D;
  /** The KL to the reference as a term of the loss; absent where the loss has none. */
  readonly kl?: {
    readonly reference: tf.Tensor1D;
    readonly estimator: Estimator;
    /** Multiplies the mean estimate. */
    readonly weight: number;
  };
}

export interface PolicyLossSettings {
  readonly clip: number;
  /** Multiplies the mean entropy, which the loss is lowered by. */
  readonly entropyBonus: number;
}

function policyLossReference(
  statistics: tf.Tensor2D,
  { old, advantages, mask, kl }: PolicyLossTokens,
  { clip, entropyBonus }: PolicyLossSettings,
): tf.Scalar {
  const [logProbability, entropy] = tf.unstack(statistics) as [tf.Tensor1D, tf.Tensor1D];
  let loss = policyLossTensor(logProbability, old, advantages, mask, clip);
  if (kl) {
    const term = klLossTensor(kl.estimator, logProbability, kl.reference, mask);
    loss = tf.add(loss, tf.mul(term, kl.weight));
  }
  if (entropyBonus === 0) return loss;
  return tf.sub(loss, tf.mul(maskedTokenMean(entropy, mask), entropyBonus));
}

/** A loss of `x` whose kernel gives the loss and its gradient, [loss, shape of x]. */
function lossWithSlope<T extends tf.Tensor>(x: T, run: () => tf.Tensor[]): tf.Scalar {
  return withGradient<tf.Scalar>(
    [x],
    () => {
      const [loss, slope] = run() as [tf.Tensor, tf.Tensor];
      return { value: loss, saved: [slope] };
    },
    (dy, [slope]) => [tf.mul(slope!, dy)],
  );
}

/**
 * statistics [2, B*R], log-probabilities over entropies: clipped policy loss (+ weight * KL) (- bonus * entropy), each a
 * mean over live tokens.
 */
export function ppoPolicyLossTensor(
  statistics: tf.Tensor2D,
  tokens: PolicyLossTokens,
  settings: PolicyLossSettings,
): tf.Scalar {
  if (!hasOwnKernel('PlayPolicyLoss')) return policyLossReference(statistics, tokens, settings);
  const { kl, ...constants } = tokens;
  const inputs = { statistics, ...constants, ...(kl ? { reference: kl.reference } : {}) };
  const attributes = {
    clip: settings.clip,
    entropyBonus: settings.entropyBonus,
    estimator: kl ? 1 + ESTIMATORS.indexOf(kl.estimator) : 0,
    klWeight: kl?.weight ?? 0,
  };
  return lossWithSlope(statistics, () => runOwnKernel('PlayPolicyLoss', inputs, attributes));
}

function valueLossReference(
  values: tf.Tensor,
  old: tf.Tensor,
  returns: tf.Tensor,
  mask: tf.Tensor,
  clip: number,
): tf.Scalar {
  const squared = tf.square(tf.sub(values, returns));
  if (clip === Infinity) return tf.mul(maskedTokenMean(squared, mask), 0.5);
  const near = tf.add(old, tf.clipByValue(tf.sub(values, old), -clip, clip));
  const larger = tf.maximum(squared, tf.square(tf.sub(near, returns)));
  return tf.mul(maskedTokenMean(larger, mask), 0.5);
}

/** Half of the larger of plain and clipped squared error, masked token mean; all [B*R]. Infinity does not clip. */
export function valueLossTensor(
  values: tf.Tensor,
  old: tf.Tensor,
  returns: tf.Tensor,
  mask: tf.Tensor,
  clip: number,
): tf.Scalar {
  if (!hasOwnKernel('PlayValueLoss')) return valueLossReference(values, old, returns, mask, clip);
  const inputs = { values, old, returns, mask };
  // Infinity is no number that a shader may rely on.
  const attributes = { clip: Number.isFinite(clip) ? clip : 0, clips: Number(clip !== Infinity) };
  return lossWithSlope(values, () => runOwnKernel('PlayValueLoss', inputs, attributes));
}
