/**
 * The scalar head of reward model and value function: chosen rows of hidden states times one vector of weights, plus a
 * bias. Reference in stock ops below: rows by index, then a linear layer of one output. A backend may register
 * PlayScalarHead / PlayScalarHeadGrad, which read the rows where they lie.
 */
import * as tf from '@tensorflow/tfjs-core';
import { embedding } from './embedding.ts';
import { linear } from './linear.ts';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

function reference(
  hidden: tf.Tensor2D,
  indices: tf.Tensor1D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
): tf.Tensor1D {
  const column = tf.reshape(weight, [-1, 1]) as tf.Tensor2D;
  return tf.reshape(linear(embedding(hidden, indices), column, bias), [-1]);
}

/** hidden [N, D], indices [M] int32 within 0..N-1 (any of them more than once), weight [1, D], bias [1]: [M]. */
export function scalarHead(
  hidden: tf.Tensor2D,
  indices: tf.Tensor1D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
): tf.Tensor1D {
  if (!hasOwnKernel('PlayScalarHead')) return reference(hidden, indices, weight, bias);
  return withGradient<tf.Tensor1D>(
    [hidden, weight, bias],
    () => {
      const [scores] = runOwnKernel('PlayScalarHead', { hidden, indices, weight, bias });
      return { value: scores!, saved: [hidden, indices, weight] };
    },
    (dy, saved) => {
      const [hidden, indices, weight] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      return runOwnKernel('PlayScalarHeadGrad', { dy, hidden, indices, weight });
    },
  );
}
