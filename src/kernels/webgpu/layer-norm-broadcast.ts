/**
 * Layer normalisation for subgroups of one fixed size: the shaders of layer-norm.ts, which has the contract, the plain
 * shaders and the dispatches. A thread adds up a whole row by itself, so that a row costs no barrier; for the gradient
 * of gain and bias the threads then share out the columns and hand each other the sums of their rows.
 */
import { lines } from './product-code.ts';

/** Rows of x as vectors; a row for each thread. */
export const rowsForward = (threads: number): string => `
  let own = group * ${threads}u + lane;
  if (own >= u.rows) { return; }
  let quads = u.columns / 4u;
  let begin = own * quads;
  var sum = vec4<f32>();
  for (var q = 0u; q < quads; q++) { sum += x[begin + q]; }
  let centre = dot(sum, vec4<f32>(1.0)) / f32(u.columns);
  var squares = vec4<f32>();
  for (var q = 0u; q < quads; q++) {
    let distance = x[begin + q] - centre;
    squares += distance * distance;
  }
  let scale = inverseSqrt(dot(squares, vec4<f32>(1.0)) / f32(u.columns) + u.epsilon);
  for (var q = 0u; q < quads; q++) {
    y[begin + q] = (x[begin + q] - centre) * scale * gain[q] + bias[q];
  }
  mean[own] = centre;
  rstd[own] = scale;`;

/** A block of as many rows as threads: dx, and the block's share of dgain and dbias. */
export const rowsBackward = (threads: number): string => `
  let quads = u.columns / 4u;
  let first = group * ${threads}u;
  let own = min(first + lane, u.rows - 1u);
  let centre = mean[own];
  let scale = rstd[own];
  var plain = vec4<f32>();
  var weighted = vec4<f32>();
  for (var q = 0u; q < quads; q++) {
    let d = dy[own * quads + q] * gain[q];
    plain += d;
    weighted += d * (x[own * quads + q] - centre) * scale;
  }
  let ones = vec4<f32>(1.0 / f32(u.columns));
  let totals = vec2<f32>(dot(plain, ones), dot(weighted, ones));
  ${lines(threads, (r) => `let centre${r} = subgroupBroadcast(centre, ${r}u);`)}
  ${lines(threads, (r) => `let scale${r} = subgroupBroadcast(scale, ${r}u);`)}
  ${lines(threads, (r) => `let totals${r} = subgroupBroadcast(totals, ${r}u);`)}
  for (var q = lane; q < quads; q += ${threads}u) {
    var gains = vec4<f32>();
    var biases = vec4<f32>();
    ${lines(
      threads,
      (r) => `if (first + ${r}u < u.rows) {
      let at = (first + ${r}u) * quads + q;
      let d = dy[at];
      let normalised = (x[at] - centre${r}) * scale${r};
      gains += d * normalised;
      biases += d;
      dx[at] = (d * gain[q] - totals${r}.x - normalised * totals${r}.y) * scale${r};
    }`,
    )}
    parts[group * 2u * quads + q] = gains;
    parts[(group * 2u + 1u) * quads + q] = biases;
  }`;
