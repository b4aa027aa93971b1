/**
 * Causal attention for subgroups of one fixed size: the bodies of the three passes of attention.ts, which has the
 * contract, the plain bodies and the dispatches. A workgroup is one subgroup; a tile of queries (forward, query
 * gradient) or keys (key and value gradient) meets blocks of the other side, four of them in each thread, as in
 * matmul-broadcast.ts: scores are products along the head, results are products along the block. No workgroup memory.
 */
import type { Sizes } from './attention-code.ts';
import { lines, range } from './product-code.ts';

/** Rows of a tile: queries, or keys in the pass for their gradient. */
export const BROADCAST_ROWS = 8;

/** What the bodies depend on. */
export interface Tile {
  /** Threads of a subgroup. */
  readonly threads: number;
  /** Vectors of a head that a thread holds of each row of the results. */
  readonly shares: number;
}

/** The head's length in vectors only counts by how many of them fall to a thread. */
export const tileOf = ({ parts }: Sizes, threads: number): Tile => ({
  threads,
  shares: Math.ceil(parts / threads),
});

const rows = (line: (i: number) => string): string => lines(BROADCAST_ROWS, line);

/** Rows whose vectors a thread loads for all. */
const holdings = ({ threads }: Tile): number => BROADCAST_ROWS / threads;

/** Value of row i, of which `name` holds one for each of the thread's rows, from the thread that has it. */
const ofRow = ({ threads }: Tile, name: string, i: number, component = ''): string =>
  `subgroupBroadcast(${name}${Math.floor(i / threads)}${component}, ${i % threads}u)`;

/** The workgroup's row of the batch, head and first row of the tile; the thread's rows and vectors. */
function headCode(tile: Tile): string {
  const { threads } = tile;
  return `
  let tiles = (u.time + ${BROADCAST_ROWS - 1}u) / ${BROADCAST_ROWS}u;
  let first = group % tiles * ${BROADCAST_ROWS}u;
  let h = group / tiles % u.heads;
  let b = group / tiles / u.heads;
  let start = u32(starts[b]);
  let d = u.heads * u.parts;
  let last = u.time - 1u;
  let rowsOfHead = (b * u.heads + h) * u.time;
  ${lines(holdings(tile), (g) => `let held${g} = min(first + ${g * threads}u + lane, last);`)}
  ${lines(tile.shares, (j) => `let part${j} = min(lane + ${j * threads}u, u.parts - 1u);`)}`;
}

/** Where the head's vectors of a row of `qkv` begin: 0 query, 1 key, 2 value. */
const qkvRow = (part: 0 | 1 | 2, row: string): string =>
  `(b * u.time + ${row}) * 3u * d + ${part}u * d + h * u.parts`;

/** The same in arrays [B*T, D]. */
const plainRow = (row: string): string => `(b * u.time + ${row}) * d + h * u.parts`;

/** An array and where a row of it begins. */
interface Source {
  readonly array: string;
  readonly begin: (row: string) => string;
}

const head = (part: 0 | 1 | 2): Source => ({
  array: 'qkv',
  begin: (row) => qkvRow(part, row),
});
const dy: Source = { array: 'dy', begin: plainRow };

/** One product of the tile's rows of `left` with the block's rows of `right` into vectors named `into`. */
interface Score {
  readonly into: string;
  readonly left: Source;
  readonly right: Source;
}

/** WGSL of products along the head, into[row] = left[row] . right[four rows of the thread], for the block at c0. */
function scoreCode(tile: Tile, scores: readonly Score[]): string {
  const code = scores.map(({ into, left, right }) => {
    const [a, t, b] = [`${into}a`, `${into}t`, `${into}b`];
    const turned = (step: number) => range(4).map((c) => `${t}${c}[${step}]`);
    const add = (i: number): string =>
      range(4)
        .map((step) => {
          const value = ofRow(tile, a, i, `[${step}]`);
          return `${into}${i} = fma(vec4<f32>(${value}), ${b}${step}, ${into}${i});`;
        })
        .join(' ');
    return {
      before: `
  ${rows((i) => `var ${into}${i} = vec4<f32>();`)}
  ${lines(holdings(tile), (g) => `let ${a}At${g} = ${left.begin(`held${g}`)};`)}
  ${lines(4, (c) => `let ${t}At${c} = ${right.begin(`min(c0 + 4u * lane + ${c}u, last)`)};`)}`,
      inside: `
  ${lines(holdings(tile), (g) => `let ${a}${g} = ${left.array}[${a}At${g} + p];`)}
  ${lines(4, (c) => `let ${t}${c} = ${right.array}[${t}At${c} + p];`)}
  ${lines(4, (step) => `let ${b}${step} = vec4<f32>(${turned(step).join(', ')});`)}
  ${rows(add)}`,
    };
  });
  return `
  ${code.map(({ before }) => before).join('\n')}
  for (var p = 0u; p < u.parts; p++) {
  ${code.map(({ inside }) => inside).join('\n')}
  }
  let t = vec4<u32>(c0 + 4u * lane) + vec4<u32>(0u, 1u, 2u, 3u);`;
}

