/**
 * The matrix product in WGSL that linear layers, their gradients and the vocabulary's logits share, with a finish that
 * a kernel writes around it, and the choice between its two variants. The plain one is here: square tiles in workgroup
 * memory, a square of results in each thread's registers, transposed operands turned while they are read. The one for
 * subgroups of a fixed size is in matmul-broadcast.ts. Sums run over the inner axis in order.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { matrix } from '../kernel-inputs.ts';
import type { Gpu } from './gpu.ts';
import { floats, vectors, type Binding, type Dispatch } from './gpu.ts';
import { isPacked, packed, unpackedMatrix } from './halves.ts';
import { broadcastCode, type TileRows } from './matmul-broadcast.ts';
import { loadCode, range, storeCode, turnCode } from './product-code.ts';

/** Results along one side of a workgroup's tile. */
type Tile = 32 | 64;

/** Inner axis of a tile. */
const DEPTH = 16;
/** Threads along one side of a workgroup. */
const SIDE = 8;
/** Products of at least this many large tiles use them; smaller ones would leave processors idle. */
const ENOUGH_TILES = 16;

/** Multiplications from which on a subgroup takes the long tile. */
const ENOUGH_WORK = 2 ** 22;

/** What becomes of the product, four neighbouring columns at a time. */
export interface Finish {
  /** Names the finish in the pipeline's key. */
  readonly name: string;
  /** Results [M, N] by the name that the code stores them under. */
  readonly writes: Readonly<Record<string, tf.TensorInfo>>;
  /** Matrices [M, N], or vectors [N] which are read as row 0. */
  readonly reads?: Readonly<Record<string, tf.TensorInfo>>;
  /** Any other arrays, bound as they are. */
  readonly others?: Readonly<Record<string, Binding>>;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly declarations?: string;
  /** WGSL that sees `value`, `row`, `q` (a fourth of the column), load_NAME(row, q) and store_NAME(row, q, value). */
  readonly code: string;
}

export interface Product {
  /** [M, K], or [K, M] when transposed. */
  readonly a: tf.TensorInfo;
  readonly transposeA?: boolean;
  /** [K, N], or [N, K] when transposed; float32 or packed halves (halves.ts). */
  readonly b: tf.TensorInfo;
  readonly transposeB?: boolean;
  readonly finish: Finish;
  /** Takes the sums over the rows of an untransposed b, [N]. */
  readonly columnSums?: tf.TensorInfo;
}

/** Rows and columns of the product. */
export function productShape({ a, b, transposeA, transposeB }: Omit<Product, 'finish'>) {
  const [ra, ca] = matrix(a);
  const [rb, cb] = unpackedMatrix(b);
  const [m, k] = transposeA ? [ca, ra] : [ra, ca];
  const [depth, n] = transposeB ? [cb, rb] : [rb, cb];
  if (k !== depth) throw new RangeError(`Cannot sum over ${k} and ${depth}.`);
  return { m, n, k };
}

/** Where an operand lies in the product: its tile's first row or column, and how many there are. */
const PLACES = { a: ['row0', 'u.m'], b: ['column0', 'u.n'] } as const;

/**
 * Moves a tile of an operand into workgroup memory as [DEPTH][tile / 4] vectors along the tile, zero beyond the inner
 * axis; `turned` says that the operand's rows run along the inner axis.
 */
function stageCode(name: 'a' | 'b', turned: boolean, tile: Tile, wide: boolean): string {
  const [first, limit] = PLACES[name];
  const across = tile / 4;
  if (turned && wide) return stageBlocks(name, tile);
  const place = turned
    ? `let inner = e % ${DEPTH}u; let outer = e / ${DEPTH}u;`
    : `let inner = e / ${across}u; let outer = e % ${across}u;`;
  const value = turned
    ? `turn_${name}(${first} / 4u + outer, k0 + inner)`
    : `load_${name}(k0 + inner, ${first} / 4u + outer)`;
  return `
    for (var e = local; e < ${across * DEPTH}u; e += ${SIDE * SIDE}u) {
      ${place}
      var v = vec4<f32>();
      if (k0 + inner < u.k && ${first} + 4u * outer < ${limit}) { v = ${value}; }
      tile_${name}[inner * ${across}u + outer] = v;
    }`;
}

