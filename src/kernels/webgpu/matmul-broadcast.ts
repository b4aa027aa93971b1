/**
 * The matrix product in WGSL for subgroups of one fixed size: a workgroup is one subgroup, each thread owns four columns
 * and all rows of the tile in registers, and the threads hand each other the other operand by broadcast. No workgroup
 * memory and no barrier, which processors that run shaders in software pay for dearly. The plain variant, for any
 * device, is in matmul.ts. Sums run over the inner axis in order.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Product } from './matmul.ts';
import { isPacked } from './halves.ts';
import { lines, loadCode, range, storeCode, vectorCode } from './product-code.ts';

/** Few for the few rows of decoding. */
export type TileRows = 4 | 16 | 32;

export interface BroadcastTile {
  readonly rows: TileRows;
  readonly lanes: number;
  /** The arrays are bound as vectors. */
  readonly wide: boolean;
  /** The inner axis divides by four. */
  readonly whole: boolean;
}

/**
 * Four neighbours of an operand's row by the place where the row begins. Rows begin outside of the loop where they can:
 * software adapters lose a quarter of the rate to an address that is computed anew for every step.
 */
function operandCode(name: string, columns: string, wide: boolean, packed = false): string {
  const head = `fn read_${name}(begin : u32, q : u32) -> vec4<f32>`;
  if (wide) return `${head} { ${vectorCode(name, 'begin + q', packed)} }`;
  return `${head} {
  let at = begin + 4u * q;
  let inside = vec4<u32>(4u * q) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(${columns});
  return select(vec4<f32>(), vec4<f32>(${name}[at], ${name}[at + 1u], ${name}[at + 2u], ${name}[at + 3u]), inside);
}`;
}

/** A vector [N] that the finish reads, of which a thread needs the same four elements for all of its rows. */
function keptCode(name: string, wide: boolean): string {
  return `${operandCode(name, 'u.n', wide)}
var<private> kept_${name} : vec4<f32>;
fn load_${name}(r : u32, q : u32) -> vec4<f32> { return kept_${name}; }`;
}

const isVector = ([, { shape }]: [string, tf.TensorInfo]): boolean => shape.length === 1;

/** Two pieces of WGSL: before the loop along the inner axis, and in it. */
interface Code {
  readonly before: string;
  readonly inside: string;
}

/** Zeros for steps beyond the end of an inner axis that does not divide by four. */
const guarded = (whole: boolean, inner: string, value: string): string =>
  whole ? value : `select(vec4<f32>(), ${value}, ${inner} < u.k)`;

/** The vectors of the left operand's tile for four steps are shared out to the lanes: a0, a1 and so on. */
function leftCode({ rows, lanes, whole }: BroadcastTile, transposeA: boolean): Code {
  const holdings = Math.ceil(rows / lanes);
  // A lane beyond the last vector holds a copy.
  const own = (g: number): string => (rows < lanes ? `lane % ${rows}u` : `(${g * lanes}u + lane)`);
  if (!transposeA) {
    return {
      before: lines(holdings, (g) => `let beginA${g} = (row0 + ${own(g)}) * columnsA;`),
      inside: lines(holdings, (g) => `let a${g} = read_a(beginA${g}, k);`),
    };
  }
  // Rows of four steps, each of `quads` vectors.
  const quads = rows / 4;
  return {
    before: lines(
      holdings,
      (g) =>
        `let step${g} = ${own(g)} / ${quads}u; let quad${g} = row0 / 4u + ${own(g)} % ${quads}u;`,
    ),
    inside: lines(holdings, (g) => {
      const inner = `4u * k + step${g}`;
      return `let a${g} = ${guarded(whole, inner, `read_a((${inner}) * columnsA, quad${g})`)};`;
    }),
  };
}

/** Step `step` of row i of the left operand, from the lane that loaded it. */
function leftValue({ rows, lanes }: BroadcastTile, transposeA: boolean, i: number, step: number) {
  const vector = transposeA ? step * (rows / 4) + (i >> 2) : i;
  const component = transposeA ? i & 3 : step;
  return `subgroupBroadcast(a${Math.floor(vector / lanes)}[${component}], ${vector % lanes}u)`;
}

