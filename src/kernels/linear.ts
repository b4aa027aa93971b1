/**
 * y = x w + b (+ residual) for rows of features, and the matrix product it rests on.
 * Own kernels turn transposed operands while reading. tfjs's WASM product is 15 times slower with transposed operands
 * than with plain ones, so without own kernels they are transposed there as separate ops, the smaller one when there is
 * a choice.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

const prefersPlain = (): boolean => tf.getBackend() === 'wasm';

/** a [N, K] times b [K, M]: [N, M]. No gradient of its own. */
export function multiply(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  if (!hasOwnKernel('PlayMatMul')) return tf.matMul(a, b);
  return runOwnKernel('PlayMatMul', { a, b }, { transposeA: 0, transposeB: 0 })[0] as tf.Tensor2D;
}

/** a [N, K] times b transposed, b [M, K]: [N, M]. No gradient of its own. */
export function multiplyByTransposed(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  if (hasOwnKernel('PlayMatMul')) {
    const flags = { transposeA: 0, transposeB: 1 };
    return runOwnKernel('PlayMatMul', { a, b }, flags)[0] as tf.Tensor2D;
  }
  if (!prefersPlain()) return tf.matMul(a, b, false, true);
  return tf.tidy(() => tf.matMul(a, tf.transpose(b)));
}

/** Into how many equal parts a WebGPU product over `rows` rows is cut: at least 256 rows each, at most 16 parts. */
function partsOf(rows: number): number {
  let parts = Math.max(1, Math.min(16, Math.floor(rows / 256)));
  while (rows % parts !== 0) parts--;
  return parts;
}

/**
 * The same product in stock ops on WebGPU, whose own plan for tall operands adds with float atomics in no fixed order: parts of
 * the rows multiply side by side, then the parts are added in order.
 */
function multiplyInParts(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const parts = partsOf(a.shape[0]);
  if (parts === 1) return tf.matMul(a, b, true, false);
  const cut = (x: tf.Tensor2D) => tf.reshape(x, [parts, -1, x.shape[1]]);
  return tf.tidy(() => {
    const products = tf.reshape(tf.matMul(cut(a), cut(b), true, false), [parts, -1]);
    return tf.reshape(tf.matMul(tf.ones([1, parts]), products), [a.shape[1], b.shape[1]]);
  });
}

/** a transposed times b, a [N, K], b [N, M]: [K, M]. No gradient of its own. */
export function multiplyTransposed(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  if (hasOwnKernel('PlayMatMulTransposedA')) {
    return runOwnKernel('PlayMatMulTransposedA', { a, b })[0] as tf.Tensor2D;
  }
  if (tf.getBackend() === 'webgpu') return multiplyInParts(a, b);
  if (!prefersPlain()) return tf.matMul(a, b, true, false);
  const aIsSmaller = a.shape[1] <= b.shape[1];
  return tf.tidy(() =>
    aIsSmaller
      ? tf.matMul(tf.transpose(a), b)
      : tf.transpose<tf.Tensor2D>(tf.matMul(tf.transpose(b), a)),
  );
}

/** Sum over rows, x [N, F]: [F]. */
export function columnSum(x: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => tf.reshape(multiplyTransposed(tf.ones([x.shape[0], 1]), x), [x.shape[1]]));
}

/** Gradients [dx, dw, db] of x w + b for dy [N, O], x [N, I], w [I, O]. */
export function layerGradients(
  dy: tf.Tensor2D,
  x: tf.Tensor2D,
  w: tf.Tensor2D,
): [tf.Tensor2D, tf.Tensor, tf.Tensor] {
  const dx = multiplyByTransposed(dy, w);
  if (hasOwnKernel('PlayLinearWeightGrad')) {
    const [dw, db] = runOwnKernel('PlayLinearWeightGrad', { x, dy }) as [tf.Tensor, tf.Tensor];
    return [dx, dw, db];
  }
  return [dx, multiplyTransposed(x, dy), columnSum(dy)];
}

function forward(x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D, residual?: tf.Tensor2D) {
  if (hasOwnKernel('PlayLinear')) {
    return runOwnKernel('PlayLinear', { x, w, b, ...(residual ? { residual } : {}) })[0]!;
  }
  const y = tf.fused.matMul({ a: x, b: w, bias: b });
  return residual ? tf.add(y, residual) : y;
}

/** x [N, I], w [I, O], b [O]: x w + b (+ residual) [N, O]. */
export function linear(
  x: tf.Tensor2D,
  w: tf.Tensor2D,
  b: tf.Tensor1D,
  residual?: tf.Tensor2D,
): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    [x, w, b, ...(residual ? [residual] : [])],
    () => ({ value: forward(x, w, b, residual), saved: [x, w] }),
    (dy, [x, w]) => [
      ...layerGradients(dy as tf.Tensor2D, x as tf.Tensor2D, w as tf.Tensor2D),
      ...(residual ? [dy.clone()] : []),
    ],
  );
}

/** ids [N] int32 as one-hot rows [N, depth] of float32. */
export function oneHotRows(ids: tf.Tensor1D, depth: number): tf.Tensor2D {
  // tfjs-backend-wasm 4.22 writes integer ones into a float32 one-hot tensor: convert after.
  return tf.cast(tf.oneHot(ids, depth, 1, 0, 'int32'), 'float32') as tf.Tensor2D;
}
