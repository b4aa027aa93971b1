/**
 * Causal attention over left-padded rows in WGSL without a T x T matrix; contract and reference are in
 * ../attention.ts. A thread owns one query (forward, query gradient) or one key (key and value gradient), keeps its
 * vectors in registers and walks over tiles of the other side in workgroup memory; so every sum has one order.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { MAX_HEAD_WIDTH } from '../attention.ts';
import { floats, integers, matrix, vectors, type Attributes, type Kernel } from './gpu.ts';

/** Threads, and so queries or keys, of a workgroup. */
const ROWS = 32;
/** Columns of the other side in workgroup memory at once: two arrays of at most 2 KiB. */
const COLUMNS = 16;

interface Sizes {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  /** Head width. */
  readonly width: number;
  /** Elements of a vector: 4 where the head width divides by it, else 1. */
  readonly lanes: number;
  /** Vectors of one head. */
  readonly parts: number;
}

/** Batch, time, heads and head width from an attention call. */
function sizesOf(qkv: tf.TensorInfo | undefined, attributes: Attributes): Sizes {
  const [rows, columns] = matrix(qkv);
  const batch = attributes.batch!;
  const time = attributes.time!;
  const heads = attributes.heads!;
  const width = columns / 3 / heads;
  if (rows !== batch * time || !Number.isInteger(width)) {
    throw new RangeError(
      `qkv [${rows}, ${columns}] is not ${batch} x ${time} rows of 3 x ${heads} heads.`,
    );
  }
  if (width > MAX_HEAD_WIDTH) throw new RangeError(`Heads of ${width} are too wide.`);
  const lanes = width % 4 === 0 ? 4 : 1;
  return { batch, time, heads, width, lanes, parts: width / lanes };
}

const list = (count: number, line: (p: number) => string): string =>
  Array.from({ length: count }, (_, p) => line(p)).join('\n');

/** Sum over a head of products of vectors, in WGSL. */
function dotCode({ parts, lanes }: Sizes, a: (p: number) => string, b: (p: number) => string) {
  const product = (p: number) => (lanes === 4 ? `dot(${a(p)}, ${b(p)})` : `${a(p)} * ${b(p)}`);
  return Array.from({ length: parts }, (_, p) => product(p)).join(' + ');
}

/** WGSL that all three passes begin with: the workgroup's row, head and first query or key. */
function headCode({ parts }: Sizes): string {
  return `
  let tiles = (u.time + ${ROWS - 1}u) / ${ROWS}u;
  let first = group % tiles * ${ROWS}u;
  let h = group / tiles % u.heads;
  let b = group / tiles / u.heads;
  let start = u32(starts[b]);
  let own = first + local;
  let d = u.heads * ${parts}u;`;
}

const typeOf = ({ lanes }: Sizes) => (lanes === 4 ? 'vec4<f32>' : 'f32');

/** Fills two tiles with head vectors of columns from c0 on; `left` and `right` are WGSL of vector p of column t. */
function stageCode({ parts }: Sizes, left: string, right: string): string {
  return `
    workgroupBarrier();
    for (var e = local; e < ${COLUMNS * parts}u; e += ${ROWS}u) {
      let t = c0 + e / ${parts}u;
      let p = e % ${parts}u;
      if (t < u.time) {
        left[e] = ${left};
        right[e] = ${right};
      }
    }
    workgroupBarrier();`;
}

const tilesCode = (sizes: Sizes): string => `
var<workgroup> left : array<${typeOf(sizes)}, ${COLUMNS * sizes.parts}>;
var<workgroup> right : array<${typeOf(sizes)}, ${COLUMNS * sizes.parts}>;`;

/** Vector p of part 0 (query), 1 (key) or 2 (value) of column t. */
const qkvAt = ({ parts }: Sizes, part: number, t: string, p: string | number): string =>
  `qkv[(b * u.time + ${t}) * 3u * d + ${part}u * d + h * ${parts}u + ${p}${typeof p === 'number' ? 'u' : ''}]`;

/** Vector p of column t of an array [B*T, D]. */
const rowAt = ({ parts }: Sizes, name: string, t: string, p: string | number): string =>
  `${name}[(b * u.time + ${t}) * d + h * ${parts}u + ${p}${typeof p === 'number' ? 'u' : ''}]`;

