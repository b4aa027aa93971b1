/** Exponential moving average of a model's weights on the device (S59): shadow <- decay shadow + (1 - decay) w. */
import * as tf from '@tensorflow/tfjs-core';
import { weightedSums } from '../kernels/weighted-sum.ts';
import type { Model } from '../model/parameters.ts';

/** One step; `shadow` and `model` have the same parameters. */
export function emaUpdate(shadow: Model, model: Model, decay: number): void {
  const variables = [...shadow.variables];
  const next = weightedSums(
    variables.map(([name, variable]) => [variable, model.get(name)]),
    decay,
    1 - decay,
  );
  variables.forEach(([, variable], i) => variable.assign(next[i]!));
  tf.dispose(next);
}
