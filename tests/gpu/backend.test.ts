/** What the engine replaces in tfjs's WebGPU backend: submits, buffers of freed tensors, read-backs. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { linear } from '../../src/kernels/linear.ts';
import { useOwnKernels } from '../../src/kernels/own-kernel.ts';
import { MOST_DISPATCHES } from '../../src/kernels/webgpu/submits.ts';
import { allocatedBytes, deviceErrors, useWebGpu } from './webgpu.ts';

beforeAll(async () => {
  await useWebGpu();
});
afterEach(() => {
  vi.restoreAllMocks();
  useOwnKernels(true);
});
afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

/** Larger than what tfjs computes on the processor instead. */
const SIZE = 2048;
const ramp = (from: number) => Float32Array.from({ length: SIZE }, (_, i) => from + i);

test('tensors that are asked for together come back in one read-back, each with its type', async () => {
  const a = tf.tensor1d(ramp(0));
  const [twice, whole, above] = tf.tidy((): [tf.Tensor, tf.Tensor, tf.Tensor] => {
    const doubled = tf.mul(a, 2);
    return [doubled, tf.cast(doubled, 'int32'), tf.greater(doubled, 2 * SIZE)];
  });
  const reads = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
  const submits = vi.spyOn(GPUQueue.prototype, 'submit');
  const values = await Promise.all([twice.data(), whole.data(), above.data(), twice.data()]);
  expect(reads).toHaveBeenCalledTimes(1);
  expect(submits).toHaveBeenCalledTimes(1);
  expect(values[0]).toEqual(ramp(0).map((x) => 2 * x));
  expect(values[1]).toEqual(Int32Array.from(ramp(0), (x) => 2 * x));
  expect(values[2]).toEqual(Uint8Array.from(ramp(0), (x) => Number(x > SIZE)));
  expect(values[3]).toEqual(values[0]);
  // Read once, the values are known.
  expect(await twice.data()).toEqual(values[0]);
  expect(reads).toHaveBeenCalledTimes(1);
  tf.dispose([a, twice, whole, above]);
});

test('a tensor that is freed while it is read comes back whole, and those read with it', async () => {
  const [a, b] = tf.tidy((): [tf.Tensor, tf.Tensor] => [
    tf.mul(tf.tensor1d(ramp(1)), 3),
    tf.mul(tf.tensor1d(ramp(2)), 3),
  ]);
  const reading = Promise.all([a.data(), b.data()]);
  await Promise.resolve();
  a.dispose();
  expect(await reading).toEqual([ramp(1).map((x) => 3 * x), ramp(2).map((x) => 3 * x)]);
  b.dispose();
});

test('a tensor that is freed, and its buffer wanted again, before the read-back begins comes back whole', async () => {
  const a = tf.tensor1d(ramp(1));
  const doubled = tf.mul(a, 2);
  const reading = doubled.data();
  doubled.dispose();
  const tripled = tf.mul(a, 3);
  expect(await reading).toEqual(ramp(1).map((x) => 2 * x));
  expect(await tripled.data()).toEqual(ramp(1).map((x) => 3 * x));
  // The buffer was only kept back, not lost.
  const before = allocatedBytes();
  const again = tf.mul(a, 4);
  await again.data();
  expect(allocatedBytes()).toBe(before);
  tf.dispose([a, tripled, again]);
});

test('a buffer that is freed and filled anew before the submit keeps what was recorded before right', async () => {
  const results = ['first', 'second', 'third'].map((_, i) => {
    const input = tf.tensor1d(ramp(1000 * i));
    const result = tf.mul(input, 2);
    input.dispose();
    return result;
  });
  const values = await Promise.all(results.map((result) => result.data()));
  values.forEach((value, i) => expect(value).toEqual(ramp(1000 * i).map((x) => 2 * x)));
  tf.dispose(results);
});

test('freed tensors give their buffers to the next dispatches of the same submit', async () => {
  const size = 9973; // of no other test
  const grown = allocatedBytes();
  let x: tf.Tensor = tf.zeros([size]);
  const submits = vi.spyOn(GPUQueue.prototype, 'submit');
  for (let i = 0; i < MOST_DISPATCHES - 2; i++) {
    const next = tf.add(x, 1);
    x.dispose();
    x = next;
  }
  expect(submits.mock.calls.length).toBeLessThanOrEqual(1);
  // Two take turns; a third is the constant's or the read-back's.
  expect(allocatedBytes() - grown).toBeLessThan(4 * 4 * size);
  expect((await x.data())[size - 1]).toBe(MOST_DISPATCHES - 2);
  x.dispose();
});

test('large products are submitted as they come, small dispatches many at once', async () => {
  const side = 512;
  const [a, b] = [tf.ones<tf.Rank.R2>([side, side]), tf.ones<tf.Rank.R2>([side, side])];
  const bias = tf.zeros<tf.Rank.R1>([side]);
  const submits = vi.spyOn(GPUQueue.prototype, 'submit');
  for (const own of [true, false]) {
    useOwnKernels(own);
    submits.mockClear();
    const results = Array.from({ length: 5 }, () => tf.tidy(() => linear(a, b, bias)));
    expect(submits.mock.calls.length, own ? 'own' : 'stock').toBe(2);
    expect((await results[4]!.data())[0]).toBe(side);
    tf.dispose(results);
  }
  tf.dispose([a, b, bias]);
});