function forwardBody(sizes: Sizes): string {
  const { parts } = sizes;
  const type = typeOf(sizes);
  return `
  ${headCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(parts, (p) => `var q${p} = ${type}(); var o${p} = ${type}();`)}
  if (live) {
    ${list(parts, (p) => `q${p} = ${qkvAt(sizes, 0, 'own', p)} * u.scale;`)}
  }
  var top = -1e30;
  var mass = 0.0;
  let end = min(first + ${ROWS}u, u.time);
  for (var c0 = start / ${COLUMNS}u * ${COLUMNS}u; c0 < end; c0 += ${COLUMNS}u) {
    ${stageCode(sizes, qkvAt(sizes, 1, 't', 'p'), qkvAt(sizes, 2, 't', 'p'))}
    // Not a constant: a compiler that unrolls this loop too takes minutes.
    let stop = min(${COLUMNS}u, u.time - c0);
    for (var j = 0u; j < stop; j++) {
      let t = c0 + j;
      if (live && t >= start && t <= own) {
        let at = j * ${parts}u;
        let s = ${dotCode(
          sizes,
          (p) => `q${p}`,
          (p) => `left[at + ${p}u]`,
        )};
        let higher = max(top, s);
        let shrink = exp(top - higher);
        let weight = exp(s - higher);
        top = higher;
        mass = mass * shrink + weight;
        ${list(parts, (p) => `o${p} = o${p} * shrink + right[at + ${p}u] * weight;`)}
      }
    }
  }
  if (own < u.time) {
    // A query in the padding gives zeros.
    let share = select(0.0, 1.0 / max(mass, 1e-30), live);
    ${list(parts, (p) => `${rowAt(sizes, 'result', 'own', p)} = o${p} * share;`)}
    lse[(b * u.heads + h) * u.time + own] = select(0.0, top + log(max(mass, 1e-30)), live);
  }`;
}

/** {qkv [B*T, 3D], starts [B] int32}, {batch, time, heads} to [out [B*T, D], lse [B*H*T]]. */
export const attention: Kernel = (gpu, { qkv, starts }, attributes) => {
  const sizes = sizesOf(qkv, attributes);
  const { batch, time, heads, width, lanes } = sizes;
  const out = gpu.output([batch * time, heads * width]);
  const lse = gpu.output([batch * heads * time]);
  const array = lanes === 4 ? vectors : floats;
  gpu.run({
    name: 'PlayAttention',
    constants: { width },
    writes: { result: array(out), lse: floats(lse) },
    reads: { qkv: array(qkv), starts: integers(starts) },
    counts: { time, heads },
    numbers: { scale: 1 / Math.sqrt(width) },
    groups: batch * heads * Math.ceil(time / ROWS),
    operations: 2 * batch * heads * time ** 2 * width,
    threads: ROWS,
    code: () => ({ declarations: tilesCode(sizes), body: forwardBody(sizes) }),
  });
  return [out, lse];
};

/** dq of the queries a workgroup owns, and for the other pass each query's sum of dy * out, `delta`. */
function queryBody(sizes: Sizes): string {
  const { parts } = sizes;
  const type = typeOf(sizes);
  return `
  ${headCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(parts, (p) => `var q${p} = ${type}(); var g${p} = ${type}(); var dq${p} = ${type}();`)}
  var inner = 0.0;
  var level = 0.0;
  if (live) {
    ${list(parts, (p) => `q${p} = ${qkvAt(sizes, 0, 'own', p)} * u.scale; g${p} = ${rowAt(sizes, 'dy', 'own', p)};`)}
    inner = ${dotCode(
      sizes,
      (p) => `g${p}`,
      (p) => rowAt(sizes, 'kept', 'own', p),
    )};
    level = lse[(b * u.heads + h) * u.time + own];
  }
  let end = min(first + ${ROWS}u, u.time);
  for (var c0 = start / ${COLUMNS}u * ${COLUMNS}u; c0 < end; c0 += ${COLUMNS}u) {
    ${stageCode(sizes, qkvAt(sizes, 1, 't', 'p'), qkvAt(sizes, 2, 't', 'p'))}
    let stop = min(${COLUMNS}u, u.time - c0);
    for (var j = 0u; j < stop; j++) {
      let t = c0 + j;
      if (live && t >= start && t <= own) {
        let at = j * ${parts}u;
        let s = ${dotCode(
          sizes,
          (p) => `q${p}`,
          (p) => `left[at + ${p}u]`,
        )};
        let dp = ${dotCode(
          sizes,
          (p) => `g${p}`,
          (p) => `right[at + ${p}u]`,
        )};
        let ds = exp(s - level) * (dp - inner) * u.scale;
        ${list(parts, (p) => `dq${p} += left[at + ${p}u] * ds;`)}
      }
    }
  }
  if (own < u.time) {
    ${list(parts, (p) => `d${qkvAt(sizes, 0, 'own', p)} = dq${p};`)}
    delta[(b * u.heads + h) * u.time + own] = inner;
  }`;
}

