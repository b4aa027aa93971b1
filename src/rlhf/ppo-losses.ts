/**
 * The losses of PPO on the device: clipped policy loss, clipped value loss, and the KL to the reference as a term of the
 * loss. Each is checked against its plain form: clipping.ts and kl.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { KlEstimator } from './kl.ts';
import { maskedTokenMean } from './sequences.ts';

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

/** Half of the larger of plain and clipped squared error, masked token mean; all [B*R]. Infinity does not clip. */
export function valueLossTensor(
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

/**
 * Estimate of KL(policy || reference) per token, masked token mean; all [B*R]. Its gradient in expectation on policy: k1
 * none, k2 that of the KL in each state, k3 that of the opposite KL (D25). Not corrected for a policy that has moved since
 * the rollout. Twin of `meanTokenKl`.
 */
export function klLossTensor(
  estimator: KlEstimator,
  logProbability: tf.Tensor,
  reference: tf.Tensor,
  mask: tf.Tensor,
): tf.Scalar {
  // Padding carries meaningless log-probabilities: zero the difference there before it is exponentiated.
  const logRatio = tf.mul(tf.sub(logProbability, reference), mask);
  return maskedTokenMean(estimate(estimator, logRatio), mask);
}

function estimate(estimator: KlEstimator, logRatio: tf.Tensor): tf.Tensor {
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
