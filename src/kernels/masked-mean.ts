/** The mean over live tokens that losses over padded rows are made of. Stock ops only. */
import * as tf from '@tensorflow/tfjs-core';

/** Mean of `x` over live tokens; mask [B*R] must have a live one. */
export function maskedTokenMean(x: tf.Tensor, mask: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(x, mask)), tf.sum(mask)) as tf.Scalar;
}