/** dk and dv of the keys a workgroup owns. */
function keyBody(sizes: Sizes): string {
  const { parts } = sizes;
  const type = typeOf(sizes);
  return `
  ${headCode(sizes)}
  let live = own < u.time && own >= start;
  ${list(parts, (p) => `var k${p} = ${type}(); var v${p} = ${type}(); var dk${p} = ${type}(); var dv${p} = ${type}();`)}
  if (live) {
    ${list(parts, (p) => `k${p} = ${qkvAt(sizes, 1, 'own', p)} * u.scale; v${p} = ${qkvAt(sizes, 2, 'own', p)};`)}
  }
  for (var c0 = first / ${COLUMNS}u * ${COLUMNS}u; c0 < u.time; c0 += ${COLUMNS}u) {
    ${stageCode(sizes, qkvAt(sizes, 0, 't', 'p'), rowAt(sizes, 'dy', 't', 'p'))}
    let stop = min(${COLUMNS}u, u.time - c0);
    for (var j = 0u; j < stop; j++) {
      let t = c0 + j;
      if (live && t >= own && t < u.time) {
        let at = j * ${parts}u;
        let query = (b * u.heads + h) * u.time + t;
        let s = ${dotCode(
          sizes,
          (p) => `k${p}`,
          (p) => `left[at + ${p}u]`,
        )};
        let dp = ${dotCode(
          sizes,
          (p) => `v${p}`,
          (p) => `right[at + ${p}u]`,
        )};
        let weight = exp(s - lse[query]);
        let ds = weight * (dp - delta[query]) * u.scale;
        ${list(parts, (p) => `dk${p} += left[at + ${p}u] * ds; dv${p} += right[at + ${p}u] * weight;`)}
      }
    }
  }
  if (own < u.time) {
    ${list(parts, (p) => `d${qkvAt(sizes, 1, 'own', p)} = dk${p}; d${qkvAt(sizes, 2, 'own', p)} = dv${p};`)}
  }`;
}

/** {dy [B*T, D], qkv, starts, out, lse}, {batch, time, heads} to dqkv [B*T, 3D]. */
export const attentionGrad: Kernel = (gpu, { dy, qkv, starts, out, lse }, attributes) => {
  const sizes = sizesOf(qkv, attributes);
  const { batch, time, heads, width, lanes } = sizes;
  const dqkv = gpu.output([batch * time, 3 * heads * width]);
  const delta = gpu.output([batch * heads * time]);
  const array = lanes === 4 ? vectors : floats;
  const common = {
    constants: { width },
    counts: { time, heads },
    numbers: { scale: 1 / Math.sqrt(width) },
    groups: batch * heads * Math.ceil(time / ROWS),
    operations: 4 * batch * heads * time ** 2 * width,
    threads: ROWS,
  };
  const reads = { qkv: array(qkv), dy: array(dy), lse: floats(lse), starts: integers(starts) };
  gpu.run({
    ...common,
    name: 'PlayAttentionQueryGrad',
    writes: { dqkv: array(dqkv), delta: floats(delta) },
    reads: { ...reads, kept: array(out) },
    code: () => ({ declarations: tilesCode(sizes), body: queryBody(sizes) }),
  });
  gpu.run({
    ...common,
    name: 'PlayAttentionKeyGrad',
    writes: { dqkv: array(dqkv) },
    reads: { ...reads, delta: floats(delta) },
    code: () => ({ declarations: tilesCode(sizes), body: keyBody(sizes) }),
  });
  gpu.free(delta);
  return dqkv;
};
