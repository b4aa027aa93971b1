/**
 * The matrix product in WGSL for subgroups of one fixed size: a workgroup is one subgroup, each thread owns four columns
 * and all rows of the tile in registers, and the threads hand each other the other operand by broadcast. No workgroup
 * memory and no barrier, which processors that run shaders in software pay for dearly. The plain variant, for any
 * device, is in matmul.ts. Sums run over the inner axis in order.
 */
import type { Product } from './matmul.ts';
import { loadCode, range, storeCode } from './product-code.ts';

/** Subgroup sizes that this is made for; wider ones leave most threads without rows to load. */
const LANES: readonly number[] = [4, 8, 16];

export const canBroadcast = (lanes: number): boolean => LANES.includes(lanes);

/** Rows of a tile: few for the few rows of decoding. */
export type TileRows = 4 | 16;

export interface BroadcastTile {
  readonly rows: TileRows;
  readonly lanes: number;
  /** The arrays are bound as vectors. */
  readonly wide: boolean;
  /** The inner axis divides by four. */
  readonly whole: boolean;
}

/** Vectors of the left operand's tile for four steps along the inner axis, shared out to the lanes in turn. */
const holdings = ({ rows, lanes }: BroadcastTile): number => Math.ceil(rows / lanes);

/** WGSL that loads this lane's vectors; a vector beyond the last is a copy of an earlier one. */
function leftCode(tile: BroadcastTile, transposeA: boolean): string {
  const { rows, lanes, whole } = tile;
  const load = (g: number): string => {
    const e = `(lane + ${g * lanes}u) % ${rows}u`;
    if (!transposeA) return `load_a(row0 + ${e}, k)`;
    // Vector e is row e / quads of the four and the e % quads-th four of the tile's rows.
    const quads = rows / 4;
    const inner = `4u * k + (${e}) / ${quads}u`;
    const value = `load_a(${inner}, row0 / 4u + (${e}) % ${quads}u)`;
    return whole ? value : `select(vec4<f32>(), ${value}, ${inner} < u.k)`;
  };
  return range(holdings(tile))
    .map((g) => `let a${g} = ${load(g)};`)
    .join('\n    ');
}

/** Step u of row i of the left operand, from the lane that loaded it. */
function leftValue({ rows, lanes }: BroadcastTile, transposeA: boolean, i: number, u: number) {
  const e = transposeA ? u * (rows / 4) + (i >> 2) : i;
  const component = transposeA ? i & 3 : u;
  return `subgroupBroadcast(a${Math.floor(e / lanes)}[${component}], ${e % lanes}u)`;
}

/** b0 to b3: four steps along the inner axis of this lane's columns. */
function rightCode({ whole }: BroadcastTile, transposeB: boolean): string {
  if (transposeB) {
    const rows = range(4).map((c) => `let t${c} = load_b(4u * q + ${c}u, k);`);
    const turned = range(4).map(
      (u) => `let b${u} = vec4<f32>(t0[${u}], t1[${u}], t2[${u}], t3[${u}]);`,
    );
    return [...rows, ...turned].join('\n    ');
  }
  return range(4)
    .map((u) => {
      const value = `load_b(4u * k + ${u}u, q)`;
      const guarded = whole ? value : `select(vec4<f32>(), ${value}, 4u * k + ${u}u < u.k)`;
      return `let b${u} = ${guarded};`;
    })
    .join('\n    ');
}

function bodyCode(
  { transposeA = false, transposeB = false, columnSums }: Product,
  tile: BroadcastTile,
) {
  const { rows, lanes } = tile;
  const rowCode = (i: number): string =>
    range(4)
      .map((u) => `s${i} = fma(vec4<f32>(${leftValue(tile, transposeA, i, u)}), b${u}, s${i});`)
      .join(' ');
  const storeSums = `
  if (row0 == 0u && 4u * q < u.n) { store_columnSums(0u, q, columnSum); }`;
  return `
  let across = (u.n + ${4 * lanes - 1}u) / ${4 * lanes}u;
  let row0 = group / across * ${rows}u;
  let q = group % across * ${lanes}u + lane;
  ${range(rows)
    .map((i) => `var s${i} = vec4<f32>();`)
    .join(' ')}
  var columnSum = vec4<f32>();
  for (var k = 0u; 4u * k < u.k; k++) {
    ${leftCode(tile, transposeA)}
    ${rightCode(tile, transposeB)}
    ${range(rows).map(rowCode).join('\n    ')}
    ${columnSums ? 'columnSum += b0; columnSum += b1; columnSum += b2; columnSum += b3;' : ''}
  }
  ${columnSums ? storeSums : ''}
  ${range(rows)
    .map((i) => `finish(row0 + ${i}u, q, s${i});`)
    .join('\n  ')}`;
}

/** Declarations of the loads, the stores and the finish, and the shader's body. */
export function broadcastCode(product: Product, tile: BroadcastTile, finishCode: string) {
  const { transposeA, transposeB, finish, columnSums } = product;
  const { wide } = tile;
  const declarations = [
    loadCode('a', transposeA ? 'u.m' : 'u.k', wide),
    loadCode('b', transposeB ? 'u.k' : 'u.n', wide),
    ...Object.keys(finish.reads ?? {}).map((name) => loadCode(name, 'u.n', wide)),
    ...[...Object.keys(finish.writes), ...(columnSums ? ['columnSums'] : [])].map((name) =>
      storeCode(name, 'u.n', wide),
    ),
    finishCode,
  ].join('\n');
  return { declarations, body: bodyCode(product, tile) };
}
