/**
 * Attention of one new token per sequence over cached keys and values, and the filling of those caches from
 * a prompt pass. The caches [batch, heads, columns, d] are changed in place: they are never matmul operands.
 */
import { exp1, exp4, maxLane, sumLanes } from './math';

/** The sums of the lanes of four vectors, each as sumLanes() adds them. */
function sumFour(a: v128, b: v128, c: v128, e: v128): v128 {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const ceHigh = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
  const even = f32x4.add(
    v128.shuffle<f32>(ab, ce, 0, 1, 4, 5),
    v128.shuffle<f32>(abHigh, ceHigh, 0, 1, 4, 5),
  );
  const odd = f32x4.add(
    v128.shuffle<f32>(ab, ce, 2, 3, 6, 7),
    v128.shuffle<f32>(abHigh, ceHigh, 2, 3, 6, 7),
  );
  return f32x4.add(even, odd);
}

/** Four scores at once, for heads whose width is a multiple of four. */
function scoreFour(query: usize, key: usize, bytes: usize, scores: usize, scale: f32): void {
  const zero = f32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const q = v128.load(query + at);
    const k = key + at;
    s0 = f32x4.add(s0, f32x4.mul(q, v128.load(k)));
    s1 = f32x4.add(s1, f32x4.mul(q, v128.load(k + bytes)));
    s2 = f32x4.add(s2, f32x4.mul(q, v128.load(k + 2 * bytes)));
    s3 = f32x4.add(s3, f32x4.mul(q, v128.load(k + 3 * bytes)));
  }
  v128.store(scores, f32x4.mul(sumFour(s0, s1, s2, s3), f32x4.splat(scale)));
}

/** scores[j] = scale * (query . key_j) for j in [from, to); keys points at column 0, scores at slot 0. */
function scoreColumns(
  query: usize,
  keys: usize,
  scores: usize,
  from: i32,
  to: i32,
  d: i32,
  scale: f32,
): void {
  const bytes = (<usize>d) << 2;
  const vectorBytes = (<usize>(d & ~3)) << 2;
  let j = from;
  if (bytes == vectorBytes) {
    for (; j + 4 <= to; j += 4) {
      scoreFour(query, keys + <usize>j * bytes, bytes, scores + ((<usize>j) << 2), scale);
    }
  }
  for (; j < to; j++) {
    const key = keys + <usize>j * bytes;
    let total = f32x4.splat(0);
    let at: usize = 0;
    for (; at < vectorBytes; at += 16) {
      total = f32x4.add(total, f32x4.mul(v128.load(query + at), v128.load(key + at)));
    }
    let sum = sumLanes(total);
    for (; at < bytes; at += 4) sum += load<f32>(query + at) * load<f32>(key + at);
    store<f32>(scores + ((<usize>j) << 2), sum * scale);
  }
}

/** Replaces `size` scores by exp(score - top) and returns their sum. */
function exponentiate(scores: usize, size: i32): f32 {
  const vectorEnd = scores + ((<usize>(size & ~3)) << 2);
  const end = scores + ((<usize>size) << 2);
  let top4 = f32x4.splat(-Infinity);
  let at = scores;
  for (; at < vectorEnd; at += 16) top4 = f32x4.pmax(top4, v128.load(at));
  let top = maxLane(top4);
  for (; at < end; at += 4) top = max<f32>(top, load<f32>(at));
  top4 = f32x4.splat(top);
  let sum4 = f32x4.splat(0);
  for (at = scores; at < vectorEnd; at += 16) {
    const e = exp4(f32x4.sub(v128.load(at), top4));
    v128.store(at, e);
    sum4 = f32x4.add(sum4, e);
  }
  let sum = sumLanes(sum4);
  for (; at < end; at += 4) {
    const e = exp1(load<f32>(at) - top);
    store<f32>(at, e);
    sum += e;
  }
  return sum;
}

/** Sixteen columns of mixValues() at once, whose sums do not wait for each other. */
function mixSixteen(
  value: usize,
  bytes: usize,
  weight: usize,
  out: usize,
  count: i32,
  factor: f32,
): void {
  const zero = f32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  const end = weight + ((<usize>count) << 2);
  for (; weight < end; weight += 4) {
    const w = v128.load_splat<f32>(weight);
    s0 = f32x4.add(s0, f32x4.mul(w, v128.load(value)));
    s1 = f32x4.add(s1, f32x4.mul(w, v128.load(value, 16)));
    s2 = f32x4.add(s2, f32x4.mul(w, v128.load(value, 32)));
    s3 = f32x4.add(s3, f32x4.mul(w, v128.load(value, 48)));
    value += bytes;
  }
  const factor4 = f32x4.splat(factor);
  v128.store(out, f32x4.mul(s0, factor4));
  v128.store(out, f32x4.mul(s1, factor4), 16);
  v128.store(out, f32x4.mul(s2, factor4), 32);
  v128.store(out, f32x4.mul(s3, factor4), 48);
}

