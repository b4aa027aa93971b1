/**
 * The seam between an op of ours and the backend: runs the op's own kernel where the current backend
 * has one registered, and says so, so that the op can fall back to its reference in stock ops.
 * Also the typed wrapper around tf.customGrad that every op here uses.
 */
import * as tf from '@tensorflow/tfjs-core';

let enabled = true;

/** Turns all own kernels off (stock references everywhere) or on again: for parity tests and benchmarks. */
export function useOwnKernels(on: boolean): void {
  enabled = on;
}

/** True when the current backend has a kernel of this name. */
export function hasOwnKernel(name: string): boolean {
  return enabled && tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs an own kernel; the caller owns the outputs. */
export function runOwnKernel(
  name: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attributes: Readonly<Record<string, number>> = {},
): tf.Tensor[] {
  const result = tf.engine().runKernel(name, inputs, attributes) as tf.Tensor | tf.Tensor[];
  return Array.isArray(result) ? result : [result];
}

interface ForwardResult {
  readonly value: tf.Tensor;
  /** Tensors that the backward pass needs; kept alive until then. */
  readonly saved: readonly tf.Tensor[];
}

/**
 * An op with its own gradient. `forward` runs off the tape; `backward` gets the cotangent and the saved
 * tensors and returns one gradient for each of `inputs`, in order.
 */
export function withGradient<T extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: () => ForwardResult,
  backward: (dy: tf.Tensor, saved: readonly tf.Tensor[]) => tf.Tensor[],
): T {
  // Off the tape nobody asks for the gradient: decoding is spared what tfjs does to keep one.
  if (!tf.engine().isTapeOn()) return tf.tidy(() => forward().value as T);
  const op = tf.customGrad((...parts) => {
    const save = parts[parts.length - 1] as tf.GradSaveFunc;
    const { value, saved } = forward();
    save([...saved]);
    return {
      value: value as T,
      gradFunc: (dy: T, kept: tf.Tensor[]) => backward(dy, kept),
    };
  });
  return op(...inputs);
}
