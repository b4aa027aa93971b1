/**
 * Causal multi-head self-attention over left-padded rows, forward and backward.
 * Query i of row b attends to keys starts[b] <= j <= i; a query in the padding gives zeros and gets no gradient.
 * Reference in stock ops below; backends may register PlayAttention / PlayAttentionGrad, which keep no T x T matrix.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

export interface AttentionShape {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
}

/** Wider heads take stock ops on WebGPU, whose kernels hold two columns of a head in 16 KiB of workgroup memory. */
export const MAX_HEAD_WIDTH = 1024;

function hasFittingKernel(qkv: tf.Tensor2D, { heads }: AttentionShape): boolean {
  const fits = tf.getBackend() !== 'webgpu' || qkv.shape[1] <= 3 * heads * MAX_HEAD_WIDTH;
  return fits && hasOwnKernel('PlayAttention');
}

/** Finite on purpose: WGSL implementations may assume that infinities do not occur. */
const MASKED = -1e9;

/** qkv [B*T, 3D] to [3, B, H, T, C/H]. */
function splitHeads(qkv: tf.Tensor2D, { batch, time, heads }: AttentionShape): tf.Tensor4D[] {
  const size = qkv.shape[1] / 3 / heads;
  const parts = tf.transpose(tf.reshape(qkv, [batch, time, 3, heads, size]), [2, 0, 3, 1, 4]);
  return tf.split(parts, 3, 0).map((part) => tf.reshape(part, [batch, heads, time, size]));
}

/** Live queries [B, 1, T, 1] and allowed keys [B, 1, T, T], both 0 or 1. */
function masks(starts: tf.Tensor1D, { batch, time }: AttentionShape) {
  const first = tf.reshape(starts, [batch, 1, 1, 1]);
  const column = tf.range(0, time, 1, 'int32');
  const asQuery = tf.reshape(column, [1, 1, time, 1]);
  const asKey = tf.reshape(column, [1, 1, 1, time]);
  const live = tf.cast(tf.greaterEqual(asQuery, first), 'float32');
  const keyIsLive = tf.greaterEqual(asKey, first);
  const notAhead = tf.lessEqual(asKey, asQuery);
  return { live, allowed: tf.cast(tf.logicalAnd(keyIsLive, notAhead), 'float32') };
}

function weights(q: tf.Tensor4D, k: tf.Tensor4D, starts: tf.Tensor1D, shape: AttentionShape) {
  const { live, allowed } = masks(starts, shape);
  const scale = 1 / Math.sqrt(q.shape[3]);
  const scores = tf.add(
    tf.mul(tf.matMul(q, k, false, true), scale),
    tf.mul(tf.sub(1, allowed), MASKED),
  );
  return tf.mul(tf.mul(tf.softmax(scores), allowed), live); // [B, H, T, T]
}

/** [B, H, T, C/H] back to [B*T, D]. */
function mergeHeads(x: tf.Tensor, { batch, time }: AttentionShape): tf.Tensor2D {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * time, -1]);
}

function forwardReference(qkv: tf.Tensor2D, starts: tf.Tensor1D, shape: AttentionShape) {
  const [q, k, v] = splitHeads(qkv, shape) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  return mergeHeads(tf.matMul(weights(q, k, starts, shape), v), shape);
}

function backwardReference(
  dy: tf.Tensor2D,
  qkv: tf.Tensor2D,
  starts: tf.Tensor1D,
  shape: AttentionShape,
): tf.Tensor {
  const { batch, time, heads } = shape;
  const size = dy.shape[1] / heads;
  const [q, k, v] = splitHeads(qkv, shape) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const p = weights(q, k, starts, shape);
  const dOut = tf.transpose(tf.reshape(dy, [batch, time, heads, size]), [0, 2, 1, 3]);
  const dv = tf.matMul(p, dOut, true, false);
  const dp = tf.matMul(dOut, v, false, true);
  const ds = tf.mul(tf.mul(p, tf.sub(dp, tf.sum(tf.mul(dp, p), 3, true))), 1 / Math.sqrt(size));
  const dq = tf.matMul(ds, k);
  const dk = tf.matMul(ds, q, true, false);
  const stacked = tf.stack([dq, dk, dv]); // [3, B, H, T, C/H]
  return tf.reshape(tf.transpose(stacked, [1, 3, 0, 2, 4]), [batch * time, -1]);
}

/** qkv [B*T, 3D], starts [B] int32 (first live column of each row): [B*T, D]. */
export function causalAttention(
  qkv: tf.Tensor2D,
  starts: tf.Tensor1D,
  shape: AttentionShape,
): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    [qkv],
    () => {
      if (hasFittingKernel(qkv, shape)) {
        const [out, lse] = runOwnKernel('PlayAttention', { qkv, starts }, { ...shape }) as [
          tf.Tensor,
          tf.Tensor,
        ];
        return { value: out, saved: [qkv, starts, out, lse] };
      }
      return { value: forwardReference(qkv, starts, shape), saved: [qkv, starts] };
    },
    (dy, [qkv, starts, out, lse]) => {
      if (out && lse && hasOwnKernel('PlayAttentionGrad')) {
        const inputs = { dy, qkv: qkv!, starts: starts!, out, lse };
        return runOwnKernel('PlayAttentionGrad', inputs, { ...shape });
      }
      return [
        backwardReference(dy as tf.Tensor2D, qkv as tf.Tensor2D, starts as tf.Tensor1D, shape),
      ];
    },
  );
}
