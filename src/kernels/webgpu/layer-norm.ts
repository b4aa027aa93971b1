/**
 * Layer normalisation in WGSL, forward and backward; contract and reference are in ../layer-norm.ts.
 * Forward: one workgroup a row. Backward: one workgroup a block of rows, whose share of the gain's and the bias's
 * gradient it keeps in registers; a second dispatch adds the blocks in order, so that the sums are always the same.
 */
import { matrix } from '../kernel-inputs.ts';
import { floats, vectors, type Gpu, type Kernel } from './gpu.ts';
import { rowsBackward, rowsForward } from './layer-norm-broadcast.ts';

/** Few enough that each thread can add up all partial sums itself: one barrier for a reduction, not six. */
const ROW_THREADS = 32;
const BLOCK_ROWS = 8;

const FORWARD = {
  declarations: `
var<workgroup> sums : array<f32, ${ROW_THREADS}>;
var<workgroup> squares : array<f32, ${ROW_THREADS}>;`,
  body: `
  let row = group * u.columns;
  var sum = 0.0;
  for (var c = local; c < u.columns; c += ${ROW_THREADS}u) { sum += x[row + c]; }
  sums[local] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ${ROW_THREADS}u; i++) { total += sums[i]; }
  let centre = total / f32(u.columns);
  var square = 0.0;
  for (var c = local; c < u.columns; c += ${ROW_THREADS}u) {
    let distance = x[row + c] - centre;
    square += distance * distance;
  }
  squares[local] = square;
  workgroupBarrier();
  var variance = 0.0;
  for (var i = 0u; i < ${ROW_THREADS}u; i++) { variance += squares[i]; }
  let scale = inverseSqrt(variance / f32(u.columns) + u.epsilon);
  for (var c = local; c < u.columns; c += ${ROW_THREADS}u) {
    y[row + c] = (x[row + c] - centre) * scale * gain[c] + bias[c];
  }
  if (local == 0u) {
    mean[group] = centre;
    rstd[group] = scale;
  }`,
};

/** Threads of a subgroup if the kernels here can use it, else 0: rows must be whole vectors. */
const lanesFor = (gpu: Gpu, columns: number): number => (columns % 4 === 0 ? gpu.lanes : 0);

/** {x [N, D], gain [D], bias [D]}, {epsilon} to [y [N, D], mean [N], rstd [N]]. */
export const layerNorm: Kernel = (gpu, { x, gain, bias }, { epsilon }) => {
  const [rows, columns] = matrix(x);
  const [y, mean, rstd] = [gpu.output([rows, columns]), gpu.output([rows]), gpu.output([rows])];
  const lanes = lanesFor(gpu, columns);
  const array = lanes > 0 ? vectors : floats;
  gpu.run({
    name: 'PlayLayerNorm',
    writes: { y: array(y), mean: floats(mean), rstd: floats(rstd) },
    reads: { x: array(x), gain: array(gain), bias: array(bias) },
    counts: { rows, columns },
    numbers: { epsilon: epsilon! },
    ...(lanes > 0
      ? {
          groups: Math.ceil(rows / lanes),
          threads: lanes,
          subgroups: true,
          code: () => ({ body: rowsForward(lanes) }),
        }
      : { groups: rows, threads: ROW_THREADS, code: () => FORWARD }),
  });
  return [y, mean, rstd];
};

/** Row by row: dx, and in registers the block's share of dgain and dbias; `own` columns belong to each thread. */
const blockCode = (own: number) => () => ({
  declarations: `
var<workgroup> sums : array<vec2<f32>, ${2 * ROW_THREADS}>;`,
  body: `
  var gains = array<f32, ${own}>();
  var biases = array<f32, ${own}>();
  let last = min((group + 1u) * ${BLOCK_ROWS}u, u.rows);
  for (var n = group * ${BLOCK_ROWS}u; n < last; n++) {
    let row = n * u.columns;
    // Rows take turns with two halves, so that one barrier a row is enough.
    let half = (n & 1u) * ${ROW_THREADS}u;
    var sum = vec2<f32>();
    for (var i = 0u; i < ${own}u; i++) {
      let c = local + i * ${ROW_THREADS}u;
      if (c < u.columns) {
        let normalised = (x[row + c] - mean[n]) * rstd[n];
        let d = dy[row + c] * gain[c];
        sum += vec2<f32>(d, d * normalised);
        gains[i] += dy[row + c] * normalised;
        biases[i] += dy[row + c];
      }
    }
    sums[half + local] = sum;
    workgroupBarrier();
    var total = vec2<f32>();
    for (var i = 0u; i < ${ROW_THREADS}u; i++) { total += sums[half + i]; }
    total /= f32(u.columns);
    for (var c = local; c < u.columns; c += ${ROW_THREADS}u) {
      let normalised = (x[row + c] - mean[n]) * rstd[n];
      dx[row + c] = (dy[row + c] * gain[c] - total.x - normalised * total.y) * rstd[n];
    }
  }
  for (var i = 0u; i < ${own}u; i++) {
    let c = local + i * ${ROW_THREADS}u;
    if (c < u.columns) {
      parts[group * 2u * u.columns + c] = gains[i];
      parts[(group * 2u + 1u) * u.columns + c] = biases[i];
    }
  }`,
});

/** {dy [N, D], x, gain, mean, rstd} to [dx [N, D], dgain [D], dbias [D]]. */
export const layerNormGrad: Kernel = (gpu, { dy, x, gain, mean, rstd }) => {
  const [rows, columns] = matrix(x);
  const lanes = lanesFor(gpu, columns);
  const array = lanes > 0 ? vectors : floats;
  const blocks = Math.ceil(rows / (lanes > 0 ? lanes : BLOCK_ROWS));
  const own = Math.ceil(columns / ROW_THREADS);
  const [dx, dgain, dbias] = [
    gpu.output([rows, columns]),
    gpu.output([columns]),
    gpu.output([columns]),
  ];
  const parts = gpu.output([blocks, 2, columns]);
  gpu.run({
    name: 'PlayLayerNormGrad',
    writes: { dx: array(dx), parts: array(parts) },
    reads: {
      dy: array(dy),
      x: array(x),
      gain: array(gain),
      mean: floats(mean),
      rstd: floats(rstd),
    },
    counts: { rows, columns },
    groups: blocks,
    ...(lanes > 0
      ? { threads: lanes, subgroups: true, code: () => ({ body: rowsBackward(lanes) }) }
      : { constants: { own }, threads: ROW_THREADS, code: blockCode(own) }),
  });
  gpu.run({
    name: 'PlayLayerNormGradSum',
    writes: { dgain: floats(dgain), dbias: floats(dbias) },
    reads: { parts: floats(parts) },
    counts: { blocks, columns },
    groups: Math.ceil(columns / ROW_THREADS),
    threads: ROW_THREADS,
    code: () => ({
      body: `
  let c = group * ${ROW_THREADS}u + local;
  if (c >= u.columns) { return; }
  var sum = vec2<f32>();
  for (var b = 0u; b < u.blocks; b++) {
    sum += vec2<f32>(parts[2u * b * u.columns + c], parts[(2u * b + 1u) * u.columns + c]);
  }
  dgain[c] = sum.x;
  dbias[c] = sum.y;`,
    }),
  });
  gpu.free(parts);
  return [dx, dgain, dbias];
};
