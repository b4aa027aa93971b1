/**
 * AdamW over one model's parameters, with global-norm clipping. Moments are keyed by parameter name, never by
 * position (D51); one optimizer belongs to one model. Not a tf.train.Optimizer, which has neither decay nor clip.
 */
import * as tf from '@tensorflow/tfjs-core';
import { gradientNorm } from '../kernels/adamw.ts';
import { weightedSums } from '../kernels/weighted-sum.ts';
import type { TensorData, TensorMap } from '../records/tensor.ts';
import { newMoments, type Moments } from './moments.ts';
import type { Model } from './parameters.ts';

export interface OptimizerSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Gradients are scaled down to this global norm; Infinity leaves them alone. */
  readonly maxGradientNorm: number;
}

/** Adam's (0.9, 0.95) are the paper's (appendix C); epsilon, decay and clipping are unsourced there. */
export const DEFAULT_OPTIMIZER: OptimizerSettings = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradientNorm: 1,
};

export type Gradients = ReadonlyMap<string, tf.Tensor>;

/** Loss of `f` and its gradient by parameter name; the caller disposes both. */
export function gradientsOf(
  model: Model,
  f: () => tf.Scalar,
): { loss: tf.Scalar; gradients: Map<string, tf.Tensor> } {
  const variables = [...model.variables];
  const { value, grads } = tf.variableGrads(
    f,
    variables.map(([, variable]) => variable),
  );
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, variable] of variables) {
    const gradient = grads[variable.name];
    if (gradient) gradients.set(name, gradient);
  }
  return { loss: value, gradients };
}

/** Adds `weight` times `other` to `gradients`, in place; consumes the tensors of both. */
export function addGradients(
  gradients: Map<string, tf.Tensor>,
  other: Gradients,
  weight: number,
): void {
  const shared = [...other].filter(([name]) => gradients.has(name));
  const sums = weightedSums(
    shared.map(([name, gradient]) => [gradients.get(name)!, gradient]),
    1,
    weight,
  );
  shared.forEach(([name], i) => {
    gradients.get(name)!.dispose();
    gradients.set(name, sums[i]!);
  });
  for (const [name, gradient] of other) {
    if (!gradients.has(name)) gradients.set(name, tf.mul(gradient, weight));
    gradient.dispose();
  }
}

/**
 * Loss and gradient of the sum of losses, each of which is differentiated and freed before the next is formed (gradient
 * accumulation); the caller disposes both. Throws RangeError without any.
 */
export function accumulatedGradients(
  model: Model,
  losses: readonly (() => tf.Scalar)[],
): { loss: tf.Scalar; gradients: Map<string, tf.Tensor> } {
  const [first, ...rest] = losses;
  if (!first) throw new RangeError('there is no loss to differentiate');
  const total = gradientsOf(model, first);
  for (const f of rest) {
    const { loss, gradients } = gradientsOf(model, f);
    addGradients(total.gradients, gradients, 1);
    const sum = tf.add<tf.Scalar>(total.loss, loss);
    tf.dispose([total.loss, loss]);
    total.loss = sum;
  }
  return total;
}

/** Square root of the sum of squares over all gradients, a scalar that the caller disposes. */
export function globalNorm(gradients: Gradients): tf.Scalar {
  const { norm, scale } = gradientNorm([...gradients.values()], Infinity);
  scale.dispose();
  return norm;
}

export class AdamW {
  readonly settings: OptimizerSettings;
  readonly #model: Model;
  readonly #moments: Moments;
  #steps = 0;

  constructor(model: Model, settings: OptimizerSettings) {
    this.settings = settings;
    this.#model = model;
    this.#moments = newMoments(model);
  }

  get steps(): number {
    return this.#steps;
  }

  /**
   * One update; parameters without a gradient stay as they are. Disposes the gradients.
   * Returns the global gradient norm before clipping, a scalar that the caller disposes.
   */
  apply(gradients: Gradients, learningRate: number): tf.Scalar {
    this.#steps++;
    const { norm, scale } = gradientNorm([...gradients.values()], this.settings.maxGradientNorm);
    const settings = { ...this.settings, learningRate, step: this.#steps };
    for (const [name, parameter] of this.#moments.step(gradients, scale, settings)) {
      this.#model.get(name).assign(parameter);
      parameter.dispose();
    }
    tf.dispose([scale, ...gradients.values()]);
    return norm;
  }

  /** Moments by name (`first.` / `second.` prefixed), off the device; the step count is `steps`. */
  tensors(): Promise<Map<string, TensorData>> {
    return this.#moments.tensors();
  }

  /** Puts moments and step count back; throws when one is missing. */
  restore(tensors: TensorMap, steps: number): void {
    this.#moments.restore(tensors);
    this.#steps = steps;
  }

  dispose(): void {
    this.#moments.dispose();
  }
}
