/**
 * A batch of token rows on the device. Rows are left-padded: row b is live from column starts[b] on.
 * Positions count live tokens only (D4), and padding carries a valid id, so nothing depends on what it is.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface TokenBatch {
  readonly batch: number;
  readonly time: number;
  /** [B*T] int32 */
  readonly ids: tf.Tensor1D;
  /** [B*T] int32 */
  readonly positions: tf.Tensor1D;
  /** [B] int32 */
  readonly starts: tf.Tensor1D;
}

/** ids [B*T] row-major; `starts[b]` pads on the left of row b. The caller disposes the batch. */
export function uploadBatch(ids: Int32Array, starts: Int32Array): TokenBatch {
  const batch = starts.length;
  const time = ids.length / batch;
  if (!Number.isInteger(time)) {
    throw new RangeError(`${ids.length} ids do not divide into ${batch} rows`);
  }
  const positions = new Int32Array(ids.length);
  for (let b = 0; b < batch; b++) {
    const start = starts[b] ?? 0;
    for (let t = start; t < time; t++) positions[b * time + t] = t - start;
  }
  return {
    batch,
    time,
    ids: tf.tensor1d(ids, 'int32'),
    positions: tf.tensor1d(positions, 'int32'),
    starts: tf.tensor1d(starts, 'int32'),
  };
}

export function disposeBatch(batch: TokenBatch): void {
  tf.dispose([batch.ids, batch.positions, batch.starts]);
}

/** Flat indices b*T + column for every row, [B * columns] int32: picks hidden states of given columns. */
export function columnIndices(batch: number, time: number, columns: readonly number[]): Int32Array {
  const indices = new Int32Array(batch * columns.length);
  for (let b = 0; b < batch; b++) {
    columns.forEach((column, i) => {
      indices[b * columns.length + i] = b * time + column;
    });
  }
  return indices;
}
