/**
 * Causal multi-head self-attention over whole sequences with left padding, forward. One head of one sequence
 * at a time, four queries at a time: the only score memory is four rows. The padded columns are never touched:
 * a sequence is its live part.
 */
import { exp4, log1, maxLane, sumLanes } from './math';
import { clearRows, pack, packTransposed, padded, product, unpack } from './tile';

/** Scores of masked keys: far below any real score, finite so that arithmetic stays finite. */
const MASKED: f32 = -1.0e30;

/** Bytes of scratch that attention() needs. */
export function attentionScratchBytes(time: i32, headSize: i32): usize {
  const t = <usize>padded(time);
  const d = <usize>padded(headSize);
  return (4 * t * d + 4 * t + 4 * d) << 2;
}

/**
 * Turns one row of scores into exp(score - top): keys 0..live-1 count, live..width-1 become 0.
 * Returns the sum; the top goes to `topSlot`.
 */
function exponentiateRow(row: usize, live: i32, width: i32, topSlot: usize): f32 {
  const end = row + ((<usize>width) << 2);
  for (let at = row + ((<usize>live) << 2); at < end; at += 4) store<f32>(at, MASKED);
  let top4 = f32x4.splat(MASKED);
  for (let at = row; at < end; at += 16) top4 = f32x4.pmax(top4, v128.load(at));
  const top = maxLane(top4);
  top4 = f32x4.splat(top);
  let sum4 = f32x4.splat(0);
  for (let at = row; at < end; at += 16) {
    const e = exp4(f32x4.sub(v128.load(at), top4));
    v128.store(at, e);
    sum4 = f32x4.add(sum4, e);
  }
  for (let at = row + ((<usize>live) << 2); at < end; at += 4) store<f32>(at, 0);
  store<f32>(topSlot, top);
  return sumLanes(sum4);
}

/** One head over its n live positions: q, k, v, out point at the first live row of this head. */
function attendHead(
  q: usize,
  k: usize,
  v: usize,
  qkvBytes: usize,
  out: usize,
  outBytes: usize,
  lse: usize,
  n: i32,
  d: i32,
  scratch: usize,
): void {
  const width = (<usize>padded(d)) << 2;
  const panel = <usize>padded(n) * width;
  const packedQ = scratch;
  const packedK = packedQ + panel;
  const packedV = packedK + panel;
  const keysT = packedV + panel;
  const scores = keysT + panel;
  const scoreBytes = (<usize>padded(n)) << 2;
  const result = scores + 4 * scoreBytes;
  const scale: f32 = <f32>1.0 / sqrt<f32>(<f32>d);
  pack(q, qkvBytes, n, d, packedQ, scale);
  pack(k, qkvBytes, n, d, packedK, 1);
  pack(v, qkvBytes, n, d, packedV, 1);
  packTransposed(packedK, n, d, keysT);
  for (let i = 0; i < n; i += 4) {
    const keys = i + 4;
    const queries = packedQ + <usize>i * width;
    product(queries, width, 4, keysT, scoreBytes, scores, scoreBytes, 4, keys, d, false);
    const live = min(4, n - i);
    for (let r = 0; r < live; r++) {
      const slot = lse + ((<usize>(i + r)) << 2);
      const row = scores + <usize>r * scoreBytes;
      const sum = exponentiateRow(row, i + r + 1, keys, slot);
      store<f32>(slot, load<f32>(slot) + log1(sum));
      // Kept in the packed query row's first float, which is no longer needed.
      store<f32>(queries + <usize>r * width, <f32>1.0 / sum);
    }
    product(scores, scoreBytes, 4, packedV, width, result, width, 4, padded(d), keys, false);
    for (let r = 0; r < live; r++) {
      const factor = load<f32>(queries + <usize>r * width);
      const target = out + <usize>(i + r) * outBytes;
      unpack(result + <usize>r * width, 1, d, target, outBytes, factor);
    }
  }
}

/**
 * qkv [batch * time, 3 * heads * d] (q | k | v, heads contiguous), starts [batch] int32 (first live column)
 * to out [batch * time, heads * d] and lse [batch, heads, time]; both are 0 at padded columns.
 */
export function attention(
  qkv: usize,
  starts: usize,
  out: usize,
  lse: usize,
  batch: i32,
  time: i32,
  heads: i32,
  d: i32,
  scratch: usize,
): void {
  const outBytes = (<usize>heads * <usize>d) << 2;
  const qkvBytes = 3 * outBytes;
  const lseBytes = (<usize>time) << 2;
  for (let b = 0; b < batch; b++) {
    const start = max(0, min(time, load<i32>(starts + ((<usize>b) << 2))));
    const n = time - start;
    const firstRow = <usize>b * <usize>time;
    clearRows(out + firstRow * outBytes, outBytes, start, heads * d);
    const liveRow = firstRow + <usize>start;
    for (let h = 0; h < heads; h++) {
      const head = (<usize>h * <usize>d) << 2;
      const q = qkv + liveRow * qkvBytes + head;
      const headLse = lse + <usize>(b * heads + h) * lseBytes;
      const liveLse = headLse + ((<usize>start) << 2);
      const target = out + liveRow * outBytes + head;
      memory.fill(headLse, 0, (<usize>start) << 2);
      attendHead(
        q,
        q + outBytes,
        q + 2 * outBytes,
        qkvBytes,
        target,
        outBytes,
        liveLse,
        n,
        d,
        scratch,
      );
    }
  }
}