/** One product of weights [rows, block] named `weight` with the block's rows of `right`, added to `into`. */
interface Mix {
  readonly into: string;
  readonly weight: string;
  readonly right: Source;
}

/** WGSL of products along the block's rows from `from` up to `end`, four at a time. */
function mixCode(tile: Tile, from: string, end: string, mixes: readonly Mix[]): string {
  const code = mixes.map(({ into, weight, right }) => {
    const v = `${into}v`;
    const load = (c: number): string => `
  let ${v}At${c} = ${right.begin(`min(c0 + 4u * quad + ${c}u, last)`)};
  ${lines(tile.shares, (j) => `let ${v}${c}_${j} = ${right.array}[${v}At${c} + part${j}];`)}`;
    const add = (i: number): string => {
      const sums = range(tile.shares).flatMap((j) =>
        range(4).map(
          (c) => `${into}${i}_${j} = fma(vec4<f32>(w[${c}]), ${v}${c}_${j}, ${into}${i}_${j});`,
        ),
      );
      return `{ let w = subgroupShuffle(${weight}${i}, quad); ${sums.join(' ')} }`;
    };
    return `${lines(4, load)}\n  ${rows(add)}`;
  });
  return `
  let quads = min(${tile.threads}u, (${end} - c0 + 3u) / 4u);
  for (var quad = ${from}; quad < quads; quad++) {
  ${code.join('\n')}
  }`;
}

const results = (tile: Tile, name: string): string =>
  rows((i) => lines(tile.shares, (j) => `var ${name}${i}_${j} = vec4<f32>();`));

/** Stores the thread's vectors of all rows that exist, through `value` of row and share. */
function storeCode(
  tile: Tile,
  array: string,
  begin: (row: string) => string,
  value: (i: number, j: number) => string,
): string {
  const store = (i: number): string => {
    const own = `(first + ${i}u)`;
    const parts = range(tile.shares).map(
      (j) => `
    if (lane + ${j * tile.threads}u < u.parts) { ${array}[${begin(own)} + part${j}] = ${value(i, j)}; }`,
    );
    return `if (${own} < u.time) { ${parts.join('')} }`;
  };
  return rows(store);
}

/** Writes `result` and `lse`; contract in attention.ts. */
export function broadcastForward(tile: Tile): string {
  const { threads } = tile;
  const weigh = (i: number): string => `{
    let live = (t >= vec4<u32>(start)) & (t <= vec4<u32>(first + ${i}u));
    let s = select(vec4<f32>(-1e30), s${i} * u.scale, live);
    let higher = max(top${i}, subgroupMax(max(max(s.x, s.y), max(s.z, s.w))));
    let shrink = exp(top${i} - higher);
    s${i} = select(vec4<f32>(), exp(s - higher), live);
    mass${i} = mass${i} * shrink + dot(s${i}, vec4<f32>(1.0));
    ${lines(tile.shares, (j) => `o${i}_${j} *= shrink;`)}
    top${i} = higher;
  }`;
  // A query in the padding gives zeros.
  const finish = (i: number): string => `
  let live${i} = first + ${i}u >= start;
  let all${i} = max(subgroupAdd(mass${i}), 1e-30);
  let share${i} = select(0.0, 1.0 / all${i}, live${i});
  if (lane == ${i % threads}u && first + ${i}u < u.time) {
    lse[rowsOfHead + first + ${i}u] = select(0.0, top${i} + log(all${i}), live${i});
  }`;
  return `
  ${headCode(tile)}
  ${results(tile, 'o')}
  ${rows((i) => `var top${i} = -1e30; var mass${i} = 0.0;`)}
  let end = min(first + ${BROADCAST_ROWS}u, u.time);
  for (var c0 = start / ${4 * threads}u * ${4 * threads}u; c0 < end; c0 += ${4 * threads}u) {
  ${scoreCode(tile, [{ into: 's', left: head(0), right: head(1) }])}
  ${rows(weigh)}
  ${mixCode(tile, '0u', 'end', [{ into: 'o', weight: 's', right: head(2) }])}
  }
  ${rows(finish)}
  ${storeCode(
    tile,
    'result',
    (row) => plainRow(row),
    (i, j) => `o${i}_${j} * share${i}`,
  )}`;
}

