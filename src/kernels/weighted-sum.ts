/**
 * a x + b y for many pairs of tensors at once: moving averages of weights, and gradients of two losses added up.
 * Reference in stock ops; a backend may register PlayWeightedSums, which takes several pairs to a dispatch.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel } from './own-kernel.ts';

/** Pairs [x, y] of equal shapes to a x + b y, in order; the caller owns the results. No gradient. */
export function weightedSums(
  pairs: readonly (readonly [tf.Tensor, tf.Tensor])[],
  a: number,
  b: number,
): tf.Tensor[] {
  if (hasOwnKernel('PlayWeightedSums')) {
    const inputs = Object.fromEntries(
      pairs.flatMap(([x, y], i) => [
        [`x${i}`, x],
        [`y${i}`, y],
      ]),
    ) as Record<string, tf.Tensor>;
    return runOwnKernel('PlayWeightedSums', inputs, { a, b });
  }
  return pairs.map(([x, y]) => tf.tidy(() => tf.add(tf.mul(x, a), tf.mul(y, b))));
}
