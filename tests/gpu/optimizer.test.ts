/**
 * The optimizer on WebGPU beside cpu, with own kernels and with stock ops: the norm over as many gradients as a model
 * has, and steps with decay, clipping and parameters left out.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Rng } from '../../src/data/rng.ts';
import { gradientNorm } from '../../src/kernels/adamw.ts';
import { hasOwnKernel, useOwnKernels } from '../../src/kernels/own-kernel.ts';
import { Gpu } from '../../src/kernels/webgpu/gpu.ts';
import { weightedSums } from '../../src/kernels/weighted-sum.ts';
import { newMoments } from '../../src/model/moments.ts';
import { AdamW, globalNorm } from '../../src/model/optimizer.ts';
import { relativeDistance, sameBits, tinyModel } from '../unit/model/tiny-model.ts';
import { allocatedBytes, deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

/** More than the storage buffers that one shader may bind. */
const PARAMETERS = 52;
/** maxStorageBuffersPerShaderStage that every WebGPU device has. */
const LEAST_BINDINGS = 8;
const SETTINGS = { beta1: 0.9, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1, maxGradientNorm: 1 };

afterAll(() => {
  useOwnKernels(true);
  expect(deviceErrors()).toEqual([]);
});

/** Weights, moments and norms after `steps` updates; odd steps leave two of three parameters out. */
async function train(steps: number) {
  const model = tinyModel('scalar', 2);
  const optimizer = new AdamW(model, SETTINGS);
  const norms: number[] = [];
  const bytes: number[] = [];
  const tensors = tf.memory().numTensors;
  for (let step = 0; step < steps; step++) {
    const rng = Rng.named(step, 'gradients');
    const names = [...model.variables.keys()].filter((_, i) => step % 2 === 0 || i % 3 === 1);
    const gradients = names.map((name) => {
      const { size, shape } = model.get(name);
      // Every third step is far longer than the clip, the others are not clipped.
      const scale = step % 3 === 0 ? 1 : 1e-3;
      const values = Float32Array.from({ length: size }, () => scale * rng.normal());
      return [name, tf.tensor(values, shape)] as const;
    });
    const norm = optimizer.apply(new Map(gradients), 0.01);
    norms.push(...(await norm.data()));
    norm.dispose();
    bytes.push(allocatedBytes());
  }
  expect(tf.memory().numTensors).toBe(tensors);
  const state = new Map([...(await model.tensors()), ...(await optimizer.tensors())]);
  optimizer.dispose();
  model.dispose();
  return { norms, state, bytes };
}

