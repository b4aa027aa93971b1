/**
 * Rows of a table by index. The gradient is summed in a fixed order on every backend (stock tfjs uses float
 * atomics on WebGPU and has no such kernel on WASM), so that the same seed gives the same run.
 */
import * as tf from '@tensorflow/tfjs-core';
import { multiplyTransposed, oneHotRows } from './linear.ts';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

/** Sum of dy [N, D] rows into a table of `rows` rows by ids [N]. Reference: one-hot matrix product. */
function scatterRows(ids: tf.Tensor1D, dy: tf.Tensor2D, rows: number): tf.Tensor2D {
  if (hasOwnKernel('PlayEmbeddingGrad')) {
    return runOwnKernel('PlayEmbeddingGrad', { ids, dy }, { rows })[0] as tf.Tensor2D;
  }
  return tf.tidy(() => multiplyTransposed(oneHotRows(ids, rows), dy));
}

/** Rows of the table, [N, D]. Stock gather on WASM copies element by element and is the slowest op of a pass. */
function rowsOf(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  if (hasOwnKernel('PlayEmbedding')) {
    return runOwnKernel('PlayEmbedding', { table, ids })[0] as tf.Tensor2D;
  }
  return tf.gather(table, ids);
}

/** table [V, D], ids [N] int32 within 0..V-1: [N, D]. */
export function embedding(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    [table],
    () => ({ value: rowsOf(table, ids), saved: [ids] }),
    (dy, [ids]) => [scatterRows(ids as tf.Tensor1D, dy as tf.Tensor2D, table.shape[0])],
  );
}

/**
 * Token plus position embedding: tables [V, D] and [C, D], ids and positions [N] int32 within them, to [N, D]. One
 * pass where the backend can, else two gathers and a sum.
 */
export function embeddingSum(
  [table, positionTable]: readonly [tf.Tensor2D, tf.Tensor2D],
  [ids, positions]: readonly [tf.Tensor1D, tf.Tensor1D],
): tf.Tensor2D {
  if (!hasOwnKernel('PlayEmbeddingSum')) {
    return tf.add(embedding(table, ids), embedding(positionTable, positions));
  }
  const inputs = { table, ids, positionTable, positions };
  return withGradient<tf.Tensor2D>(
    [table, positionTable],
    () => ({ value: runOwnKernel('PlayEmbeddingSum', inputs)[0]!, saved: [ids, positions] }),
    (dy, [ids, positions]) => [
      scatterRows(ids as tf.Tensor1D, dy as tf.Tensor2D, table.shape[0]),
      scatterRows(positions as tf.Tensor1D, dy as tf.Tensor2D, positionTable.shape[0]),
    ],
  );
}