/** The same for whole vectors along the inner axis: each thread turns blocks of four by four. */
function stageBlocks(name: 'a' | 'b', tile: Tile): string {
  const [first, limit] = PLACES[name];
  const across = tile / 4;
  const load = (i: number) => `var v${i} = vec4<f32>();
      if (k0 + 4u * inner < u.k && ${first} + 4u * outer + ${i}u < ${limit}) {
        v${i} = load_${name}(${first} + 4u * outer + ${i}u, k0 / 4u + inner);
      }`;
  const store = (i: number) =>
    `tile_${name}[(4u * inner + ${i}u) * ${across}u + outer] = vec4<f32>(v0[${i}], v1[${i}], v2[${i}], v3[${i}]);`;
  return `
    for (var e = local; e < ${(across * DEPTH) / 4}u; e += ${SIDE * SIDE}u) {
      let inner = e % ${DEPTH / 4}u;
      let outer = e / ${DEPTH / 4}u;
      ${[0, 1, 2, 3].map(load).join('\n      ')}
      ${[0, 1, 2, 3].map(store).join('\n      ')}
    }`;
}

/** One step along the inner axis: a column of a times a row of b, in registers. */
function stepCode(tile: Tile): string {
  const across = tile / 4;
  const rows = tile / SIDE;
  const quads = rows / 4;
  const a = range(quads).map((h) => `let a${h} = tile_a[k * ${across}u + y * ${quads}u + ${h}u];`);
  const b = range(quads).map((j) => `let b${j} = tile_b[k * ${across}u + x + ${SIDE * j}u];`);
  const sums = range(rows).flatMap((i) =>
    range(quads).map(
      (j) => `s${i}_${j} = fma(vec4<f32>(a${i >> 2}[${i & 3}]), b${j}, s${i}_${j});`,
    ),
  );
  return [...a, ...b, ...sums].join('\n      ');
}

function bodyCode(product: Product, tile: Tile, wide: boolean): string {
  const { transposeA, transposeB, columnSums } = product;
  const across = tile / 4;
  const rows = tile / SIDE;
  const quads = rows / 4;
  const cells = range(rows).flatMap((i) => range(quads).map((j) => [i, j] as const));
  const addUp = `
    if (row0 == 0u && local < ${across}u) {
      for (var k = 0u; k < ${DEPTH}u; k++) { columnSum += tile_b[k * ${across}u + local]; }
    }`;
  const storeSums = `
  if (row0 == 0u && local < ${across}u && column0 + 4u * local < u.n) {
    store_columnSums(0u, column0 / 4u + local, columnSum);
  }`;
  return `
  let across = (u.n + ${tile - 1}u) / ${tile}u;
  let row0 = group / across * ${tile}u;
  let column0 = group % across * ${tile}u;
  let x = local % ${SIDE}u;
  let y = local / ${SIDE}u;
  ${cells.map(([i, j]) => `var s${i}_${j} = vec4<f32>();`).join('\n  ')}
  var columnSum = vec4<f32>();
  for (var k0 = 0u; k0 < u.k; k0 += ${DEPTH}u) {
    ${stageCode('a', !transposeA, tile, wide)}
    ${stageCode('b', transposeB === true, tile, wide)}
    workgroupBarrier();
    ${columnSums ? addUp : ''}
    for (var k = 0u; k < ${DEPTH}u; k++) {
      ${stepCode(tile)}
    }
    workgroupBarrier();
  }
  ${columnSums ? storeSums : ''}
  // A loop, so that the finish is in the shader once: compilers spend seconds on sixteen copies.
  for (var cell = 0u; cell < ${cells.length}u; cell++) {
    var value = s0_0;
    switch cell {
      ${cells.map(([i, j], cell) => `case ${cell}u: { value = s${i}_${j}; }`).join('\n      ')}
      default: {}
    }
    let row = row0 + y * ${rows}u + cell / ${quads}u;
    finish(row, column0 / 4u + x + ${SIDE}u * (cell % ${quads}u), value);
  }`;
}

/** Writes a vector of results, unless it lies outside. */
function finishCode({ declarations = '', code }: Finish): string {
  return `
${declarations}
fn finish(row : u32, q : u32, value : vec4<f32>) {
  if (row >= u.m || 4u * q >= u.n) { return; }
  ${code}
}`;
}

