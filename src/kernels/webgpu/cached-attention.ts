/**
 * Attention of one new token over cached keys and values in WGSL; contract and reference are in
 * ../cached-attention.ts. One dispatch writes the new column into the cache, in place, and attends over it.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { floats, integers, shapeOf, sizeOf, THREADS, type Kernel } from './gpu.ts';

/** Batch, heads, columns and head width of a cache [B, H, S, d]. */
function cacheSizes(cache: tf.TensorInfo | undefined): [number, number, number, number] {
  const shape = shapeOf(cache);
  if (shape.length !== 4) throw new RangeError(`A cache has four axes, got [${shape.join(', ')}].`);
  return shape as [number, number, number, number];
}

const bodyOf = (columns: number) => () => ({
  declarations: `
var<workgroup> scores : array<f32, ${columns}>;
var<workgroup> sums : array<f32, ${THREADS}>;`,
  body: `
  // One workgroup for each row b and head h; group is b * heads + h.
  let h = group % u.heads;
  let b = group / u.heads;
  let d = u.heads * u.width;
  let query = b * 3u * d + h * u.width;
  let start = u32(starts[b]);
  let cache = group * ${columns}u * u.width;
  var top = -1e30;
  for (var t = start + local; t <= u.position; t += ${THREADS}u) {
    // The new column is not in the cache yet: other threads are writing it.
    var score = 0.0;
    for (var c = 0u; c < u.width; c++) {
      var key = qkv[query + d + c];
      if (t < u.position) { key = keys[cache + t * u.width + c]; }
      score += qkv[query + c] * key;
    }
    score *= u.scale;
    scores[t] = score;
    top = max(top, score);
  }
  sums[local] = top;
  workgroupBarrier();
  for (var i = 0u; i < ${THREADS}u; i++) { top = max(top, sums[i]); }
  workgroupBarrier();
  var sum = 0.0;
  for (var t = start + local; t <= u.position; t += ${THREADS}u) {
    let weight = exp(scores[t] - top);
    scores[t] = weight;
    sum += weight;
  }
  sums[local] = sum;
  workgroupBarrier();
  var mass = 0.0;
  for (var i = 0u; i < ${THREADS}u; i++) { mass += sums[i]; }
  for (var c = local; c < u.width; c += ${THREADS}u) {
    let key = qkv[query + d + c];
    let value = qkv[query + 2u * d + c];
    var total = 0.0;
    for (var t = start; t < u.position; t++) {
      total += scores[t] * values[cache + t * u.width + c];
    }
    if (start <= u.position) { total += scores[u.position] * value; }
    result[b * d + h * u.width + c] = select(0.0, total / max(mass, 1e-30), start <= u.position);
    keys[cache + u.position * u.width + c] = key;
    values[cache + u.position * u.width + c] = value;
  }`,
});

/**
 * {qkv [B, 3D], keys and values [B, H, S, d], starts [B] int32}, {heads, position} to out [B, D]; column `position` of
 * the cache changes in place.
 */
export const cachedAttention: Kernel = (gpu, inputs, { position }) => {
  const { qkv, keys, values, starts } = inputs;
  const [batch, heads, columns, width] = cacheSizes(keys);
  if (position! < 0 || position! >= columns) {
    throw new RangeError(`Column ${position!} is outside a cache of ${columns} columns.`);
  }
  const out = gpu.output([batch, heads * width]);
  gpu.run({
    name: 'PlayCachedAttention',
    constants: { columns },
    writes: { result: floats(out), keys: floats(keys), values: floats(values) },
    reads: { qkv: floats(qkv), starts: integers(starts) },
    counts: { heads, width, position: position! },
    numbers: { scale: 1 / Math.sqrt(width) },
    groups: batch * heads,
    code: bodyOf(columns),
  });
  return out;
};

/** {qkv [B*T, 3D], keys, values}, {batch, time, heads}: fills columns 0..T-1 in place; returns nothing. */
export const cacheFill: Kernel = (gpu, { qkv, keys, values }, { time }) => {
  const [batch, heads, columns, width] = cacheSizes(keys);
  if (time! > columns) throw new RangeError(`${time!} columns do not fit a cache of ${columns}.`);
  const count = batch * heads * time! * width;
  if (sizeOf(qkv) !== 3 * count) throw new RangeError('The prompt and the cache differ in shape.');
  gpu.run({
    name: 'PlayCacheFill',
    writes: { keys: floats(keys), values: floats(values) },
    reads: { qkv: floats(qkv) },
    counts: { count, time: time!, heads, columns, width },
    groups: Math.ceil(count / THREADS),
    code: () => ({
      body: `
  let i = group * ${THREADS}u + local;
  if (i >= u.count) { return; }
  let c = i % u.width;
  let t = i / u.width % u.time;
  let h = i / (u.width * u.time) % u.heads;
  let b = i / (u.width * u.time * u.heads);
  let d = u.heads * u.width;
  let at = (b * u.time + t) * 3u * d + h * u.width + c;
  let place = ((b * u.heads + h) * u.columns + t) * u.width + c;
  keys[place] = qkv[at + d];
  values[place] = qkv[at + 2u * d];`,
    }),
  });
  return [];
};
