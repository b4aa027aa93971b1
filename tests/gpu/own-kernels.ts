/**
 * One spec for every op with own WGSL kernels: value and gradients beside the stock ops on cpu, the same bits twice,
 * nothing left on the device, and proof that it was the own kernels that ran. Not a test itself.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { Rng } from '../../src/data/rng.ts';
import { relativeDistance } from '../unit/model/tiny-model.ts';
import { useSubgroups } from '../../src/kernels/webgpu/gpu.ts';
import { allocatedBytes, useCpu, useWebGpu } from './webgpu.ts';

/** Float32 sums in another order; a wrong term is orders of magnitude above. */
export const TOLERANCE = 1e-5;

export interface Values {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

const rng = Rng.named(11, 'wgsl kernels');

export function normals(shape: readonly number[], scale = 1): Values {
  const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) });
  return { values: values.map(() => rng.normal() * scale), shape };
}

export const whole = (count: number, below: number): Values => ({
  values: Int32Array.from({ length: count }, () => rng.int(below)),
  shape: [count],
});

export const ids = (...values: number[]): Values => ({
  values: Int32Array.from(values),
  shape: [values.length],
});

export const upload = ({ values, shape }: Values): tf.Tensor =>
  tf.tensor(values.slice(), [...shape], values instanceof Int32Array ? 'int32' : 'float32');

/** An op with its inputs; gradients are taken of the float ones. */
export interface Case {
  readonly inputs: readonly Values[];
  readonly op: (inputs: tf.Tensor[]) => tf.Tensor;
  /** Own kernels that must have run: how the keys of their pipelines begin, in whole words. */
  readonly kernels: readonly string[];
  readonly tolerance?: number;
}

/** Values of the op and of its gradient along a fixed random cotangent, one array each. */
async function compute({ inputs, op }: Case, cotangent: Float32Array): Promise<Float32Array[]> {
  const tensors = inputs.map(upload);
  const isFloat = (i: number) => inputs[i]?.values instanceof Float32Array;
  const moving = tensors.filter((_, i) => isFloat(i));
  const results = tf.tidy(() => {
    const dy = (y: tf.Tensor) => tf.tensor(cotangent.subarray(0, y.size), y.shape);
    const f = (...given: tf.Tensor[]) => {
      let at = 0;
      return op(tensors.map((fixed, i) => (isFloat(i) ? (given[at++] ?? fixed) : fixed)));
    };
    const y = f(...moving);
    return [y, ...tf.grads(f)(moving, dy(y))];
  });
  const values: Float32Array[] = [];
  for (const result of results) values.push(Float32Array.from(await result.data()));
  tf.dispose([...results, ...tensors]);
  return values;
}

/** Keys of the pipelines that run while `work` does; the cache alone would name those of earlier cases too. */
async function pipelinesOf<T>(
  { pipelineCache }: { readonly pipelineCache: Readonly<Record<string, unknown>> },
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly ran: readonly string[] }> {
  const set = vi.spyOn(GPUComputePassEncoder.prototype, 'setPipeline');
  const result = await work();
  const used = new Set<unknown>(set.mock.calls.map(([pipeline]) => pipeline));
  set.mockRestore();
  const ran = Object.entries(pipelineCache).filter(([, pipeline]) => used.has(pipeline));
  return { result, ran: ran.map(([key]) => key) };
}

/** Checks one case; see the head of this file. */
export async function expectOwnKernels(each: Case): Promise<void> {
  const cotangent = normals([1 << 18]).values as Float32Array;
  await useCpu();
  const expected = await compute(each, cotangent);
  const backend = await useWebGpu();
  const tensors = tf.memory().numTensors;
  const { result: first, ran } = await pipelinesOf(backend, () => compute(each, cotangent));
  expect(tf.memory().numTensors).toBe(tensors);
  const bytes = allocatedBytes();
  const second = await compute(each, cotangent);
  expect(allocatedBytes()).toBe(bytes);
  expect(second).toEqual(first);
  expect(first).toHaveLength(expected.length);
  first.forEach((part, i) => {
    const what = i === 0 ? 'value' : `gradient ${i - 1}`;
    expect(relativeDistance(part, expected[i] ?? []), what).toBeLessThan(
      each.tolerance ?? TOLERANCE,
    );
  });
  for (const name of each.kernels) {
    expect(
      ran.some((key) => key.startsWith(`${name} `)),
      name,
    ).toBe(true);
  }
}

/** Asks the adapter and not our device, which must have been made with what the adapter offers. */
async function hasSmallSubgroups(): Promise<boolean> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter?.features.has('subgroups')) return false;
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  return [4, 8].some((size) => size === subgroupMinSize && size === subgroupMaxSize);
}

/**
 * Runs the tests with the kernels' variants for subgroups, where the device has them, and once more with the plain
 * ones; `variant` puts the one that must have run behind the name of a kernel.
 */
export function describeVariants(tests: (variant: (name: string) => string) => void): void {
  describe.each([true, false])('with subgroups: %s', (on) => {
    let suffix = 'plain';
    beforeAll(async () => {
      await useWebGpu();
      useSubgroups(on);
      if (on && (await hasSmallSubgroups())) suffix = 'subgroup';
    });
    afterAll(() => {
      useSubgroups(true);
    });
    tests((name) => `${name} ${suffix}`);
  });
}