describe.each([
  ['own kernels', true, Infinity],
  ['own kernels on a device of the least limit', true, LEAST_BINDINGS],
  ['stock ops', false, Infinity],
])('%s', (_, own, limit) => {
  beforeEach(async () => {
    useOwnKernels(own);
    const { maxBindings } = new Gpu(await useWebGpu());
    vi.spyOn(Gpu.prototype, 'maxBindings', 'get').mockReturnValue(Math.min(maxBindings, limit));
    expect([hasOwnKernel('PlayAdamWMany'), hasOwnKernel('PlayGlobalNorm')]).toEqual([own, own]);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('the global norm of many gradients is right', async () => {
    const rng = Rng.named(1, 'gradients');
    // The last one is too long for one workgroup.
    const values = Array.from({ length: PARAMETERS }, (_, i) =>
      Float32Array.from({ length: i + 1 === PARAMETERS ? 9001 : 10 + i }, () => rng.normal()),
    );
    const expected = Math.hypot(...values.flatMap((array) => [...array]));
    const gradients = new Map(values.map((array, i) => [`p${i}`, tf.tensor1d(array)]));
    const norm = globalNorm(gradients);
    expect((await norm.data())[0]! / expected).toBeCloseTo(1, 5);
    const all = [...gradients.values()];
    for (const [most, scale] of [
      [Infinity, 1],
      [2 * expected, 1],
      [expected / 2, 0.5],
    ] as const) {
      const clipped = gradientNorm(all, most);
      expect((await clipped.scale.data())[0]).toBeCloseTo(scale, 5);
      tf.dispose([clipped.norm, clipped.scale]);
    }
    tf.dispose([norm, ...all]);
  });

  test('D51, D52: steps with decay and clipping equal those of cpu, twice to the bit', async () => {
    await useCpu();
    const expected = await train(6);
    await useWebGpu();
    const actual = await train(6);
    expect(relativeDistance(actual.norms, expected.norms)).toBeLessThan(1e-5);
    for (const [name, { data }] of expected.state) {
      expect(relativeDistance(actual.state.get(name)?.data ?? [], data), name).toBeLessThan(1e-5);
    }
    expect(new Set(actual.bytes.slice(2)).size).toBe(1);
    expect(sameBits((await train(6)).state, actual.state)).toBe(true);
  });

  test('S59: weighted sums of many pairs', async () => {
    const rng = Rng.named(2, 'pairs');
    const sizes = Array.from({ length: 12 }, (_, i) => 1 + 17 * i);
    const values = sizes.map((size) =>
      [0, 1].map(() => Float32Array.from({ length: size }, () => rng.normal())),
    );
    const pairs = values.map(([x, y]) => [tf.tensor1d(x!), tf.tensor1d(y!)] as const);
    const sums = weightedSums(pairs, 0.992, -0.3);
    for (const [i, sum] of sums.entries()) {
      const [x, y] = values[i]!;
      const expected = x!.map((value, j) => 0.992 * value - 0.3 * y![j]!);
      expect(relativeDistance(await sum.data(), expected)).toBeLessThan(1e-6);
    }
    expect(sums).toHaveLength(sizes.length);
    tf.dispose([...sums, ...pairs.flat()]);
  });
});

test('moments divide into tensors that a device can bind, and move the same', async () => {
  useOwnKernels(true);
  await useWebGpu();
  const model = tinyModel('scalar', 2);
  const sizes = [...model.variables.values()].map(({ size }) => size);
  // Several tensors, and a parameter or more whose two moments do not fit one.
  const most = 2 * Math.max(...sizes) - 4;
  expect(2 * sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(2 * most);
  const settings = { ...SETTINGS, learningRate: 0.01, step: 1 };
  const runs = [];
  for (const limit of [Infinity, most]) {
    const before = tf.memory().numTensors;
    const moments = newMoments(model, limit);
    const rng = Rng.named(3, 'gradients');
    const gradients = new Map(
      [...model.variables].map(([name, { shape, size }]) => [
        name,
        tf.tensor(
          Float32Array.from({ length: size }, () => rng.normal()),
          shape,
        ),
      ]),
    );
    const scale = tf.scalar(0.5);
    const moved = moments.step(gradients, scale, settings);
    const parameters = new Map<string, Float32Array>();
    for (const [name, tensor] of moved) parameters.set(name, await tensor.data<'float32'>());
    const saved = await moments.tensors();
    moments.restore(saved);
    runs.push({ parameters, saved });
    tf.dispose([scale, ...gradients.values(), ...moved.values()]);
    moments.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
  const [whole, divided] = runs as [(typeof runs)[0], (typeof runs)[0]];
  expect(divided.parameters.size).toBe(sizes.length);
  for (const [name, values] of whole.parameters) {
    expect(relativeDistance(divided.parameters.get(name) ?? [], values), name).toBeLessThan(1e-6);
  }
  for (const [name, { data }] of whole.saved) {
    expect(relativeDistance(divided.saved.get(name)?.data ?? [], data), name).toBeLessThan(1e-6);
  }
  model.dispose();
});

test('a tensor larger than the device can bind is refused by a sentence', async () => {
  useOwnKernels(true);
  await useWebGpu();
  const x = tf.zeros<tf.Rank.R1>([64]);
  const most = vi.spyOn(Gpu.prototype, 'maxBytes', 'get');
  most.mockReturnValue(255);
  expect(() => gradientNorm([x], 1)).toThrow(/takes 0 MB at once, and a tensor \[64\] has 0 MB/);
  most.mockReturnValue(256);
  const { norm, scale } = gradientNorm([x], 1);
  expect((await norm.data())[0]).toBe(0);
  most.mockRestore();
  tf.dispose([x, norm, scale]);
});
