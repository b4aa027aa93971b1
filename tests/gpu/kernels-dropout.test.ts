/** The own WGSL kernel of dropout beside the product with the mask on cpu: the same units, and the same bits. */
import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, test } from 'vitest';
import { residualDropout } from '../../src/model/dropout.ts';
import { expectOwnKernels, normals } from './own-kernels.ts';
import { deviceErrors } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

test.each([
  [1, 1, 0, 0.2],
  [3, 5, 0, 0.5],
  // More blocks than a workgroup has threads.
  [40, 80, 7, 0.1],
  // Ends and begins inside a block of the stream.
  [33, 31, 3, 0.9],
])('[%i, %i] after %i rows at rate %f', async (rows, columns, skipped, rate) => {
  const dropout = residualDropout(rate, [0xfedcba98, 0x89abcdef], 5, skipped);
  await expectOwnKernels({
    inputs: [normals([rows, columns])],
    op: ([x]) => dropout.apply(x as tf.Tensor2D, 2),
    kernels: ['PlayDropout'],
    // One wrong unit would be far above this; the products are the same numbers.
    tolerance: 1e-12,
  });
});
