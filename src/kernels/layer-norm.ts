/**
 * Layer normalisation over the last axis with gain and bias (population variance), forward and backward.
 * Reference: y = (x - mean) / sqrt(variance + epsilon) * gain + bias, row by row.
 */
import * as tf from '@tensorflow/tfjs-core';
import { columnSum } from './linear.ts';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

type Saved = readonly tf.Tensor[];

function forwardReference(x: tf.Tensor2D, gain: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number) {
  const mean = tf.mean(x, 1, true); // [N, 1]
  const centred = tf.sub(x, mean);
  const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon)); // [N, 1]
  const y = tf.add(tf.mul(tf.mul(centred, rstd), gain), bias);
  return { y, mean: tf.reshape(mean, [-1]), rstd: tf.reshape(rstd, [-1]) };
}

function backwardReference(dy: tf.Tensor2D, [x, gain, mean, rstd]: Saved): tf.Tensor[] {
  const rows = dy.shape[0];
  const scale = tf.reshape(rstd as tf.Tensor1D, [rows, 1]);
  const normalised = tf.mul(
    tf.sub(x as tf.Tensor2D, tf.reshape(mean as tf.Tensor1D, [rows, 1])),
    scale,
  );
  const dNormalised = tf.mul(dy, gain as tf.Tensor1D);
  const inner = tf.mean(tf.mul(dNormalised, normalised), 1, true);
  const centred = tf.sub(
    tf.sub(dNormalised, tf.mean(dNormalised, 1, true)),
    tf.mul(normalised, inner),
  );
  return [tf.mul(centred, scale), columnSum(tf.mul(dy, normalised) as tf.Tensor2D), columnSum(dy)];
}

/** x [N, D], gain [D], bias [D]: [N, D]. */
export function layerNorm(
  x: tf.Tensor2D,
  gain: tf.Tensor1D,
  bias: tf.Tensor1D,
  epsilon: number,
): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    [x, gain, bias],
    () => {
      if (hasOwnKernel('PlayLayerNorm')) {
        const [y, mean, rstd] = runOwnKernel('PlayLayerNorm', { x, gain, bias }, { epsilon }) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        return { value: y, saved: [x, gain, mean, rstd] };
      }
      const { y, mean, rstd } = forwardReference(x, gain, bias, epsilon);
      return { value: y, saved: [x, gain, mean, rstd] };
    },
    (dy, saved) => {
      const [x, gain, mean, rstd] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      if (hasOwnKernel('PlayLayerNormGrad')) {
        return runOwnKernel('PlayLayerNormGrad', { dy, x, gain, mean, rstd });
      }
      return backwardReference(dy as tf.Tensor2D, saved);
    },
  );
}
