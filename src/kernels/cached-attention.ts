/**
 * Attention of one new token per row over cached keys and values, for decoding.
 * A cache holds two tensors [B, H, S, C/H] of fixed size S, so that buffers and pipelines are reused.
 * Own kernels write the cache in place; the reference replaces its tensors. No gradient.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel } from './own-kernel.ts';

const MASKED = -1e9;
/** Longer caches take stock ops: a kernel on a GPU keeps one score for each column in its 16 KiB of shared memory. */
const MAX_COLUMNS = 2048;

export class AttentionCache {
  #keys: tf.Tensor4D;
  #values: tf.Tensor4D;

  /** Zeros; the caller disposes the cache. */
  constructor(batch: number, heads: number, size: number, headWidth: number) {
    this.#keys = tf.keep(tf.zeros([batch, heads, size, headWidth]));
    this.#values = tf.keep(tf.zeros([batch, heads, size, headWidth]));
  }

  get keys(): tf.Tensor4D {
    return this.#keys;
  }

  get values(): tf.Tensor4D {
    return this.#values;
  }

  replace(keys: tf.Tensor4D, values: tf.Tensor4D): void {
    this.dispose();
    this.#keys = tf.keep(keys);
    this.#values = tf.keep(values);
  }

  dispose(): void {
    this.#keys.dispose();
    this.#values.dispose();
  }
}

/** Copies keys and values of a prompt pass, qkv [B*T, 3D], into columns 0..T-1 of an empty cache. */
export function fillCache(cache: AttentionCache, qkv: tf.Tensor2D, time: number): void {
  const [batch, heads, size, width] = cache.keys.shape;
  if (hasOwnKernel('PlayCacheFill')) {
    const inputs = { qkv, keys: cache.keys, values: cache.values };
    for (const done of runOwnKernel('PlayCacheFill', inputs, { batch, time, heads }))
      done.dispose();
    return;
  }
  const [keys, values] = tf.tidy(() => {
    const parts = tf.transpose(tf.reshape(qkv, [batch, time, 3, heads, width]), [2, 0, 3, 1, 4]);
    const padded = [1, 2].map((part) =>
      tf.pad(
        tf.reshape(tf.slice(parts, [part, 0, 0, 0, 0], [1, -1, -1, -1, -1]), [
          batch,
          heads,
          time,
          width,
        ]),
        [
          [0, 0],
          [0, 0],
          [0, size - time],
          [0, 0],
        ],
      ),
    );
    return padded as [tf.Tensor4D, tf.Tensor4D];
  });
  cache.replace(keys, values);
}

/**
 * qkv [B, 3D] of the token at column `position`; starts [B] int32. Writes its key and value into the cache and
 * returns the attended values [B, D] over columns starts[b]..position.
 */
export function cachedAttention(
  cache: AttentionCache,
  qkv: tf.Tensor2D,
  starts: tf.Tensor1D,
  position: number,
): tf.Tensor2D {
  const [batch, heads, size, width] = cache.keys.shape;
  if (hasOwnKernel('PlayCachedAttention') && size <= MAX_COLUMNS) {
    const inputs = { qkv, keys: cache.keys, values: cache.values, starts };
    return runOwnKernel('PlayCachedAttention', inputs, { heads, position })[0] as tf.Tensor2D;
  }
  const [out, keys, values] = tf.tidy(() => {
    const [q, k, v] = tf
      .split(tf.reshape(qkv, [batch, 3, heads, width]), 3, 1)
      .map((part) => tf.reshape(part, [batch, heads, 1, width])) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const column = tf.range(0, size, 1, 'int32');
    const here = tf.reshape(tf.cast(tf.equal(column, position), 'float32'), [1, 1, size, 1]);
    const write = (old: tf.Tensor, one: tf.Tensor) =>
      tf.add(tf.mul(old, tf.sub(1, here)), tf.mul(one, here));
    const keys = write(cache.keys, k);
    const values = write(cache.values, v);
    const live = tf.logicalAnd(
      tf.greaterEqual(tf.reshape(column, [1, 1, 1, size]), tf.reshape(starts, [batch, 1, 1, 1])),
      tf.lessEqual(tf.reshape(column, [1, 1, 1, size]), position),
    );
    const scores = tf.add(
      tf.mul(tf.matMul(q, keys, false, true), 1 / Math.sqrt(width)),
      tf.mul(tf.sub(1, tf.cast(live, 'float32')), MASKED),
    );
    const out = tf.reshape(tf.matMul(tf.softmax(scores), values), [batch, heads * width]);
    return [out, keys, values] as [tf.Tensor2D, tf.Tensor4D, tf.Tensor4D];
  });
  cache.replace(keys, values);
  return out;
}
