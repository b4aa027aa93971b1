/** Own WGSL kernels beside stock ops on cpu, on shapes that fit no tile. */
import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { layerNorm } from '../../src/kernels/layer-norm.ts';
import { expectOwnKernels, normals } from './own-kernels.ts';
import { deviceErrors } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describe('layer norm', () => {
  test.each([
    [1, 5],
    [7, 20],
    [33, 32],
    [19, 80],
    [3, 65],
    // More rows than workgroups fit one axis of a dispatch.
    [70_000, 2],
  ])('of [%i, %i]', async (rows, columns) => {
    await expectOwnKernels({
      inputs: [normals([rows, columns], 3), normals([columns]), normals([columns])],
      op: ([x, gain, bias]) =>
        layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D, 1e-5),
      kernels: ['PlayLayerNorm', 'PlayLayerNormGrad', 'PlayLayerNormGradSum'],
    });
  });
});
