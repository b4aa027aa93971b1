/**
 * Rows of tables by index in WGSL, and their gradient: each workgroup owns one row of the table, finds its places
 * among the ids, and adds their rows in order. No float atomics, so the same ids give the same bits.
 */
import { matrix, sizeOf } from '../kernel-inputs.ts';
import { floats, integers, THREADS, type Kernel } from './gpu.ts';
import { elementCode, rowsOf, unpackedMatrix } from './halves.ts';

/** Ids that a workgroup looks at in one go, one bit each. */
const WINDOW = 2048;

/**
 * {table [V, D], ids [N] int32, and for a sum of two: positionTable [C, D], positions [N] int32} to [N, D]; an id
 * outside its table gives NaN. Tables are float32 or packed halves.
 */
export const embedding: Kernel = (gpu, { table, ids, positionTable, positions }) => {
  const [rows, columns] = unpackedMatrix(table);
  const out = gpu.output([sizeOf(ids), columns]);
  const count = sizeOf(out);
  const second = positionTable
    ? { positionTable: rowsOf(positionTable), positions: integers(positions) }
    : {};
  gpu.run({
    name: 'PlayEmbedding',
    constants: { tables: positionTable ? 2 : 1 },
    writes: { result: floats(out) },
    reads: { table: rowsOf(table), ids: integers(ids), ...second },
    counts: { count, columns, rows, places: positionTable ? unpackedMatrix(positionTable)[0] : 0 },
    groups: Math.ceil(count / THREADS),
    code: () => ({
      body: `
  let i = group * ${THREADS}u + local;
  if (i >= u.count) { return; }
  let n = i / u.columns;
  let c = i % u.columns;
  let id = u32(ids[n]);
  var value = u.nan;
  if (id < u.rows) { value = ${elementCode(table, 'table', 'id * u.columns + c')}; }
  ${
    positionTable
      ? `let place = u32(positions[n]);
  if (place < u.places) { value += ${elementCode(positionTable, 'positionTable', 'place * u.columns + c')}; } else { value = u.nan; }`
      : ''
  }
  result[i] = value;`,
    }),
  });
  return out;
};

const GRADIENT = {
  declarations: `
var<workgroup> found : array<atomic<u32>, ${WINDOW / 32}>;`,
  body: `
  for (var c = local; c < u.columns; c += ${THREADS}u) { dtable[group * u.columns + c] = 0.0; }
  for (var base = 0u; base < u.count; base += ${WINDOW}u) {
    for (var w = local; w < ${WINDOW / 32}u; w += ${THREADS}u) { atomicStore(&found[w], 0u); }
    workgroupBarrier();
    for (var i = local; i < ${WINDOW}u && base + i < u.count; i += ${THREADS}u) {
      if (u32(ids[base + i]) == group) { atomicOr(&found[i / 32u], 1u << (i % 32u)); }
    }
    workgroupBarrier();
    let words = (min(u.count - base, ${WINDOW}u) + 31u) / 32u;
    for (var c = local; c < u.columns; c += ${THREADS}u) {
      var sum = 0.0;
      for (var w = 0u; w < words; w++) {
        var bits = atomicLoad(&found[w]);
        while (bits != 0u) {
          let n = base + w * 32u + countTrailingZeros(bits);
          sum += dy[n * u.columns + c];
          bits &= bits - 1u;
        }
      }
      dtable[group * u.columns + c] += sum;
    }
    workgroupBarrier();
  }`,
};

/** A subgroup looks at as many ids as it has threads, and adds the rows of those that are its own in order. */
const gradBySubgroup = (threads: number): string => `
  for (var c = lane; c < u.columns; c += ${threads}u) { dtable[group * u.columns + c] = 0.0; }
  for (var base = 0u; base < u.count; base += ${threads}u) {
    let n = base + lane;
    let found = n < u.count && u32(ids[min(n, u.count - 1u)]) == group;
    var bits = subgroupBallot(found).x;
    while (bits != 0u) {
      let row = (base + countTrailingZeros(bits)) * u.columns;
      for (var c = lane; c < u.columns; c += ${threads}u) {
        dtable[group * u.columns + c] += dy[row + c];
      }
      bits &= bits - 1u;
    }
  }`;

/** {ids [N] int32, dy [N, D]}, {rows} to dtable [rows, D]. */
export const embeddingGrad: Kernel = (gpu, { ids, dy }, { rows }) => {
  const [count, columns] = matrix(dy);
  const dtable = gpu.output([rows!, columns]);
  const { lanes } = gpu;
  gpu.run({
    name: 'PlayEmbeddingGrad',
    writes: { dtable: floats(dtable) },
    reads: { ids: integers(ids), dy: floats(dy) },
    counts: { count, columns },
    groups: rows!,
    ...(lanes > 0
      ? { threads: lanes, subgroups: true, code: () => ({ body: gradBySubgroup(lanes) }) }
      : { code: () => GRADIENT }),
  });
  return dtable;
};