/** out [d] = factor * sum over j in [from, to) of weights[j] * value_j. */
function mixValues(
  values: usize,
  weights: usize,
  out: usize,
  from: i32,
  to: i32,
  d: i32,
  factor: f32,
): void {
  const bytes = (<usize>d) << 2;
  const vectorBytes = (<usize>(d & ~3)) << 2;
  let at: usize = 0;
  for (; at + 64 <= vectorBytes; at += 64) {
    mixSixteen(
      values + <usize>from * bytes + at,
      bytes,
      weights + ((<usize>from) << 2),
      out + at,
      to - from,
      factor,
    );
  }
  for (; at < vectorBytes; at += 16) {
    let total = f32x4.splat(0);
    let value = values + <usize>from * bytes + at;
    for (let j = from; j < to; j++) {
      total = f32x4.add(
        total,
        f32x4.mul(v128.load_splat<f32>(weights + ((<usize>j) << 2)), v128.load(value)),
      );
      value += bytes;
    }
    v128.store(out + at, f32x4.mul(total, f32x4.splat(factor)));
  }
  for (; at < bytes; at += 4) {
    let total: f32 = 0;
    for (let j = from; j < to; j++) {
      total += load<f32>(weights + ((<usize>j) << 2)) * load<f32>(values + <usize>j * bytes + at);
    }
    store<f32>(out + at, total * factor);
  }
}

/**
 * qkv [batch, 3 * heads * d] of one token per sequence: its key and value go to column `position` of the caches,
 * and out [batch, heads * d] attends to columns starts[b]..position. scratch holds `columns` floats.
 * A sequence whose start is after `position` gets zeros.
 */
export function cachedAttention(
  qkv: usize,
  keys: usize,
  values: usize,
  starts: usize,
  out: usize,
  batch: i32,
  heads: i32,
  columns: i32,
  d: i32,
  position: i32,
  scratch: usize,
): void {
  const headBytes = (<usize>d) << 2;
  const rowBytes = <usize>heads * headBytes;
  const cacheBytes = <usize>columns * headBytes;
  const scale: f32 = <f32>1.0 / sqrt<f32>(<f32>d);
  for (let b = 0; b < batch; b++) {
    const start = max(0, load<i32>(starts + ((<usize>b) << 2)));
    for (let h = 0; h < heads; h++) {
      const q = qkv + <usize>b * 3 * rowBytes + <usize>h * headBytes;
      const target = out + <usize>b * rowBytes + <usize>h * headBytes;
      const cache = <usize>(b * heads + h) * cacheBytes;
      const slot = cache + <usize>position * headBytes;
      memory.copy(keys + slot, q + rowBytes, headBytes);
      memory.copy(values + slot, q + 2 * rowBytes, headBytes);
      if (start > position) {
        memory.fill(target, 0, headBytes);
      } else {
        const end = position + 1;
        scoreColumns(q, keys + cache, scratch, start, end, d, scale);
        const sum = exponentiate(scratch + ((<usize>start) << 2), end - start);
        mixValues(values + cache, scratch, target, start, end, d, <f32>1.0 / sum);
      }
    }
  }
}

/** Copies k and v of qkv [batch * time, 3 * heads * d] into columns 0..time-1 of the caches. */
export function cacheFill(
  qkv: usize,
  keys: usize,
  values: usize,
  batch: i32,
  time: i32,
  heads: i32,
  columns: i32,
  d: i32,
): void {
  const headBytes = (<usize>d) << 2;
  const rowBytes = <usize>heads * headBytes;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      let slot = <usize>(b * heads + h) * <usize>columns * headBytes;
      let k = qkv + <usize>b * <usize>time * 3 * rowBytes + rowBytes + <usize>h * headBytes;
      for (let t = 0; t < time; t++) {
        memory.copy(keys + slot, k, headBytes);
        memory.copy(values + slot, k + rowBytes, headBytes);
        slot += headBytes;
        k += 3 * rowBytes;
      }
    }
  }
}
