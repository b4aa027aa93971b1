/**
 * GELU in its tanh form, as GPT-2 has it. Reference: x sigmoid(2z) with z = sqrt(2/pi) (x + 0.044715 x^3),
 * which is the same function, since (1 + tanh z) / 2 = sigmoid(2z).
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

const SLOPE = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

function gate(x: tf.Tensor, square: tf.Tensor): tf.Tensor {
  return tf.sigmoid(tf.mul(x, tf.add(tf.mul(square, SLOPE * CUBIC), SLOPE)));
}

/** Elementwise; any shape. */
export function gelu<T extends tf.Tensor>(x: T): T {
  return withGradient<T>(
    [x],
    () => ({
      value: hasOwnKernel('PlayGelu')
        ? runOwnKernel('PlayGelu', { x })[0]!
        : tf.mul(x, gate(x, tf.square(x))),
      saved: [x],
    }),
    (dy, [kept]) => {
      const x = kept!;
      if (hasOwnKernel('PlayGeluGrad')) return runOwnKernel('PlayGeluGrad', { dy, x });
      const square = tf.square(x);
      const s = gate(x, square);
      const slope = tf.add(tf.mul(square, 3 * SLOPE * CUBIC), SLOPE); // d(2z)/dx
      const derivative = tf.mul(s, tf.add(tf.mul(tf.mul(x, slope), tf.sub(1, s)), 1));
      return [tf.mul(dy, derivative)];
    },
  );
}