function declarationsCode(product: Product, tile: Tile, wide: boolean): string {
  const { finish, transposeA, transposeB, columnSums } = product;
  return `
var<workgroup> tile_a : array<vec4<f32>, ${(DEPTH * tile) / 4}>;
var<workgroup> tile_b : array<vec4<f32>, ${(DEPTH * tile) / 4}>;
${!transposeA && !wide ? turnCode('a', 'u.k') : loadCode('a', transposeA ? 'u.m' : 'u.k', wide)}
${transposeB && !wide ? turnCode('b', 'u.k') : loadCode('b', transposeB ? 'u.k' : 'u.n', wide, isPacked(product.b))}
${Object.keys(finish.reads ?? {})
  .map((name) => loadCode(name, 'u.n', wide))
  .join('\n')}
${[...Object.keys(finish.writes), ...(columnSums ? ['columnSums'] : [])]
  .map((name) => storeCode(name, 'u.n', wide))
  .join('\n')}
${finishCode(finish)}`;
}

type Plan = Pick<Dispatch, 'constants' | 'groups' | 'threads' | 'subgroups' | 'code'>;

function tilePlan(product: Product, wide: boolean): Plan {
  const { m, n } = productShape(product);
  const tilesOf = (tile: Tile) => Math.ceil(m / tile) * Math.ceil(n / tile);
  const tile = tilesOf(64) >= ENOUGH_TILES ? 64 : 32;
  return {
    constants: { tile },
    groups: tilesOf(tile),
    code: () => ({
      declarations: declarationsCode(product, tile, wide),
      body: bodyCode(product, tile, wide),
    }),
  };
}

/** Long tiles run a sixth faster and take half as long again to compile; ragged rows take twice that. */
function tileRows(m: number, work: number, wide: boolean): TileRows {
  if (m <= 4) return 4;
  return wide && m >= 32 && work >= ENOUGH_WORK ? 32 : 16;
}

function broadcastPlan(product: Product, wide: boolean, lanes: number): Plan {
  const { m, n, k } = productShape(product);
  const rows: TileRows = tileRows(m, m * n * k, wide);
  const whole = k % 4 === 0;
  return {
    constants: { rows, lanes, whole: Number(whole) },
    groups: Math.ceil(m / rows) * Math.ceil(n / (4 * lanes)),
    threads: lanes,
    subgroups: true,
    code: () => broadcastCode(product, { rows, lanes, wide, whole }, finishCode(product.finish)),
  };
}

/** Runs the product; its results are the tensors that the finish writes. */
export function multiply(gpu: Gpu, product: Product): void {
  const { a, b, transposeA, transposeB, finish, columnSums } = product;
  const { m, n, k } = productShape(product);
  const wide = [a.shape[1]!, unpackedMatrix(b)[1], n].every((length) => length % 4 === 0);
  const array = wide ? vectors : floats;
  const all = (tensors: Readonly<Record<string, tf.TensorInfo>>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, array(tensor)]));
  const sums = columnSums ? { columnSums } : {};
  const { lanes } = gpu;
  const plan = lanes > 0 ? broadcastPlan(product, wide, lanes) : tilePlan(product, wide);
  gpu.run({
    ...plan,
    name: `PlayMatMul${finish.name}`,
    constants: {
      ...plan.constants,
      transposeA: Number(transposeA ?? 0),
      transposeB: Number(transposeB ?? 0),
    },
    writes: all({ ...finish.writes, ...sums }),
    reads: {
      ...all({ a }),
      b: isPacked(b) ? packed(b, wide) : array(b),
      ...all(finish.reads ?? {}),
      ...finish.others,
    },
    counts: { m, n, k },
    operations: 2 * m * n * k,
    ...(finish.numbers ? { numbers: finish.numbers } : {}),
  });
}

/** The product of two operands, as it is, as a new tensor [M, N]. */
export function plainProduct(gpu: Gpu, operands: Omit<Product, 'finish' | 'columnSums'>) {
  const { m, n } = productShape(operands);
  const y = gpu.output([m, n]);
  multiply(gpu, {
    ...operands,
    finish: { name: '', writes: { y }, code: 'store_y(row, q, value);' },
  });
  return y;
}
