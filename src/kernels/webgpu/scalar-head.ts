/**
 * The scalar head at chosen rows in WGSL; contract and reference are in ../scalar-head.ts. The gradient is one dispatch:
 * a workgroup for each row of the hidden states, and one for each block of columns of the weights. No float atomics, so
 * the same rows give the same bits.
 */
import { matrix, sizeOf } from '../kernel-inputs.ts';
import { floats, integers, THREADS, type Kernel } from './gpu.ts';

/** As in layer norm: every thread could add up all partial sums itself. */
const ROW_THREADS = 32;
/** Columns of the weights that a workgroup owns, and shares in which each is summed. */
const COLUMNS = 16;
const SHARES = THREADS / COLUMNS;

/** {hidden [N, D], indices [M] int32, weight [1, D], bias [1]} to [M]; an index outside the rows gives NaN. */
export const scalarHead: Kernel = (gpu, { hidden, indices, weight, bias }) => {
  const [rows, columns] = matrix(hidden);
  const count = sizeOf(indices);
  if (sizeOf(weight) !== columns) throw new RangeError('The head and the states differ in width.');
  const scores = gpu.output([count]);
  gpu.run({
    name: 'PlayScalarHead',
    writes: { scores: floats(scores) },
    reads: {
      hidden: floats(hidden),
      indices: integers(indices),
      weight: floats(weight),
      bias: floats(bias),
    },
    counts: { rows, columns },
    groups: count,
    threads: ROW_THREADS,
    code: () => ({
      declarations: `
var<workgroup> sums : array<f32, ${ROW_THREADS}>;`,
      body: `
  let row = u32(indices[group]);
  var sum = 0.0;
  if (row < u.rows) {
    for (var c = local; c < u.columns; c += ${ROW_THREADS}u) {
      sum += hidden[row * u.columns + c] * weight[c];
    }
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local == 0u) {
    var total = bias[0];
    for (var i = 0u; i < ${ROW_THREADS}u; i++) { total += sums[i]; }
    if (row >= u.rows) { total = u.nan; }
    scores[group] = total;
  }`,
    }),
  });
  return scores;
};

const GRADIENT = {
  declarations: `
var<workgroup> sums : array<vec2<f32>, ${THREADS}>;`,
  body: `
  if (group < u.rows) {
    // What all scores that read this row say of it.
    var share = 0.0;
    for (var m = local; m < u.count; m += ${THREADS}u) {
      if (u32(indices[m]) == group) { share += dy[m]; }
    }
    sums[local] = vec2<f32>(share, 0.0);
    workgroupBarrier();
    var total = 0.0;
    for (var i = 0u; i < ${THREADS}u; i++) { total += sums[i].x; }
    for (var c = local; c < u.columns; c += ${THREADS}u) {
      dhidden[group * u.columns + c] = total * weight[c];
    }
  } else {
    let c = (group - u.rows) * ${COLUMNS}u + local % ${COLUMNS}u;
    // Share of the weight's gradient, and of the bias's.
    var share = vec2<f32>();
    for (var m = local / ${COLUMNS}u; m < u.count; m += ${SHARES}u) {
      let row = u32(indices[m]);
      if (c < u.columns && row < u.rows) {
        share += dy[m] * vec2<f32>(hidden[row * u.columns + c], 1.0);
      }
    }
    sums[local] = share;
    workgroupBarrier();
    if (local < ${COLUMNS}u && c < u.columns) {
      var total = vec2<f32>();
      for (var i = 0u; i < ${SHARES}u; i++) { total += sums[local + i * ${COLUMNS}u]; }
      dweight[c] = total.x;
      if (c == 0u) { dbias[0] = total.y; }
    }
  }`,
};

/** {dy [M], hidden [N, D], indices [M] int32, weight [1, D]} to [dhidden [N, D], dweight [1, D], dbias [1]]. */
export const scalarHeadGrad: Kernel = (gpu, { dy, hidden, indices, weight }) => {
  const [rows, columns] = matrix(hidden);
  const [dhidden, dweight] = [gpu.output([rows, columns]), gpu.output([1, columns])];
  const dbias = gpu.output([1]);
  gpu.run({
    name: 'PlayScalarHeadGrad',
    writes: { dhidden: floats(dhidden), dweight: floats(dweight), dbias: floats(dbias) },
    reads: {
      dy: floats(dy),
      hidden: floats(hidden),
      indices: integers(indices),
      weight: floats(weight),
    },
    counts: { rows, columns, count: sizeOf(indices) },
    groups: rows + Math.ceil(columns / COLUMNS),
    code: () => GRADIENT,
  });
  return [dhidden, dweight, dbias];
};
