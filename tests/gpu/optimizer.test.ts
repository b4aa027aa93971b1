// One optimizer step on WebGPU with as many parameters as a model has: gradient norm and update equal the cpu's.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgpu';
import { afterAll, expect, test } from 'vitest';
import { Rng } from '../../src/data/rng.ts';
import { globalNorm } from '../../src/model/optimizer.ts';

/** More than the storage buffers that one shader may bind. */
const PARAMETERS = 52;

afterAll(() => {
  tf.removeBackend('webgpu');
});

test('the global norm of many gradients is right', async () => {
  expect(await tf.setBackend('webgpu')).toBe(true);
  const rng = Rng.named(1, 'gradients');
  const values = Array.from({ length: PARAMETERS }, (_, i) =>
    Float32Array.from({ length: 10 + i }, () => rng.normal()),
  );
  const expected = Math.hypot(...values.flatMap((array) => [...array]));
  const gradients = new Map(values.map((array, i) => [`p${i}`, tf.tensor1d(array)]));
  const norm = globalNorm(gradients);
  expect((await norm.data())[0]).toBeCloseTo(expected, 3);
  tf.dispose([norm, ...gradients.values()]);
});
