// The smallest proof that the gpu tests run on a real WebGPU implementation: an adapter exists
// and tfjs's matrix product on it equals the one of the cpu backend. Not a kernel test.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgpu';
import { afterAll, expect, test } from 'vitest';

const ROWS = 33;
const COLUMNS = 17;

afterAll(() => {
  tf.removeBackend('webgpu');
});

async function product(backend: string): Promise<Float32Array> {
  expect(await tf.setBackend(backend)).toBe(true);
  const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(i));
  const a = tf.tensor2d(values, [ROWS, COLUMNS]);
  const result = tf.matMul(a, a, false, true);
  const data = (await result.data()) as Float32Array;
  tf.dispose([a, result]);
  return data;
}

test('an adapter exists', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  expect(adapter).not.toBeNull();
});

test('a matrix product on webgpu equals the one on cpu', async () => {
  const onGpu = await product('webgpu');
  const onCpu = await product('cpu');
  expect(onGpu).toHaveLength(ROWS * ROWS);
  for (const [i, expected] of onCpu.entries()) expect(onGpu[i]).toBeCloseTo(expected, 4);
});
