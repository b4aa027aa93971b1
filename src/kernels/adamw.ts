/**
 * One AdamW update of one parameter (Loshchilov and Hutter; epsilon after bias correction, as PyTorch and TF.js
 * have it). Returns new tensors and frees none: on WASM the matrix product caches packed weights by tensor, so a
 * parameter must never change in place.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel } from './own-kernel.ts';

export interface AdamWSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled; multiplied by the learning rate. */
  readonly weightDecay: number;
  /** Updates done including this one, counted from 1. */
  readonly step: number;
}

export interface AdamWState {
  readonly parameter: tf.Tensor;
  readonly firstMoment: tf.Tensor;
  readonly secondMoment: tf.Tensor;
}

/** `scale` (scalar tensor) multiplies the gradient first: global-norm clipping. */
export function adamWStep(
  state: AdamWState,
  gradient: tf.Tensor,
  scale: tf.Scalar,
  settings: AdamWSettings,
): AdamWState {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings;
  const correction1 = 1 - beta1 ** step;
  const correction2 = 1 - beta2 ** step;
  const { parameter, firstMoment, secondMoment } = state;
  if (hasOwnKernel('PlayAdamW')) {
    const inputs = { parameter, gradient, firstMoment, secondMoment, scale };
    const rates = { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2 };
    const [p, m, v] = runOwnKernel('PlayAdamW', inputs, rates) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return { parameter: p, firstMoment: m, secondMoment: v };
  }
  const g = tf.mul(gradient, scale);
  const m = tf.add(tf.mul(firstMoment, beta1), tf.mul(g, 1 - beta1));
  const v = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(g), 1 - beta2));
  const update = tf.div(tf.div(m, correction1), tf.add(tf.sqrt(tf.div(v, correction2)), epsilon));
  const decayed = tf.mul(parameter, 1 - learningRate * weightDecay);
  return {
    parameter: tf.sub(decayed, tf.mul(update, learningRate)),
    firstMoment: m,
    secondMoment: v,
  };
}

/** One parameter of many that move at once. */
export interface AdamWItem {
  readonly parameter: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** First of its elements in each row of the moments; a multiple of four. */
  readonly offset: number;
  readonly weightDecay: number;
}

/** True where {@link adamWSteps} can run. */
export const takesManySteps = (): boolean => hasOwnKernel('PlayAdamWMany');

/** Most float32 elements of a tensor that kernels of this backend can bind; Infinity where nothing says so. */
export function mostElements(): number {
  const { device } = tf.backend() as { readonly device?: GPUDevice };
  return device ? Math.floor(device.limits.maxStorageBufferBindingSize / 4) : Infinity;
}

/**
 * {@link adamWStep} for many parameters, whose moments [2, total] (first, second) change in place; only where
 * {@link takesManySteps} says so. Returns the new parameters in order.
 */
export function adamWSteps(
  items: readonly AdamWItem[],
  moments: tf.Tensor2D,
  scale: tf.Scalar,
  { learningRate, beta1, beta2, epsilon, step }: AdamWSettings,
): tf.Tensor[] {
  const inputs: Record<string, tf.Tensor> = { moments, scale };
  const attributes: Record<string, number> = {
    learningRate,
    beta1,
    beta2,
    epsilon,
    correction1: 1 - beta1 ** step,
    correction2: 1 - beta2 ** step,
  };
  items.forEach(({ parameter, gradient, offset, weightDecay }, i) => {
    inputs[`parameter${i}`] = parameter;
    inputs[`gradient${i}`] = gradient;
    attributes[`offset${i}`] = offset;
    attributes[`weightDecay${i}`] = weightDecay;
  });
  return runOwnKernel('PlayAdamWMany', inputs, attributes);
}

export interface GradientNorm {
  /** Square root of the sum of squares over all gradients. */
  readonly norm: tf.Scalar;
  /** What to multiply every gradient by: min(1, maxNorm / (norm + 1e-6)), as PyTorch's clip_grad_norm_ has it. */
  readonly scale: tf.Scalar;
}

/**
 * Two scalars that the caller disposes; `maxNorm` may be Infinity. The reference does not use tf.addN: on WebGPU that
 * binds every input at once, more buffers than a shader may have, and returns whatever was in memory.
 */
export function gradientNorm(gradients: readonly tf.Tensor[], maxNorm: number): GradientNorm {
  const clips = Number.isFinite(maxNorm);
  if (hasOwnKernel('PlayGlobalNorm')) {
    const inputs = Object.fromEntries(gradients.map((gradient, i) => [`g${i}`, gradient]));
    const results = runOwnKernel('PlayGlobalNorm', inputs, { maxNorm: clips ? maxNorm : 0 });
    const [norm, scale] = results as [tf.Scalar, tf.Scalar];
    return { norm, scale };
  }
  const [norm, scale] = tf.tidy(() => {
    const squares = gradients.map((g) => tf.reshape(tf.sum(tf.square(g)), [1]));
    const norm = tf.sqrt(tf.sum(tf.concat(squares)));
    const scale = clips
      ? tf.minimum<tf.Scalar>(1, tf.div(maxNorm, tf.add(norm, 1e-6)))
      : tf.scalar(1);
    return [norm, scale] as [tf.Scalar, tf.Scalar];
  });
  return { norm, scale };
}
