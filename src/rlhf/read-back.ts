/**
 * Values off the device. All that is asked for before the first wait comes back together, in one read-back where a
 * read-back costs (WebGPU): so ask for everything first, then wait once. Each function frees the tensors it is given.
 */
import * as tf from '@tensorflow/tfjs-core';

/** The arrays one after the other in a new one. */
export function join(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Values of the tensors one after the other in one array, which the caller owns. */
export async function takeJoined(tensors: readonly tf.Tensor[]): Promise<Float32Array> {
  const joined = join(await Promise.all(tensors.map((tensor) => tensor.data<'float32'>())));
  tf.dispose([...tensors]);
  return joined;
}

/** First value of each tensor. */
export async function takeScalars<T extends readonly tf.Tensor[]>(
  ...tensors: T
): Promise<{ [I in keyof T]: number }> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  tf.dispose([...tensors]);
  return values.map(([value = NaN]) => value) as { [I in keyof T]: number };
}
