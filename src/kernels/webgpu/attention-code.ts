/**
 * What the attention kernels for narrow and for wide heads share: how work is cut up, and the WGSL that finds a
 * workgroup's place, fills its tiles and reads vectors. The kernels are in attention.ts, the bodies for heads that
 * several threads hold together in attention-wide.ts.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { MAX_HEAD_WIDTH } from '../attention.ts';
import { headSizes, type Attributes, type HeadSizes } from '../kernel-inputs.ts';

/**
 * Heads up to this width are held by one thread each. Wider ones are shared out: vectors stay in registers with every
 * loop over them written out, which Mesa's software driver compiles in 3 s at a width of 32 and in over 100 s at 64.
 */
const NARROW = 32;
/** Numbers of a wide head that one thread holds, by elements of a vector: single ones make the longer shader. */
const HELD = { 4: 8, 1: 4 } as const;
/** Workgroup memory for tiles and shares, of the 16 KiB that every device has, and threads of a workgroup likewise. */
const MEMORY = 16_128;
const MAX_THREADS = 256;

export interface Sizes extends HeadSizes {
  /** Elements of a vector: 4 where the head width divides by it, else 1. */
  readonly lanes: 1 | 4;
  /** Vectors of one head. */
  readonly parts: number;
  /** Threads that hold one head together. */
  readonly slices: number;
  /** Vectors that each of them holds, as far as the head has so many. */
  readonly held: number;
  /** Queries, or keys, of a workgroup. */
  readonly rows: number;
  /** Columns of the other side in workgroup memory at once. */
  readonly columns: number;
}

/** Rows and columns of a workgroup whose heads are held by `slices` threads each. */
function tileOf(width: number, slices: number): { rows: number; columns: number } {
  if (slices === 1) return { rows: 32, columns: 16 };
  const rows = Math.min(16, Math.floor(MAX_THREADS / slices));
  // Two tiles of vectors, and for each thread and column its shares of two products.
  const bytes = 4 * (2 * width + 2 * rows * slices);
  return { rows, columns: 2 ** Math.floor(Math.log2(MEMORY / bytes)) };
}

/** Batch, time, heads and head width from an attention call. */
export function sizesOf(qkv: tf.TensorInfo | undefined, attributes: Attributes): Sizes {
  const { batch, time, heads, width } = headSizes(qkv, attributes);
  if (width > MAX_HEAD_WIDTH) throw new RangeError(`Heads of ${width} are too wide.`);
  const lanes = width % 4 === 0 ? 4 : 1;
  const parts = width / lanes;
  const slices = width <= NARROW ? 1 : Math.ceil(width / HELD[lanes]);
  const held = Math.ceil(parts / slices);
  return { batch, time, heads, width, lanes, parts, slices, held, ...tileOf(width, slices) };
}

export const threadsOf = ({ rows, slices }: Sizes): number => rows * slices;

/** `line` for every vector that a thread holds. */
export const list = (count: number, line: (p: number) => string): string =>
  Array.from({ length: count }, (_, p) => line(p)).join('\n');

/** Sum over the vectors that a thread holds of products, in WGSL. */
export function dotCode(
  { held, lanes }: Sizes,
  a: (p: number) => string,
  b: (p: number) => string,
): string {
  const product = (p: number) => (lanes === 4 ? `dot(${a(p)}, ${b(p)})` : `${a(p)} * ${b(p)}`);
  return Array.from({ length: held }, (_, p) => product(p)).join(' + ');
}

/** WGSL that all three passes begin with: the workgroup's row, head and first query or key, and the thread's own. */
export function headCode({ parts, rows, slices }: Sizes): string {
  return `
  let tiles = (u.time + ${rows - 1}u) / ${rows}u;
  let first = group % tiles * ${rows}u;
  let h = group / tiles % u.heads;
  let b = group / tiles / u.heads;
  let start = u32(starts[b]);
  let own = first + local / ${slices}u;
  let d = u.heads * ${parts}u;`;
}

export const typeOf = ({ lanes }: Sizes): string => (lanes === 4 ? 'vec4<f32>' : 'f32');

/** Fills two tiles with head vectors of columns from c0 on; `left` and `right` are WGSL of vector p of column t. */
export function stageCode(sizes: Sizes, left: string, right: string): string {
  const { parts, columns } = sizes;
  return `
    workgroupBarrier();
    for (var e = local; e < ${columns * parts}u; e += ${threadsOf(sizes)}u) {
      let t = c0 + e / ${parts}u;
      let p = e % ${parts}u;
      if (t < u.time) {
        left[e] = ${left};
        right[e] = ${right};
      }
    }
    workgroupBarrier();`;
}

export const tilesCode = (sizes: Sizes): string => `
var<workgroup> left : array<${typeOf(sizes)}, ${sizes.columns * sizes.parts}>;
var<workgroup> right : array<${typeOf(sizes)}, ${sizes.columns * sizes.parts}>;`;

const index = (p: string | number): string => (typeof p === 'number' ? `${p}u` : p);

/** Vector p of part 0 (query), 1 (key) or 2 (value) of column t. */
export const qkvAt = ({ parts }: Sizes, part: number, t: string, p: string | number): string =>
  `qkv[(b * u.time + ${t}) * 3u * d + ${part}u * d + h * ${parts}u + ${index(p)}]`;

/** Vector p of column t of an array [B*T, D]. */
export const rowAt = ({ parts }: Sizes, name: string, t: string, p: string | number): string =>
  `${name}[(b * u.time + ${t}) * d + h * ${parts}u + ${index(p)}]`;
