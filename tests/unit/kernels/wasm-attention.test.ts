/**
 * The WASM attention kernels against plain float64 loops: whole sequences with left padding, their gradient against
 * central differences, and decoding over a cache, which must give the rows of the whole sequence.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { distance, input, normals, pick, run, spread, startKernels } from './wasm-harness.ts';
import * as reference from './wasm-reference.ts';
import type { Shape } from './wasm-reference.ts';

beforeAll(startKernels);

interface Case extends Shape {
  readonly starts: readonly number[];
}

const ATTENTION: readonly Case[] = [
  { batch: 1, time: 1, heads: 1, width: 4, starts: [0] },
  { batch: 1, time: 1, heads: 1, width: 5, starts: [1] },
  { batch: 2, time: 33, heads: 2, width: 5, starts: [0, 9] },
  { batch: 3, time: 18, heads: 4, width: 20, starts: [17, 0, 18] },
  { batch: 1, time: 40, heads: 1, width: 16, starts: [3] },
  { batch: 2, time: 7, heads: 3, width: 24, starts: [2, 0] },
  { batch: 1, time: 64, heads: 2, width: 8, starts: [0] },
  { batch: 1, time: 12, heads: 1, width: 1, starts: [0] },
];

describe.each(ATTENTION)(
  'attention $batch x $time, $heads heads of $width, from $starts',
  (shape) => {
    const { batch, time, heads, width } = shape;
    const d = heads * width;
    const attributes = { batch, time, heads };
    const qkv = normals(batch * time * 3 * d, 1.5);
    const dy = normals(batch * time * d);
    const starts = Int32Array.from(shape.starts);
    const inputs = { qkv: input(qkv, batch * time, 3 * d), starts: input(starts, batch) };
    const expected = reference.attention(qkv, starts, shape);

    it('forward', () => {
      const [out, lse] = run('PlayAttention', inputs, attributes);
      expect(distance(out, expected.out)).toBeLessThan(2e-6);
      expect(distance(lse, expected.lse)).toBeLessThan(2e-6);
    });

    it('gradient', () => {
      const [out, lse] = run('PlayAttention', inputs, attributes);
      const kept = {
        dy: input(dy, batch * time, d),
        out: input(out!, batch * time, d),
        lse: input(lse!, batch * heads * time),
      };
      const [dqkv] = run('PlayAttentionGrad', { ...inputs, ...kept }, attributes);
      const some = spread(qkv.length, 300);
      const slopes = reference.centralDifferences(
        (v) => reference.inner(dy, reference.attention(v, starts, shape).out),
        qkv,
        some,
      );
      expect(distance(pick(dqkv!, some), slopes)).toBeLessThan(1e-5);
    });

    it('decoding token by token gives the same rows', () => {
      const columns = time + 3;
      const prompt = Math.floor(time / 2);
      const size = [batch, heads, columns, width];
      const out = new Float32Array(batch * time * d);
      tf.tidy(() => {
        const keys = tf.zeros(size);
        const values = tf.zeros(size);
        const all = tf.tensor3d(qkv, [batch, time, 3 * d]);
        const from = tf.tensor1d(starts, 'int32');
        if (prompt > 0) {
          const part = tf.reshape(tf.slice(all, [0, 0, 0], [-1, prompt, -1]), [-1, 3 * d]);
          const fill = { batch, time: prompt, heads };
          tf.engine().runKernel('PlayCacheFill', { qkv: part, keys, values }, fill);
        }
        for (let position = prompt; position < time; position++) {
          const token = tf.reshape(tf.slice(all, [0, position, 0], [-1, 1, -1]), [-1, 3 * d]);
          const now = { qkv: token, keys, values, starts: from };
          const step = tf.engine().runKernel('PlayCachedAttention', now, { heads, position });
          const rows = (step as tf.Tensor).dataSync();
          for (let b = 0; b < batch; b++) {
            out.set(rows.subarray(b * d, (b + 1) * d), (b * time + position) * d);
          }
        }
      });
      const decoded = spread(out.length, out.length).filter(
        (i) => Math.floor(i / d) % time >= prompt,
      );
      expect(distance(pick(out, decoded), pick(expected.out, decoded))).toBeLessThan(2e-6);
    });
  },
);

it('attention stays exact with scores in the hundreds', () => {
  const shape = { batch: 1, time: 20, heads: 1, width: 4 };
  const qkv = normals(20 * 12, 25);
  const starts = Int32Array.of(0);
  const inputs = { qkv: input(qkv, 20, 12), starts: input(starts, 1) };
  const [out] = run('PlayAttention', inputs, { batch: 1, time: 20, heads: 1 });
  expect(distance(out, reference.attention(qkv, starts, shape).out)).toBeLessThan(1e-4);
});
