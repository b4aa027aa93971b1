/**
 * The two linear layers of a block's feed-forward half with the GELU between them, residual included, as one op, so
 * that a backend may build the GELU and its slope into the products. Reference: linear, gelu, linear in turn, which
 * is also what runs where there are no own kernels for it.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { gelu } from './gelu.ts';
import { layerGradients, linear } from './linear.ts';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

export interface MlpWeights {
  /** [D, F] */
  readonly w1: tf.Tensor2D;
  /** [F] */
  readonly b1: tf.Tensor1D;
  /** [F, D] */
  readonly w2: tf.Tensor2D;
  /** [D] */
  readonly b2: tf.Tensor1D;
}

/** x [N, D]: gelu(x w1 + b1) w2 + b2 (+ residual [N, D]). */
export function mlp(
  x: tf.Tensor2D,
  { w1, b1, w2, b2 }: MlpWeights,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  if (!hasOwnKernel('PlayLinearGelu')) return linear(gelu(linear(x, w1, b1)), w2, b2, residual);
  return withGradient<tf.Tensor2D>(
    [x, w1, b1, w2, b2, ...(residual ? [residual] : [])],
    () => {
      const [h, z] = runOwnKernel('PlayLinearGelu', { x, w: w1, b: b1 }) as [tf.Tensor, tf.Tensor];
      const inputs = { x: h, w: w2, b: b2, ...(residual ? { residual } : {}) };
      return { value: runOwnKernel('PlayLinear', inputs)[0]!, saved: [x, w1, w2, h, z] };
    },
    (dy, saved) => {
      const [x, w1, w2, h, z] = saved as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const dz = runOwnKernel('PlayLinearGeluGrad', { dy, w: w2, z })[0] as tf.Tensor2D;
      const [dx, dw1, db1] = layerGradients(dz, x, w1);
      const [dw2, db2] = runOwnKernel('PlayLinearWeightGrad', { x: h, dy }) as [
        tf.Tensor,
        tf.Tensor,
      ];
      dz.dispose();
      return [dx, dw1, db1, dw2, db2, ...(residual ? [dy.clone()] : [])];
    },
  );
}
