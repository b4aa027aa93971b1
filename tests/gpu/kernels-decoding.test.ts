/**
 * Own WGSL kernels of the decoder: the cache written token by token gives the rows of a whole pass, and tokens are
 * drawn as the plain arithmetic of the named stream says.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { philox4x32, unitFloat } from '../../src/data/philox.ts';
import { causalAttention } from '../../src/kernels/attention.ts';
import { AttentionCache, cachedAttention, fillCache } from '../../src/kernels/cached-attention.ts';
import { drawNamed, drawsByName, type Among, type Temperature } from '../../src/kernels/draw.ts';
import { hasOwnKernel } from '../../src/kernels/own-kernel.ts';
import { plainlyKept } from '../unit/kernels/plainly-kept.ts';
import { relativeDistance } from '../unit/model/tiny-model.ts';
import { normals, upload, TOLERANCE } from './own-kernels.ts';
import { allocatedBytes, deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

beforeAll(async () => {
  await useWebGpu();
});
afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describe('cached attention', () => {
  test.each([
    { batch: 1, time: 2, heads: 1, width: 1, prompt: 1, starts: [0] },
    { batch: 3, time: 9, heads: 2, width: 5, prompt: 4, starts: [3, 0, 2] },
    { batch: 2, time: 12, heads: 2, width: 20, prompt: 5, starts: [4, 0] },
    { batch: 2, time: 20, heads: 2, width: 64, prompt: 9, starts: [3, 0] },
    // More columns than a workgroup has threads, and a head wider than it.
    { batch: 2, time: 80, heads: 1, width: 70, prompt: 70, starts: [0, 69] },
  ])('$batch x $time, $heads heads of $width after $prompt', async (shape) => {
    const { batch, time, heads, width, prompt } = shape;
    const d = heads * width;
    const qkv = normals([batch, time, 3 * d]);
    const starts = Int32Array.from(shape.starts);
    const columns = (x: tf.Tensor, from: number, count: number, features: number) =>
      tf.reshape(tf.slice(x, [0, from, 0], [-1, count, -1]), [-1, features]) as tf.Tensor2D;
    await useCpu();
    const whole = tf.tidy(() => {
      const all = tf.reshape(upload(qkv), [-1, 3 * d]) as tf.Tensor2D;
      return causalAttention(all, tf.tensor1d(starts, 'int32'), { batch, time, heads });
    });
    const expected = tf.tidy(() =>
      columns(tf.reshape(whole, [batch, time, d]), prompt, time - prompt, d),
    );
    const rows = await expected.data();
    tf.dispose([whole, expected]);
    await useWebGpu();
    expect(hasOwnKernel('PlayCachedAttention') && hasOwnKernel('PlayCacheFill')).toBe(true);
    const decode = async () => {
      const cache = new AttentionCache(batch, heads, time + 3, width);
      const out = tf.tidy(() => {
        const all = upload(qkv);
        const from = tf.tensor1d(starts, 'int32');
        fillCache(cache, columns(all, 0, prompt, 3 * d), prompt);
        const steps = Array.from({ length: time - prompt }, (_, i) =>
          cachedAttention(cache, columns(all, prompt + i, 1, 3 * d), from, prompt + i),
        );
        return tf.transpose(tf.stack(steps), [1, 0, 2]);
      });
      const values = Float32Array.from(await out.data());
      cache.dispose();
      out.dispose();
      return values;
    };
    const tensors = tf.memory().numTensors;
    const first = await decode();
    const bytes = allocatedBytes();
    expect(await decode()).toEqual(first);
    expect([tf.memory().numTensors, allocatedBytes()]).toEqual([tensors, bytes]);
    expect(relativeDistance(first, rows)).toBeLessThan(TOLERANCE);
  });

  test('a column that was read back before is not stale after it changed in place', async () => {
    const cache = new AttentionCache(1, 1, 2, 1);
    const [qkv, starts] = [tf.tensor2d([1, 2, 3], [1, 3]), tf.tensor1d([0], 'int32')];
    const read = async () => [...(await cache.keys.data()), ...(await cache.values.data())];
    // The first step moves the cache to the device, and the first reading leaves tfjs a copy of it.
    cachedAttention(cache, qkv, starts, 0).dispose();
    expect(await read()).toEqual([2, 0, 3, 0]);
    cachedAttention(cache, qkv, starts, 1).dispose();
    expect(await read()).toEqual([2, 2, 3, 3]);
    tf.dispose([qkv, starts]);
    cache.dispose();
  });
});

/** The same draw in float64 from the named stream of src/data/philox.ts. */
function plainDraw(
  logits: readonly number[],
  temperature: Temperature,
  [row, step]: readonly [number, number],
  key: readonly [number, number],
  among: Among = { topK: 0, topP: 1 },
) {
  const scaled = logits.map((x) => (temperature === 'greedy' ? x : x / temperature));
  const top = Math.max(...scaled);
  const all = scaled.map((x) => Math.exp(x - top));
  const mass = temperature === 'greedy' ? all : plainlyKept(all, among);
  const total = mass.reduce((sum, x) => sum + x, 0);
  const words = philox4x32([Math.floor(step / 4), row, 0, 1], key);
  const goal = unitFloat(words[step % 4] ?? NaN) * total;
  let [token, below] = [0, mass[0] ?? NaN];
  const whole = all.reduce((sum, x) => sum + x, 0);
  if (temperature === 'greedy') token = scaled.indexOf(top);
  else while (below <= goal && token + 1 < mass.length) below += mass[++token] ?? NaN;
  return { token, logProbability: (scaled[token] ?? NaN) - top - Math.log(whole) };
}

