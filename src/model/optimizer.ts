/**
 * AdamW over one model's parameters, with global-norm clipping. Moments are keyed by parameter name, never by
 * position (D51); one optimizer belongs to one model. Not a tf.train.Optimizer, which has neither decay nor clip.
 */
import * as tf from '@tensorflow/tfjs-core';
import { adamWStep, gradientNorm } from '../kernels/adamw.ts';
import type { TensorData, TensorMap } from '../records/tensor.ts';
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
  for (const [name, gradient] of other) {
    const own = gradients.get(name);
    const sum = tf.tidy(() => {
      const weighted = tf.mul(gradient, weight);
      return own ? tf.add(own, weighted) : weighted;
    });
    tf.dispose(own ? [own, gradient] : [gradient]);
    gradients.set(name, sum);
  }
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
  readonly #moments = new Map<string, { first: tf.Tensor; second: tf.Tensor }>();
  #steps = 0;

  constructor(model: Model, settings: OptimizerSettings) {
    this.settings = settings;
    this.#model = model;
    for (const [name, variable] of model.variables) {
      this.#moments.set(name, {
        first: tf.zeros(variable.shape),
        second: tf.zeros(variable.shape),
      });
    }
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
    for (const [name, gradient] of gradients) this.#update(name, gradient, scale, learningRate);
    scale.dispose();
    return norm;
  }

  #update(name: string, gradient: tf.Tensor, scale: tf.Scalar, learningRate: number): void {
    const variable = this.#model.get(name);
    const moments = this.#moments.get(name);
    if (!moments) throw new Error(`no moments for parameter "${name}"`);
    const { beta1, beta2, epsilon, weightDecay } = this.settings;
    // Decay only matrices, as GPT training does: not biases, not layer-norm gains.
    const decay = variable.rank > 1 ? weightDecay : 0;
    const [parameter, first, second] = tf.tidy(() => {
      const next = adamWStep(
        { parameter: variable, firstMoment: moments.first, secondMoment: moments.second },
        gradient,
        scale,
        { learningRate, beta1, beta2, epsilon, weightDecay: decay, step: this.#steps },
      );
      return [next.parameter, next.firstMoment, next.secondMoment];
    }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    variable.assign(parameter);
    tf.dispose([moments.first, moments.second, parameter, gradient]);
    moments.first = first;
    moments.second = second;
  }

  /** Moments by name (`first.` / `second.` prefixed), off the device; the step count is `steps`. */
  async tensors(): Promise<Map<string, TensorData>> {
    const result = new Map<string, TensorData>();
    for (const [name, { first, second }] of this.#moments) {
      result.set(`first.${name}`, {
        shape: first.shape,
        data: (await first.data<'float32'>()).slice(),
      });
      result.set(`second.${name}`, {
        shape: second.shape,
        data: (await second.data<'float32'>()).slice(),
      });
    }
    return result;
  }

  /** Puts moments and step count back; throws when one is missing. */
  restore(tensors: TensorMap, steps: number): void {
    for (const [name, moments] of this.#moments) {
      const first = tensors.get(`first.${name}`);
      const second = tensors.get(`second.${name}`);
      if (!first || !second) throw new Error(`checkpoint lacks the optimizer moments of "${name}"`);
      tf.dispose([moments.first, moments.second]);
      moments.first = tf.tensor(first.data.slice(), [...first.shape]);
      moments.second = tf.tensor(second.data.slice(), [...second.shape]);
    }
    this.#steps = steps;
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) tf.dispose([first, second]);
    this.#moments.clear();
  }
}
