/**
 * Attention of one new token over cached keys and values in WGSL; contract and reference are in
 * ../cached-attention.ts. One dispatch writes the new column into the cache, in place, and attends over it.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { shapeOf, sizeOf } from '../kernel-inputs.ts';
import { floats, integers, THREADS, vectors, type Kernel } from './gpu.ts';

/** Batch, heads, columns and head width of a cache [B, H, S, d]. */
function cacheSizes(cache: tf.TensorInfo | undefined): [number, number, number, number] {
  const shape = shapeOf(cache);
  if (shape.length !== 4) throw new RangeError(`A cache has four axes, got [${shape.join(', ')}].`);
  return shape as [number, number, number, number];
}

interface Layout {
  /** Columns of the cache, S. */
  readonly columns: number;
  /** Vectors of a head, of four elements or one. */
  readonly parts: number;
  readonly lanes: 1 | 4;
}

/** Shares in which the values are summed, so that all threads have work when a head has fewer vectors than threads. */
const slicesOf = (parts: number): number => Math.max(1, Math.floor(THREADS / parts));

const declarationsOf = ({ columns, parts, lanes }: Layout): string => `
var<workgroup> query : array<${lanes === 4 ? 'vec4<f32>' : 'f32'}, ${parts}>;
var<workgroup> scores : array<f32, ${columns}>;
var<workgroup> sums : array<f32, ${THREADS}>;
var<workgroup> slices : array<${lanes === 4 ? 'vec4<f32>' : 'f32'}, ${slicesOf(parts) * parts}>;`;

const bodyOf = ({ columns, parts, lanes }: Layout): string => `
  // One workgroup for each row b and head h; group is b * heads + h.
  let h = group % u.heads;
  let b = group / u.heads;
  let d = u.heads * ${parts}u;
  let own = b * 3u * d + h * ${parts}u;
  let start = u32(starts[b]);
  let cache = group * ${columns * parts}u;
  for (var p = local; p < ${parts}u; p += ${THREADS}u) { query[p] = qkv[own + p] * u.scale; }
  workgroupBarrier();
  var top = -1e30;
  for (var t = start + local; t <= u.position; t += ${THREADS}u) {
    var score = 0.0;
    for (var p = 0u; p < ${parts}u; p++) {
      // The new column is not in the cache yet: other threads are writing it.
      var key = qkv[own + d + p];
      if (t < u.position) { key = keys[cache + t * ${parts}u + p]; }
      score += ${lanes === 4 ? 'dot(query[p], key)' : 'query[p] * key'};
    }
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
  for (var e = local; e < ${slicesOf(parts) * parts}u; e += ${THREADS}u) {
    let p = e % ${parts}u;
    var total = ${lanes === 4 ? 'vec4<f32>()' : '0.0'};
    for (var t = start + e / ${parts}u; t < u.position; t += ${slicesOf(parts)}u) {
      total += values[cache + t * ${parts}u + p] * scores[t];
    }
    slices[e] = total;
  }
  workgroupBarrier();
  var mass = 0.0;
  for (var i = 0u; i < ${THREADS}u; i++) { mass += sums[i]; }
  let last = select(0.0, scores[u.position], start <= u.position);
  for (var p = local; p < ${parts}u; p += ${THREADS}u) {
    let key = qkv[own + d + p];
    let value = qkv[own + 2u * d + p];
    var total = value * last;
    for (var i = 0u; i < ${slicesOf(parts)}u; i++) { total += slices[i * ${parts}u + p]; }
    // A row that has not begun yet gives zeros.
    result[b * d + h * ${parts}u + p] = total * (1.0 / max(mass, 1e-30));
    keys[cache + u.position * ${parts}u + p] = key;
    values[cache + u.position * ${parts}u + p] = value;
  }`;

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
  const lanes = width % 4 === 0 ? 4 : 1;
  const layout: Layout = { columns, parts: width / lanes, lanes };
  const array = lanes === 4 ? vectors : floats;
  const out = gpu.output([batch, heads * width]);
  gpu.run({
    name: 'PlayCachedAttention',
    constants: { columns, width },
    writes: { result: array(out), keys: array(keys), values: array(values) },
    reads: { qkv: array(qkv), starts: integers(starts) },
    counts: { heads, position: position! },
    numbers: { scale: 1 / Math.sqrt(width) },
    groups: batch * heads,
    code: () => ({ declarations: declarationsOf(layout), body: bodyOf(layout) }),
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
