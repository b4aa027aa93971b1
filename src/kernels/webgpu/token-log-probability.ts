/**
 * Log-probability of tokens and entropy straight from hidden states and the embedding in WGSL; contract and reference
 * are in ../token-log-probability.ts. Logits live only inside a call: the gradient multiplies them anew and turns
 * each into its own gradient while it is still in a register.
 */
import { matrix } from '../kernel-inputs.ts';
import { floats, integers, type Kernel } from './gpu.ts';
import { multiply, plainProduct } from './matmul.ts';

/** As in layer norm: every thread adds up all partial sums itself. */
const ROW_THREADS = 32;

const STATISTICS = {
  declarations: `
var<workgroup> tops : array<f32, ${ROW_THREADS}>;
var<workgroup> sums : array<vec2<f32>, ${ROW_THREADS}>;`,
  body: `
  let row = group * u.vocabulary;
  var top = -1e30;
  for (var v = local; v < u.vocabulary; v += ${ROW_THREADS}u) { top = max(top, logits[row + v]); }
  tops[local] = top;
  workgroupBarrier();
  for (var i = 0u; i < ${ROW_THREADS}u; i++) { top = max(top, tops[i]); }
  // Mass, and mass times distance from the top.
  var sum = vec2<f32>();
  for (var v = local; v < u.vocabulary; v += ${ROW_THREADS}u) {
    let below = (logits[row + v] - top) * u.inverseTemperature;
    sum += exp(below) * vec2<f32>(1.0, below);
  }
  sums[local] = sum;
  workgroupBarrier();
  if (local == 0u) {
    var total = vec2<f32>();
    for (var i = 0u; i < ${ROW_THREADS}u; i++) { total += sums[i]; }
    let mass = log(total.x);
    let label = u32(labels[group]);
    var chosen = u.nan;
    if (label < u.vocabulary) {
      chosen = (logits[row + label] - top) * u.inverseTemperature - mass;
    }
    statistics[group] = chosen;
    statistics[u.rows + group] = mass - total.y / total.x;
    lse[group] = top * u.inverseTemperature + mass;
  }`,
};

/**
 * {hidden [N, D], table [V, D], labels [N] int32}, {inverseTemperature} to [statistics [2, N], lse [N]]: row 0 is the
 * log-probability, row 1 the entropy. A label outside the table gives NaN.
 */
export const tokenStatistics: Kernel = (gpu, { hidden, table, labels }, { inverseTemperature }) => {
  const logits = plainProduct(gpu, { a: hidden!, b: table!, transposeB: true });
  const [rows, vocabulary] = matrix(logits);
  const [statistics, lse] = [gpu.output([2, rows]), gpu.output([rows])];
  gpu.run({
    name: 'PlayTokenStatistics',
    writes: { statistics: floats(statistics), lse: floats(lse) },
    reads: { logits: floats(logits), labels: integers(labels) },
    counts: { rows, vocabulary },
    numbers: { inverseTemperature: inverseTemperature! },
    groups: rows,
    threads: ROW_THREADS,
    code: () => STATISTICS,
  });
  gpu.free(logits);
  return [statistics, lse];
};

/**
 * {dy [2, N], hidden [N, D], table [V, D], labels [N] int32, statistics [2, N], lse [N]}, {inverseTemperature} to
 * [dhidden [N, D], dtable [V, D]].
 */
export const tokenStatisticsGrad: Kernel = (gpu, inputs, { inverseTemperature }) => {
  const { dy, hidden, table, labels, statistics, lse } = inputs;
  const [rows] = matrix(hidden);
  const [vocabulary] = matrix(table);
  const dlogits = gpu.output([rows, vocabulary]);
  multiply(gpu, {
    a: hidden!,
    b: table!,
    transposeB: true,
    finish: {
      name: 'TokenSlope',
      writes: { dlogits },
      others: {
        labels: integers(labels),
        statistics: floats(statistics),
        lse: floats(lse),
        dy: floats(dy),
      },
      numbers: { inverseTemperature: inverseTemperature! },
      code: `
  let logP = value * u.inverseTemperature - lse[row];
  let p = exp(logP);
  let token = vec4<u32>(4u * q) + vec4<u32>(0u, 1u, 2u, 3u);
  let chosen = select(vec4<f32>(), vec4<f32>(1.0), token == vec4<u32>(u32(labels[row])));
  let fromEntropy = p * (logP + statistics[u.m + row]) * dy[u.m + row];
  store_dlogits(row, q, ((chosen - p) * dy[row] - fromEntropy) * u.inverseTemperature);`,
    },
  });
  const dhidden = plainProduct(gpu, { a: dlogits, b: table! });
  const dtable = plainProduct(gpu, { a: dlogits, transposeA: true, b: hidden! });
  gpu.free(dlogits);
  return [dhidden, dtable];
};
