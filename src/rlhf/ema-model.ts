/** Exponential moving average of a model's weights on the device (S59): shadow <- decay shadow + (1 - decay) w. */
import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '../model/parameters.ts';

/** One step; `shadow` and `model` have the same parameters. */
export function emaUpdate(shadow: Model, model: Model, decay: number): void {
  for (const [name, variable] of shadow.variables) {
    const next = tf.tidy(() => tf.add(tf.mul(variable, decay), tf.mul(model.get(name), 1 - decay)));
    variable.assign(next);
    next.dispose();
  }
}