describe('drawing', () => {
  test.each([
    [3, 2, 1],
    [9, 29, 0.7],
    [5, 130, 1.6],
    [4, 300, 'greedy'],
  ] as const)('%i rows of %i logits at temperature %s', async (batch, size, temperature) => {
    expect(drawsByName()).toBe(true);
    const key = [0xdeadbeef, 0x12345678] as const;
    const names = Int32Array.from({ length: batch }, (_, b) => 7 * b + 1);
    const logits = normals([batch, size], 2);
    const values = logits.values;
    // Two equal tops: the first one wins.
    if (temperature === 'greedy') values[17] = values[200] = 50;
    const tensors = tf.memory().numTensors;
    const given = upload(logits) as tf.Tensor2D;
    const rows = tf.tensor1d(names, 'int32');
    for (let step = 0; step < 6; step++) {
      const { token, logProbability } = drawNamed(given, { key, rows, step }, temperature);
      const expected = Array.from(names, (row, b) =>
        plainDraw([...values.subarray(b * size, (b + 1) * size)], temperature, [row, step], key),
      );
      expect([...(await token.data())]).toEqual(expected.map((each) => each.token));
      const wanted = expected.map((each) => each.logProbability);
      expect(relativeDistance(await logProbability.data(), wanted)).toBeLessThan(TOLERANCE);
      tf.dispose([token, logProbability]);
    }
    tf.dispose([given, rows]);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test.each([
    [{ topK: 1, topP: 1 }, 29],
    [{ topK: 4, topP: 1 }, 130],
    [{ topK: 0, topP: 0.6 }, 70],
    [{ topK: 30, topP: 0.8 }, 300],
    // More than there are, and a first token that has all of the mass asked for.
    [{ topK: 9, topP: 0.01 }, 5],
  ] as const)('among %o of %i', async (among, size) => {
    const [key, batch] = [[3, 5], 6] as const;
    const logits = normals([batch, size], 1.5);
    const { values } = logits;
    // Below zero, equal, and far below: what is kept must not depend on the order of their bits.
    values[1] = values[0] ?? NaN;
    values[2] = -40;
    const names = Int32Array.from({ length: batch }, (_, b) => b);
    const given = upload(logits) as tf.Tensor2D;
    const rows = tf.tensor1d(names, 'int32');
    const drawn = new Set<string>();
    for (let step = 0; step < 12; step++) {
      const { token, logProbability } = drawNamed(given, { key, rows, step }, 0.8, among);
      const expected = Array.from(names, (row, b) =>
        plainDraw([...values.subarray(b * size, (b + 1) * size)], 0.8, [row, step], key, among),
      );
      expect([...(await token.data())]).toEqual(expected.map((each) => each.token));
      const wanted = expected.map((each) => each.logProbability);
      expect(relativeDistance(await logProbability.data(), wanted)).toBeLessThan(TOLERANCE);
      expected.forEach((each, b) => drawn.add(`${b} ${each.token}`));
      tf.dispose([token, logProbability]);
    }
    const certain = among.topK === 1 || among.topP === 0.01;
    expect(drawn.size > batch).toBe(!certain);
    tf.dispose([given, rows]);
  });
});
