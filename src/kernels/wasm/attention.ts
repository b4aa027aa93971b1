/**
 * Attention of the WASM backend, over whole sequences and over cached keys and values: checks shapes, finds scratch
 * and shares the sequences of a batch among the threads there are. The arithmetic is in assembly/.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { headSizes, shapeOf } from '../kernel-inputs.ts';
import type { Heap, Kernel } from './heap.ts';
import { ranges, threadsFor } from './team.ts';

/** An array of a kernel, which begins with sequence 0: where, and bytes of one sequence. */
type Batched = readonly [offset: number, bytes: number];

/** Runs `kernel` on shares of the batch: arrays, [count,] `after`, scratch, with the count where `after` begins. */
function shareBatch(
  heap: Heap,
  kernel: string,
  [batch, work]: readonly [number, number],
  scratchBytes: number,
  arrays: readonly Batched[],
  after: readonly number[],
): void {
  const shares = ranges(batch, threadsFor(heap.team, work));
  heap.withScratch((shares.length * scratchBytes) / 4, (scratch) => {
    const parts = shares.map(([from, to], i) => [
      ...arrays.map(([offset, bytes]) => offset + from * bytes),
      to - from,
      ...after,
      scratch + i * scratchBytes,
    ]);
    heap.team.run(kernel, parts);
  });
}

/** {qkv [B*T, 3D], starts [B] int32}, {batch, time, heads} to [out [B*T, D], lse [B*H*T]]. */
export const attention: Kernel = (kernels, heap, { qkv, starts }, attributes) => {
  const { batch, time, heads, width } = headSizes(qkv, attributes);
  const out = heap.output([batch * time, heads * width]);
  const lse = heap.output([batch * heads * time]);
  const row = 4 * time * heads * width;
  const arrays: Batched[] = [
    [heap.at(qkv), 3 * row],
    [heap.at(starts, 'int32'), 4],
    [heap.at(out), row],
    [heap.at(lse), 4 * heads * time],
  ];
  const scratch = kernels.attentionScratchBytes!(time, width);
  const work = 2 * batch * heads * time * time * width;
  shareBatch(heap, 'attention', [batch, work], scratch, arrays, [time, heads, width]);
  return [out, lse];
};

/** {dy [B*T, D], qkv, starts, out, lse}, {batch, time, heads} to dqkv [B*T, 3D]. */
export const attentionGrad: Kernel = (kernels, heap, inputs, attributes) => {
  const { dy, qkv, starts, out, lse } = inputs;
  const { batch, time, heads, width } = headSizes(qkv, attributes);
  const dqkv = heap.output(shapeOf(qkv));
  const row = 4 * time * heads * width;
  const arrays: Batched[] = [
    [heap.at(dy), row],
    [heap.at(qkv), 3 * row],
    [heap.at(starts, 'int32'), 4],
    [heap.at(out), row],
    [heap.at(lse), 4 * heads * time],
    [heap.at(dqkv), 3 * row],
  ];
  const scratch = kernels.attentionGradScratchBytes!(time, width);
  const work = 5 * batch * heads * time * time * width;
  shareBatch(heap, 'attentionGrad', [batch, work], scratch, arrays, [time, heads, width]);
  return dqkv;
};

/** Batch, heads, columns and head width of a cache [B, H, S, d]. */
function cacheSizes(cache: TensorInfo | undefined): [number, number, number, number] {
  const shape = shapeOf(cache);
  if (shape.length !== 4) throw new RangeError(`A cache has four axes, got [${shape.join(', ')}].`);
  return shape as [number, number, number, number];
}

/** {qkv [B, 3D], keys and values [B, H, S, d], starts [B] int32}, {heads, position} to out [B, D]. */
export const cachedAttention: Kernel = (_, heap, { qkv, keys, values, starts }, { position }) => {
  const [batch, heads, columns, width] = cacheSizes(keys);
  if (position! < 0 || position! >= columns) {
    throw new RangeError(`Column ${position!} is outside a cache of ${columns} columns.`);
  }
  const out = heap.output([batch, heads * width]);
  const row = 4 * heads * width;
  const arrays: Batched[] = [
    [heap.at(qkv), 3 * row],
    [heap.at(keys), row * columns],
    [heap.at(values), row * columns],
    [heap.at(starts, 'int32'), 4],
    [heap.at(out), row],
  ];
  // Short sums: about four times as long as the same work in a large product.
  const work = 8 * batch * heads * position! * width;
  const after = [heads, columns, width, position!];
  shareBatch(heap, 'cachedAttention', [batch, work], 4 * columns, arrays, after);
  return out;
};

/** {qkv [B*T, 3D], keys, values}, {batch, time, heads}: fills columns 0..T-1; returns a dummy [1] of 0. */
export const cacheFill: Kernel = (kernels, heap, { qkv, keys, values }, { time }) => {
  const [batch, heads, columns, width] = cacheSizes(keys);
  if (time! > columns) throw new RangeError(`${time!} columns do not fit a cache of ${columns}.`);
  const offsets = [qkv, keys, values].map((t) => heap.at(t));
  kernels.cacheFill!(...offsets, batch, time!, heads, columns, width);
  return heap.scalarOf(0);
};
