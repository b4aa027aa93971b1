/** Own WGSL kernels over whole sequences beside stock ops on cpu: attention, token statistics, embeddings. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { causalAttention, MAX_HEAD_WIDTH } from '../../src/kernels/attention.ts';
import { embedding, embeddingSum } from '../../src/kernels/embedding.ts';
import { tokenLogProbability } from '../../src/kernels/token-log-probability.ts';
import { describeVariants, expectOwnKernels, ids, normals, upload, whole } from './own-kernels.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describeVariants((variant) => {
  describe('attention', () => {
    test.each([
      { batch: 1, time: 1, heads: 1, width: 4, starts: [0] },
      { batch: 2, time: 7, heads: 2, width: 10, starts: [0, 3] },
      { batch: 3, time: 18, heads: 4, width: 20, starts: [17, 0, 18] },
      // More columns than one tile and more queries than one workgroup, padding over their edges.
      { batch: 2, time: 70, heads: 1, width: 8, starts: [33, 15] },
      // Heads that several threads hold, evenly as those of GPT-2, in two lengths, and unevenly, number by number.
      { batch: 2, time: 41, heads: 2, width: 64, starts: [0, 13] },
      { batch: 2, time: 3, heads: 1, width: 64, starts: [3, 1] },
      { batch: 1, time: 30, heads: 1, width: 130, starts: [3] },
      // Too wide for the own kernels.
      { batch: 1, time: 3, heads: 1, width: MAX_HEAD_WIDTH + 4, starts: [1] },
    ])('$batch x $time, $heads heads of $width, from $starts', async (shape) => {
      const { batch, time, heads, width, starts } = shape;
      await expectOwnKernels({
        inputs: [normals([batch * time, 3 * heads * width], 1.5), ids(...starts)],
        op: ([qkv, starts]) =>
          causalAttention(qkv as tf.Tensor2D, starts as tf.Tensor1D, { batch, time, heads }),
        kernels:
          width > MAX_HEAD_WIDTH
            ? []
            : ['PlayAttention', 'PlayAttentionQueryGrad', 'PlayAttentionKeyGrad'].map(
                // Heads that are no whole vectors always take the plain one, wide ones where subgroups are very small.
                (name) => {
                  if (width > 32) return name;
                  return width % 4 === 0 ? variant(name) : `${name} plain`;
                },
              ),
      });
    });

    test('scores in the hundreds', async () => {
      await expectOwnKernels({
        inputs: [normals([20, 24], 12), ids(0)],
        op: ([qkv, starts]) =>
          causalAttention(qkv as tf.Tensor2D, starts as tf.Tensor1D, {
            batch: 1,
            time: 20,
            heads: 1,
          }),
        kernels: [],
        // One part in 10^5 of a score in the hundreds is as much of a softmax's exponent.
        tolerance: 1e-3,
      });
    });
  });

  describe('log-probability and entropy of tokens', () => {
    test.each([
      [1, 4, 2, 1],
      [7, 20, 33, 0.7],
      [70, 16, 64, 1.6],
      [33, 5, 130, 1],
    ])('%i rows of width %i, vocabulary %i, temperature %f', async (rows, width, size, t) => {
      const op = ([h, e, labels]: tf.Tensor[]) => {
        const table = e as tf.Tensor2D;
        const both = tokenLogProbability(h as tf.Tensor2D, table, labels as tf.Tensor1D, t);
        return tf.stack([both.logProbability, both.entropy]);
      };
      await expectOwnKernels({
        // Small logits: where one token has nearly all of the mass, its gradient is what rounding leaves of 1 - p.
        inputs: [normals([rows, width], 0.5), normals([size, width]), whole(rows, size)],
        op,
        kernels: ['PlayTokenStatistics', variant('PlayMatMulTokenSlope')],
      });
    });
  });

  describe('embeddings', () => {
    test.each([
      [1, 5, 2],
      [50, 7, 9],
      [64, 80, 130],
      // More ids than a workgroup looks at in one go.
      [5000, 3, 11],
    ])('%i rows of width %i from a table of %i', async (count, width, rows) => {
      await expectOwnKernels({
        inputs: [normals([rows, width]), whole(count, rows)],
        op: ([table, ids]) => embedding(table as tf.Tensor2D, ids as tf.Tensor1D),
        kernels: ['PlayEmbedding', variant('PlayEmbeddingGrad')],
      });
      await expectOwnKernels({
        inputs: [normals([rows, width]), normals([6, width]), whole(count, rows), whole(count, 6)],
        op: ([table, places, ids, positions]) =>
          embeddingSum(
            [table as tf.Tensor2D, places as tf.Tensor2D],
            [ids as tf.Tensor1D, positions as tf.Tensor1D],
          ),
        kernels: ['PlayEmbedding', variant('PlayEmbeddingGrad')],
      });
    });
  });
});

describe('what is kept for the gradient', () => {
  test('is nothing as large as the logits', async () => {
    await useWebGpu();
    const [N, D, V] = [40, 4, 96];
    const hidden = upload(normals([N, D])) as tf.Tensor2D;
    const table = upload(normals([V, D])) as tf.Tensor2D;
    const labels = upload(whole(N, V)) as tf.Tensor1D;
    const bytes = () => tf.memory().numBytes;
    let kept = NaN;
    const gradients = tf.tidy(() => {
      const before = bytes();
      return tf.grads((h, t) => {
        const both = tokenLogProbability(h as tf.Tensor2D, t as tf.Tensor2D, labels, 0.9);
        kept = bytes() - before;
        return tf.add(both.logProbability, both.entropy);
      })([hidden, table]);
    });
    // Inputs, statistics, log-sum-exp; the logits alone would be 4 N V.
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(2 * N * V);
    tf.dispose([...gradients, hidden, table, labels]);
  });
});

describe('what is refused', () => {
  test('an id or a label outside the table gives NaN', async () => {
    await useWebGpu();
    const values = tf.tidy(() => {
      const table = upload(normals([3, 2])) as tf.Tensor2D;
      const labels = tf.tensor1d([1, 3, -1], 'int32');
      const rows = embedding(table, labels);
      const { logProbability } = tokenLogProbability(table, table, labels, 1);
      return tf.concat([tf.reshape(rows, [-1]), logProbability]);
    });
    const outside = Array.from(await values.data(), Number.isNaN);
    expect(outside).toEqual([false, false, true, true, true, true, false, true, true]);
    values.dispose();
  });

  test('a tensor of the wrong type is refused', async () => {
    await useWebGpu();
    const [dy, table] = [tf.zeros([3, 2]), tf.zeros([3])];
    expect(() =>
      tf.engine().runKernel('PlayEmbeddingGrad', { ids: table, dy }, { rows: 2 }),
    ).toThrow(TypeError);
    tf.dispose([dy, table]);
  });
});
