/**
 * Log-probability of one label per row of logits [n, v], the row's entropy and log-sum-exp, and the gradient.
 * The distribution is softmax(logits * inverseTemperature).
 */
import { exp1, exp4, log1, maxLane, sumLanes } from './math';

/** Scaled logits are floored here, below the range of exp4, so that a logit of -Infinity adds 0 and not NaN. */
const FLOOR: f32 = -100.0;

function rowMaximum(row: usize, v: i32): f32 {
  const vectorEnd = row + ((<usize>(v & ~3)) << 2);
  const end = row + ((<usize>v) << 2);
  let best4 = f32x4.splat(-Infinity);
  for (; row < vectorEnd; row += 16) best4 = f32x4.pmax(best4, v128.load(row));
  let best = maxLane(best4);
  for (; row < end; row += 4) best = max<f32>(best, load<f32>(row));
  return best;
}

/**
 * logProbability, entropy and lse, each [n]. lse is that of the scaled logits.
 * A label outside [0, v) gives NaN, so that a wrong label is seen rather than read from other memory.
 */
export function tokenLogProbability(
  logits: usize,
  labels: usize,
  logProbability: usize,
  entropy: usize,
  lse: usize,
  n: i32,
  v: i32,
  inverseTemperature: f32,
): void {
  const vectorBytes = (<usize>(v & ~3)) << 2;
  const rowBytes = (<usize>v) << 2;
  const scale4 = f32x4.splat(inverseTemperature);
  for (let i = 0; i < n; i++) {
    const top = rowMaximum(logits, v);
    const top4 = f32x4.splat(top);
    let sum4 = f32x4.splat(0);
    let weighted4 = f32x4.splat(0);
    let at: usize = 0;
    for (; at < vectorBytes; at += 16) {
      const offset = f32x4.sub(v128.load(logits + at), top4);
      const z = f32x4.pmax(f32x4.mul(offset, scale4), f32x4.splat(FLOOR));
      const e = exp4(z);
      sum4 = f32x4.add(sum4, e);
      weighted4 = f32x4.add(weighted4, f32x4.mul(e, z));
    }
    let sum = sumLanes(sum4);
    let weighted = sumLanes(weighted4);
    for (; at < rowBytes; at += 4) {
      const z = max<f32>((load<f32>(logits + at) - top) * inverseTemperature, FLOOR);
      const e = exp1(z);
      sum += e;
      weighted += e * z;
    }
    const logSum = log1(sum);
    const slot = (<usize>i) << 2;
    const label = load<i32>(labels + slot);
    let chosen: f32 = NaN;
    if (label >= 0 && label < v) {
      chosen = (load<f32>(logits + ((<usize>label) << 2)) - top) * inverseTemperature - logSum;
    }
    store<f32>(logProbability + slot, chosen);
    store<f32>(entropy + slot, logSum - weighted / sum);
    store<f32>(lse + slot, top * inverseTemperature + logSum);
    logits += rowBytes;
  }
}

/**
 * One row: target_j = -p_j * (a + b * log p_j), where log p_j = logit_j * scale - lse. With
 * a = scale * (dLogProbability + dEntropy * entropy) and b = scale * dEntropy that is all but the label's own term.
 */
function gradientRow(
  logits: usize,
  target: usize,
  v: i32,
  scale: f32,
  lse: f32,
  a: f32,
  b: f32,
): void {
  const vectorEnd = logits + ((<usize>(v & ~3)) << 2);
  const end = logits + ((<usize>v) << 2);
  const scale4 = f32x4.splat(scale);
  const lse4 = f32x4.splat(lse);
  const a4 = f32x4.splat(-a);
  const b4 = f32x4.splat(b);
  if (b == 0) {
    for (; logits < vectorEnd; logits += 16, target += 16) {
      const z = f32x4.sub(f32x4.mul(v128.load(logits), scale4), lse4);
      v128.store(target, f32x4.mul(exp4(z), a4));
    }
  } else {
    for (; logits < vectorEnd; logits += 16, target += 16) {
      const plain = f32x4.sub(f32x4.mul(v128.load(logits), scale4), lse4);
      const z = f32x4.pmax(plain, f32x4.splat(FLOOR));
      v128.store(target, f32x4.mul(exp4(z), f32x4.sub(a4, f32x4.mul(b4, z))));
    }
  }
  for (; logits < end; logits += 4, target += 4) {
    const z = max<f32>(load<f32>(logits) * scale - lse, FLOOR);
    store<f32>(target, -exp1(z) * (a + b * z));
  }
}

/** dlogits [n, v]; a row whose two cotangents are zero costs only a fill. */
export function tokenLogProbabilityGrad(
  dLogProbability: usize,
  dEntropy: usize,
  logits: usize,
  labels: usize,
  entropy: usize,
  lse: usize,
  dlogits: usize,
  n: i32,
  v: i32,
  scale: f32,
): void {
  const rowBytes = (<usize>v) << 2;
  for (let i = 0; i < n; i++) {
    const slot = (<usize>i) << 2;
    const dLog = load<f32>(dLogProbability + slot);
    const dEnt = load<f32>(dEntropy + slot);
    if (dLog == 0 && dEnt == 0) {
      memory.fill(dlogits, 0, rowBytes);
    } else {
      const a = scale * (dLog + dEnt * load<f32>(entropy + slot));
      gradientRow(logits, dlogits, v, scale, load<f32>(lse + slot), a, scale * dEnt);
      const label = load<i32>(labels + slot);
      if (label >= 0 && label < v) {
        const target = dlogits + ((<usize>label) << 2);
        store<f32>(target, load<f32>(target) + scale * dLog);
      }
    }
    logits += rowBytes;
    dlogits += rowBytes;
  }
}