/** Writes the query's third of `dqkv`, and `delta`. */
export function broadcastQueryGrad(tile: Tile): string {
  const { threads } = tile;
  const weigh = (i: number): string => `{
    let live = (t >= vec4<u32>(start)) & (t <= vec4<u32>(first + ${i}u));
    let level = ${ofRow(tile, 'level', i)};
    let inner = ${ofRow(tile, 'inner', i)};
    let weight = exp(min(s${i} * u.scale - level, vec4<f32>(80.0)));
    s${i} = select(vec4<f32>(), weight * (g${i} - inner) * u.scale, live);
  }`;
  const innerCode = (g: number): string => `
  var inner${g} = 0.0;
  for (var p = 0u; p < u.parts; p++) {
    let at = ${plainRow(`held${g}`)} + p;
    inner${g} += dot(dy[at], kept[at]);
  }
  let level${g} = lse[rowsOfHead + held${g}];
  if (first + ${g * threads}u + lane < u.time) { delta[rowsOfHead + held${g}] = inner${g}; }`;
  return `
  ${headCode(tile)}
  ${lines(holdings(tile), innerCode)}
  ${results(tile, 'dq')}
  let end = min(first + ${BROADCAST_ROWS}u, u.time);
  for (var c0 = start / ${4 * threads}u * ${4 * threads}u; c0 < end; c0 += ${4 * threads}u) {
  ${scoreCode(tile, [
    { into: 's', left: head(0), right: head(1) },
    { into: 'g', left: dy, right: head(2) },
  ])}
  ${rows(weigh)}
  ${mixCode(tile, '0u', 'end', [{ into: 'dq', weight: 's', right: head(1) }])}
  }
  ${storeCode(
    tile,
    'dqkv',
    (row) => qkvRow(0, row),
    (i, j) => `dq${i}_${j}`,
  )}`;
}

/** Writes the key's and the value's third of `dqkv`; a delta of a padded query would be 0. */
export function broadcastKeyGrad(tile: Tile): string {
  const { threads } = tile;
  const weigh = (i: number): string => `{
    let live = (t >= vec4<u32>(first + ${i}u)) & (t < vec4<u32>(u.time)) & vec4<bool>(first + ${i}u >= start);
    let weight = exp(min(s${i} * u.scale - level, vec4<f32>(80.0)));
    s${i} = select(vec4<f32>(), weight, live);
    g${i} = s${i} * (g${i} - inner) * u.scale;
  }`;
  const four = (array: string): string =>
    `vec4<f32>(${range(4)
      .map((c) => `${array}[rowsOfHead + min(c0 + 4u * lane + ${c}u, last)]`)
      .join(', ')})`;
  return `
  ${headCode(tile)}
  ${results(tile, 'dk')}
  ${results(tile, 'dv')}
  for (var c0 = first / ${4 * threads}u * ${4 * threads}u; c0 < u.time; c0 += ${4 * threads}u) {
  let level = ${four('lse')};
  let inner = ${four('delta')};
  ${scoreCode(tile, [
    { into: 's', left: head(1), right: head(0) },
    { into: 'g', left: head(2), right: dy },
  ])}
  ${rows(weigh)}
  ${mixCode(tile, '(max(first, c0) - c0) / 4u', 'u.time', [
    { into: 'dk', weight: 'g', right: head(0) },
    { into: 'dv', weight: 's', right: dy },
  ])}
  }
  ${storeCode(
    tile,
    'dqkv',
    (row) => qkvRow(1, row),
    (i, j) => `dk${i}_${j}`,
  )}
  ${storeCode(
    tile,
    'dqkv',
    (row) => qkvRow(2, row),
    (i, j) => `dv${i}_${j}`,
  )}`;
}
