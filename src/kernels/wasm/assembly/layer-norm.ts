/**
 * Layer normalisation over the last axis of an [n, d] array and its gradient, one row at a time.
 * Pointers are byte offsets into tfjs's heap; all values are float32.
 */
import { sumLanes } from './math';

/** y = (x - mean) * rstd * gain + bias; mean and rstd [n] are kept for the gradient. */
export function layerNorm(
  x: usize,
  gain: usize,
  bias: usize,
  y: usize,
  mean: usize,
  rstd: usize,
  n: i32,
  d: i32,
  epsilon: f32,
): void {
  const rowBytes = (<usize>d) << 2;
  const vectorBytes = (<usize>(d & ~3)) << 2;
  for (let row = 0; row < n; row++) {
    let total = f32x4.splat(0);
    let at: usize = 0;
    for (; at < vectorBytes; at += 16) total = f32x4.add(total, v128.load(x + at));
    let sum = sumLanes(total);
    for (; at < rowBytes; at += 4) sum += load<f32>(x + at);
    const average = sum / <f32>d;
    const average4 = f32x4.splat(average);

    total = f32x4.splat(0);
    for (at = 0; at < vectorBytes; at += 16) {
      const deviation = f32x4.sub(v128.load(x + at), average4);
      total = f32x4.add(total, f32x4.mul(deviation, deviation));
    }
    sum = sumLanes(total);
    for (; at < rowBytes; at += 4) {
      const deviation = load<f32>(x + at) - average;
      sum += deviation * deviation;
    }
    const inverse: f32 = <f32>1.0 / sqrt<f32>(sum / <f32>d + epsilon);
    const inverse4 = f32x4.splat(inverse);

    for (at = 0; at < vectorBytes; at += 16) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + at), average4), inverse4);
      v128.store(y + at, f32x4.add(f32x4.mul(normal, v128.load(gain + at)), v128.load(bias + at)));
    }
    for (; at < rowBytes; at += 4) {
      const normal = (load<f32>(x + at) - average) * inverse;
      store<f32>(y + at, normal * load<f32>(gain + at) + load<f32>(bias + at));
    }
    store<f32>(mean + ((<usize>row) << 2), average);
    store<f32>(rstd + ((<usize>row) << 2), inverse);
    x += rowBytes;
    y += rowBytes;
  }
}

/**
 * dx = rstd * (g - mean(g) - xhat * mean(g * xhat)) with g = dy * gain and xhat = (x - mean) * rstd;
 * dgain = sum over rows of dy * xhat; dbias = sum over rows of dy.
 */
export function layerNormGrad(
  dy: usize,
  x: usize,
  gain: usize,
  mean: usize,
  rstd: usize,
  dx: usize,
  dgain: usize,
  dbias: usize,
  n: i32,
  d: i32,
): void {
  const rowBytes = (<usize>d) << 2;
  memory.fill(dgain, 0, rowBytes);
  memory.fill(dbias, 0, rowBytes);
  for (let row = 0; row < n; row++) {
    const average = load<f32>(mean + ((<usize>row) << 2));
    const inverse = load<f32>(rstd + ((<usize>row) << 2));
    layerNormGradRow(dy, x, gain, dx, dgain, dbias, average, inverse, d);
    x += rowBytes;
    dy += rowBytes;
    dx += rowBytes;
  }
}

function layerNormGradRow(
  dy: usize,
  x: usize,
  gain: usize,
  dx: usize,
  dgain: usize,
  dbias: usize,
  average: f32,
  inverse: f32,
  d: i32,
): void {
  const rowBytes = (<usize>d) << 2;
  const vectorBytes = (<usize>(d & ~3)) << 2;
  const average4 = f32x4.splat(average);
  const inverse4 = f32x4.splat(inverse);
  let plain4 = f32x4.splat(0);
  let along4 = f32x4.splat(0);
  let at: usize = 0;
  for (; at < vectorBytes; at += 16) {
    const cotangent = v128.load(dy + at);
    const normal = f32x4.mul(f32x4.sub(v128.load(x + at), average4), inverse4);
    const product = f32x4.mul(cotangent, normal);
    const gain4 = v128.load(gain + at);
    v128.store(dbias + at, f32x4.add(v128.load(dbias + at), cotangent));
    v128.store(dgain + at, f32x4.add(v128.load(dgain + at), product));
    plain4 = f32x4.add(plain4, f32x4.mul(cotangent, gain4));
    along4 = f32x4.add(along4, f32x4.mul(product, gain4));
  }
  let plain = sumLanes(plain4);
  let along = sumLanes(along4);
  for (; at < rowBytes; at += 4) {
    const cotangent = load<f32>(dy + at);
    const product = cotangent * ((load<f32>(x + at) - average) * inverse);
    store<f32>(dbias + at, load<f32>(dbias + at) + cotangent);
    store<f32>(dgain + at, load<f32>(dgain + at) + product);
    plain += cotangent * load<f32>(gain + at);
    along += product * load<f32>(gain + at);
  }
  plain /= <f32>d;
  along /= <f32>d;
  for (at = 0; at < vectorBytes; at += 16) {
    const normal = f32x4.mul(f32x4.sub(v128.load(x + at), average4), inverse4);
    const g = f32x4.sub(f32x4.mul(v128.load(dy + at), v128.load(gain + at)), f32x4.splat(plain));
    v128.store(dx + at, f32x4.mul(inverse4, f32x4.sub(g, f32x4.mul(normal, f32x4.splat(along)))));
  }
  for (; at < rowBytes; at += 4) {
    const normal = (load<f32>(x + at) - average) * inverse;
    const g = load<f32>(dy + at) * load<f32>(gain + at) - plain;
    store<f32>(dx + at, inverse * (g - normal * along));
  }
}
