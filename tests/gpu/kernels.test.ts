/** Own WGSL kernels beside stock ops on cpu, on shapes that fit no tile. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { gelu } from '../../src/kernels/gelu.ts';
import { layerNorm } from '../../src/kernels/layer-norm.ts';
import { linear, multiplyByTransposed, multiplyTransposed } from '../../src/kernels/linear.ts';
import { mlp } from '../../src/kernels/mlp.ts';
import { describeVariants, expectOwnKernels, normals } from './own-kernels.ts';
import { deviceErrors } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

/**
 * Rows, columns in, columns out: inside one tile, over its edges, in whole vectors, and enough for the large tiles of
 * either variant.
 */
const LAYERS = [
  [1, 1, 1],
  [7, 20, 33],
  [33, 31, 34],
  [40, 36, 68],
  [300, 12, 256],
  [259, 33, 257],
  [260, 132, 136],
] as const;

describeVariants((variant) => {
  const named = (...names: string[]) => names.map(variant);

  describe('layer norm', () => {
    test.each([
      [1, 5],
      [7, 20],
      [33, 32],
      [19, 80],
      [20, 4],
      [3, 65],
      // More rows than workgroups fit one axis of a dispatch.
      [70_000, 2],
    ])('of [%i, %i]', async (rows, columns) => {
      await expectOwnKernels({
        inputs: [normals([rows, columns], 3), normals([columns]), normals([columns])],
        op: ([x, gain, bias]) =>
          layerNorm(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D, 1e-5),
        kernels: [
          ...['PlayLayerNorm', 'PlayLayerNormGrad'].map(
            // Rows that are no whole vectors always take the plain one.
            (name) => (columns % 4 === 0 ? variant(name) : `${name} plain`),
          ),
          'PlayLayerNormGradSum',
        ],
      });
    });
  });

  describe.each(LAYERS)('%i rows, %i to %i', (rows, width, out) => {
    const [x, w, b] = [normals([rows, width]), normals([width, out]), normals([out])];

    test('linear', async () => {
      await expectOwnKernels({
        inputs: [x, w, b],
        op: ([x, w, b]) => linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D),
        kernels: named('PlayMatMulBias', 'PlayMatMulWeightGrad', 'PlayMatMul'),
      });
    });

    test('linear with a residual', async () => {
      await expectOwnKernels({
        inputs: [x, w, b, normals([rows, out])],
        op: ([x, w, b, r]) =>
          linear(x as tf.Tensor2D, w as tf.Tensor2D, b as tf.Tensor1D, r as tf.Tensor2D),
        kernels: named('PlayMatMulBiasResidual'),
      });
    });

    test('linear, GELU, linear', async () => {
      const inputs = [x, w, b, normals([out, width]), normals([width])];
      const op = ([x, w1, b1, w2, b2, residual]: tf.Tensor[]) => {
        const weights = {
          w1: w1 as tf.Tensor2D,
          b1: b1 as tf.Tensor1D,
          w2: w2 as tf.Tensor2D,
          b2: b2 as tf.Tensor1D,
        };
        return mlp(x as tf.Tensor2D, weights, residual as tf.Tensor2D | undefined);
      };
      const kernels = named('PlayMatMulBiasGelu', 'PlayMatMulGeluSlope');
      await expectOwnKernels({ inputs, op, kernels });
      await expectOwnKernels({ inputs: [...inputs, x], op, kernels });
    });

    test('products with one operand transposed', async () => {
      const given = [normals([rows, width]), normals([out, width]), normals([rows, out])] as const;
      for (const [i, j, multiply] of [
        [0, 1, multiplyByTransposed],
        [0, 2, multiplyTransposed],
      ] as const) {
        // Without gradient of its own: the tape must not see it.
        const op = ([a, b]: tf.Tensor[]) =>
          tf.customGrad((a, b) => ({
            value: multiply(a as tf.Tensor2D, b as tf.Tensor2D),
            gradFunc: () => [tf.zerosLike(a as tf.Tensor), tf.zerosLike(b as tf.Tensor)],
          }))(a!, b!);
        await expectOwnKernels({ inputs: [given[i], given[j]], op, kernels: named('PlayMatMul') });
      }
    });
  });
});

describe('GELU', () => {
  test.each([1, 65, 1001])('of %i elements', async (count) => {
    await expectOwnKernels({
      inputs: [normals([count], 4)],
      op: ([x]) => gelu(x as tf.Tensor1D),
      kernels: ['PlayGelu', 'PlayGeluGrad'],
    });
  });

  test('far tails are 0 and x, with slopes 0 and 1', async () => {
    await expectOwnKernels({
      inputs: [{ values: Float32Array.of(-1e6, -100, -20, 0, 20, 100, 1e6), shape: [7] }],
      op: ([x]) => gelu(x as tf.Tensor1D),
      kernels: ['PlayGelu', 'PlayGeluGrad'],
    });
  });
});
