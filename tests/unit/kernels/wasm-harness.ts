/**
 * Runs one WASM kernel on plain arrays and measures how far its values are from expected ones. Importing it starts
 * nothing; startKernels() starts the backend. Not a test itself.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { expect } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { captureWasmMemory } from '../../../src/kernels/wasm/memory.ts';
import { registerWasmKernels } from '../../../src/kernels/wasm/register.ts';
import { startRuntime } from '../../../src/kernels/wasm/runtime.ts';
import type { Numbers } from './wasm-reference.ts';

/** Starts tfjs's WASM backend with our kernels. */
export async function startKernels(): Promise<void> {
  await captureWasmMemory(async () => tf.setBackend('wasm'));
  const runtime = await startRuntime(tf.backend());
  if (!runtime) throw new Error('The kernels did not start.');
  registerWasmKernels(tf.backend(), runtime);
}

export const rng = Rng.named(7, 'wasm kernels');

export function normals(size: number, scale = 1): Float32Array {
  return Float32Array.from({ length: size }, () => rng.normal() * scale);
}

interface Input {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

export const input = (values: Float32Array | Int32Array, ...shape: number[]): Input => ({
  values,
  shape,
});

function tensorOf({ values, shape }: Input): tf.Tensor {
  return tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32');
}

/** Runs a kernel on fresh tensors and returns its outputs' values; fails when it leaves a tensor behind. */
export function run(
  name: string,
  inputs: Readonly<Record<string, Input>>,
  attributes: Readonly<Record<string, number>> = {},
): Float32Array[] {
  const held = () => [tf.memory().numTensors, tf.backend().numDataIds()];
  const before = held();
  const values = tf.tidy(() => {
    const tensors = Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, tensorOf(v)]));
    const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, tensors, attributes);
    return [result].flat().map((t) => t.dataSync() as Float32Array);
  });
  expect(held()).toEqual(before);
  return values;
}

/** Largest |a - b| / (1 + |b|). */
export function distance(
  actual: Numbers | undefined,
  expected: Numbers | readonly number[],
): number {
  if (actual?.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    worst = error >= 0 ? Math.max(worst, error) : Infinity;
  }
  return worst;
}

/** About `count` indices spread over an array. */
export function spread(length: number, count: number): number[] {
  const step = Math.max(1, Math.floor(length / count));
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
}

export const pick = (values: Numbers, indices: readonly number[]) =>
  Float64Array.from(indices, (i) => values[i]!);