/** Four steps of this lane's columns: b0 to b3. */
function rightCode({ whole }: BroadcastTile, transposeB: boolean): Code {
  if (!transposeB) {
    return {
      before: '',
      inside: lines(4, (step) => {
        const inner = `4u * k + ${step}u`;
        return `let b${step} = ${guarded(whole, inner, `read_b((${inner}) * columnsB, q)`)};`;
      }),
    };
  }
  const turned = (step: number) => range(4).map((c) => `t${c}[${step}]`);
  return {
    before: lines(4, (c) => `let beginB${c} = (4u * q + ${c}u) * columnsB;`),
    inside: `${lines(4, (c) => `let t${c} = read_b(beginB${c}, k);`)}
  ${lines(4, (step) => `let b${step} = vec4<f32>(${turned(step).join(', ')});`)}`,
  };
}

function bodyCode(product: Product, tile: BroadcastTile): string {
  const { transposeA = false, transposeB = false, finish, columnSums } = product;
  const kept = Object.entries(finish.reads ?? {}).filter(isVector);
  const { rows, lanes, wide } = tile;
  const left = leftCode(tile, transposeA);
  const right = rightCode(tile, transposeB);
  const lanesOf = wide ? 4 : 1;
  const row = (i: number): string =>
    range(4)
      .map((u) => `s${i} = fma(vec4<f32>(${leftValue(tile, transposeA, i, u)}), b${u}, s${i});`)
      .join(' ');
  return `
  let across = (u.n + ${4 * lanes - 1}u) / ${4 * lanes}u;
  let row0 = group / across * ${rows}u;
  let q = group % across * ${lanes}u + lane;
  let columnsA = ${transposeA ? 'u.m' : 'u.k'} / ${lanesOf}u;
  let columnsB = ${transposeB ? 'u.k' : 'u.n'} / ${lanesOf}u;
  let steps = (u.k + 3u) / 4u;
  ${left.before}
  ${right.before}
  ${lines(rows, (i) => `var s${i} = vec4<f32>();`)}
  var columnSum = vec4<f32>();
  for (var k = 0u; k < steps; k++) {
  ${left.inside}
  ${right.inside}
  ${lines(rows, row)}
  ${columnSums ? lines(4, (step) => `columnSum += b${step};`) : ''}
  }
  ${columnSums ? 'if (row0 == 0u && 4u * q < u.n) { store_columnSums(0u, q, columnSum); }' : ''}
  ${kept.map(([name]) => `kept_${name} = read_${name}(0u, q);`).join('\n  ')}
  // Four rows at a time in a loop, so that the finish is in the shader four times and not once for each row.
  for (var done = 0u; done < ${rows}u; done += 4u) {
  ${lines(4, (i) => `finish(row0 + done + ${i}u, q, s${i});`)}
  ${lines(rows - 4, (i) => `s${i} = s${i + 4};`)}
  }`;
}

/** Declarations of the loads, the stores and the finish, and the shader's body. */
export function broadcastCode(product: Product, tile: BroadcastTile, finishCode: string) {
  const { transposeA, transposeB, finish, columnSums } = product;
  const { wide } = tile;
  const declarations = [
    operandCode('a', transposeA ? 'u.m' : 'u.k', wide),
    operandCode('b', transposeB ? 'u.k' : 'u.n', wide, isPacked(product.b)),
    ...Object.entries(finish.reads ?? {}).map((read) =>
      isVector(read) ? keptCode(read[0], wide) : loadCode(read[0], 'u.n', wide),
    ),
    ...[...Object.keys(finish.writes), ...(columnSums ? ['columnSums'] : [])].map((name) =>
      storeCode(name, 'u.n', wide),
    ),
    finishCode,
  ].join('\n');
  return { declarations, body: bodyCode(product, tile) };
}
