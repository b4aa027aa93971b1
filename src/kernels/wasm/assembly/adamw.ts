/**
 * The AdamW update and the sum of squares that global-norm clipping needs, over flat float32 arrays.
 * Results go to new arrays: the caller's parameters may be packed by XNNPACK and are never changed in place.
 */
import { sumLanes } from './math';

/**
 * PyTorch's AdamW: m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2,
 * p' = p * decay - step * m' / (sqrt(v') / rootCorrection2 + epsilon), with g = scale * gradient,
 * decay = 1 - learningRate * weightDecay, step = learningRate / correction1.
 */
export function adamw(
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  parameterOut: usize,
  firstOut: usize,
  secondOut: usize,
  size: i32,
  beta1: f32,
  restOfBeta1: f32,
  beta2: f32,
  restOfBeta2: f32,
  decay: f32,
  step: f32,
  rootCorrection2: f32,
  epsilon: f32,
  scale: f32,
): void {
  const vectorBytes = (<usize>(size & ~3)) << 2;
  const bytes = (<usize>size) << 2;
  let at: usize = 0;
  for (; at < vectorBytes; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), f32x4.splat(scale));
    const m = f32x4.add(
      f32x4.mul(f32x4.splat(beta1), v128.load(first + at)),
      f32x4.mul(f32x4.splat(restOfBeta1), g),
    );
    const v = f32x4.add(
      f32x4.mul(f32x4.splat(beta2), v128.load(second + at)),
      f32x4.mul(f32x4.splat(restOfBeta2), f32x4.mul(g, g)),
    );
    const root = f32x4.div(f32x4.sqrt(v), f32x4.splat(rootCorrection2));
    const change = f32x4.div(
      f32x4.mul(f32x4.splat(step), m),
      f32x4.add(root, f32x4.splat(epsilon)),
    );
    v128.store(firstOut + at, m);
    v128.store(secondOut + at, v);
    v128.store(
      parameterOut + at,
      f32x4.sub(f32x4.mul(v128.load(parameter + at), f32x4.splat(decay)), change),
    );
  }
  for (; at < bytes; at += 4) {
    const g = load<f32>(gradient + at) * scale;
    const m = beta1 * load<f32>(first + at) + restOfBeta1 * g;
    const v = beta2 * load<f32>(second + at) + restOfBeta2 * (g * g);
    const change = (step * m) / (sqrt<f32>(v) / rootCorrection2 + epsilon);
    store<f32>(firstOut + at, m);
    store<f32>(secondOut + at, v);
    store<f32>(parameterOut + at, load<f32>(parameter + at) * decay - change);
  }
}

/** The sum of x^2; float32 lanes within runs of 1,024 elements, float64 across runs. */
export function sumSquares(x: usize, size: i32): f64 {
  const end = x + ((<usize>size) << 2);
  const vectorEnd = x + ((<usize>(size & ~3)) << 2);
  let total: f64 = 0;
  while (x < vectorEnd) {
    const runEnd = min<usize>(x + 4096, vectorEnd);
    let run = f32x4.splat(0);
    for (; x < runEnd; x += 16) {
      const v = v128.load(x);
      run = f32x4.add(run, f32x4.mul(v, v));
    }
    total += <f64>sumLanes(run);
  }
  for (; x < end; x += 4) {
    const v = <f64>load<f32>(x);
    total += v * v;
  }
  return total;
}
