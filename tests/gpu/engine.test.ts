/** The engine on WebGPU: started by name, passed over when in software, and multiplying without atomics. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, test } from 'vitest';
import { Rng } from '../../src/data/rng.ts';
import { startEngine } from '../../src/kernels/engine.ts';
import { columnSum, linear, multiplyTransposed } from '../../src/kernels/linear.ts';
import { relativeDistance } from '../unit/model/tiny-model.ts';
import { deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

const rng = Rng.named(1, 'products');
const normals = (size: number) => Float32Array.from({ length: size }, () => rng.normal());

test('asked for by name it starts, even in software', async () => {
  const engine = await startEngine({ prefer: 'webgpu' });
  expect(engine.backend).toBe('webgpu');
  expect(engine.device).not.toBe('');
});

test('unasked, a software adapter loses to WASM and says so', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const engine = await startEngine();
  const words = `${adapter?.info.architecture} ${adapter?.info.description}`.toLowerCase();
  if (/llvmpipe|swiftshader/.test(words)) {
    expect(engine.backend).toBe('wasm');
    expect(engine.notes.join()).toMatch(/would run in software/);
  } else {
    expect(engine.backend).toBe('webgpu');
  }
});

// 4,999 is a prime: such rows cannot be cut into equal parts.
test.each([300, 4096, 4999])(
  'products over %i rows equal those of cpu and use no atomics',
  async (rows) => {
    const [a, b] = [normals(rows * 24), normals(rows * 20)];
    const compute = () =>
      tf.tidy(() => {
        const x = tf.tensor2d(a, [rows, 24]);
        const y = tf.tensor2d(b, [rows, 20]);
        const loss = (w: tf.Tensor) => {
          const out = linear(x, w as tf.Tensor2D, tf.zeros([20]));
          return tf.sum(tf.mul(out, y)) as tf.Scalar;
        };
        const gradient = tf.grad(loss)(tf.ones([24, 20]));
        return [multiplyTransposed(x, y), columnSum(y), gradient].map((t) =>
          tf.reshape(tf.clone(t), [-1]),
        );
      });
    const values = async () => {
      const tensors = compute();
      const result = await Promise.all(tensors.map(async (t) => (await t.data()).slice()));
      tf.dispose(tensors);
      return result;
    };
    await useCpu();
    const expected = await values();
    const backend = await useWebGpu();
    const [first, second] = [await values(), await values()];
    expect(second).toEqual(first);
    first.forEach((part, i) => {
      expect(relativeDistance(part, expected[i] ?? [])).toBeLessThan(1e-5);
    });
    const cache = (backend as unknown as { pipelineCache: Record<string, unknown> }).pipelineCache;
    const programs = Object.keys(cache);
    expect(programs.some((key) => key.toLowerCase().includes('matmul'))).toBe(true);
    expect(programs.filter((key) => /splitk/i.test(key))).toEqual([]);
  },
);
