/**
 * Gradient accumulation: a batch is cut into micro-batches that go through the model one after the other, so that a
 * small memory suffices; weighted by their shares their gradients add up to the whole batch's. Not minibatches
 * (minibatches.ts), each of which is an optimizer step of its own.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Part of a batch of rows: [from, to). */
export interface MicroBatch {
  readonly from: number;
  readonly to: number;
}

/** Runs of at most `size` rows of `count`; all in one where `size` is 0. */
export function microBatches(count: number, size = 0): MicroBatch[] {
  const step = size > 0 ? size : Math.max(count, 1);
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => ({
    from: i * step,
    to: Math.min(count, (i + 1) * step),
  }));
}

/** The loss of a part as its share of the whole batch's; a whole batch keeps its bits. */
export function weighted(loss: tf.Scalar, share: number): tf.Scalar {
  return share === 1 ? loss : tf.mul(loss, share);
}

/** Sum of scalars, which are freed; the caller owns the result. */
export function sumOf(parts: readonly tf.Scalar[]): tf.Scalar {
  if (parts.length === 1) return parts[0]!;
  const sum = tf.tidy(() => tf.sum<tf.Scalar>(tf.stack([...parts])));
  tf.dispose([...parts]);
  return sum;
}
