/**
 * Gradient of causal multi-head self-attention. Probabilities are computed again from the kept log-sum-exp,
 * sixteen queries at a time; a head's key and value gradients gather in packed scratch.
 */
import { exp4, sumLanes } from './math';
import { clearRows, pack, packTransposed, padded, product, unpack } from './tile';

/** Queries per block. */
const BLOCK: i32 = 16;

/** Bytes of scratch that attentionGrad() needs. */
export function attentionGradScratchBytes(time: i32, headSize: i32): usize {
  const t = <usize>padded(time);
  const d = <usize>padded(headSize);
  return (9 * t * d + 2 * <usize>BLOCK * t + <usize>BLOCK * d) << 2;
}

/** Sum of a[j] * b[j] over d floats. */
function dot(a: usize, b: usize, d: i32): f32 {
  const vectorBytes = (<usize>(d & ~3)) << 2;
  const bytes = (<usize>d) << 2;
  let total = f32x4.splat(0);
  let at: usize = 0;
  for (; at < vectorBytes; at += 16) {
    total = f32x4.add(total, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  }
  let sum = sumLanes(total);
  for (; at < bytes; at += 4) sum += load<f32>(a + at) * load<f32>(b + at);
  return sum;
}

/**
 * One query's row: scores become probabilities p = exp(score - lse), and the cotangents of p become those of
 * the scores, p * (dp - delta). Keys from `live` to `width` - 1 become 0 in both.
 */
function softmaxGradRow(
  scores: usize,
  cotangents: usize,
  live: i32,
  width: i32,
  lse: f32,
  delta: f32,
): void {
  const bytes = (<usize>padded(live)) << 2;
  const lse4 = f32x4.splat(lse);
  const delta4 = f32x4.splat(delta);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = exp4(f32x4.sub(v128.load(scores + at), lse4));
    v128.store(scores + at, p);
    v128.store(cotangents + at, f32x4.mul(p, f32x4.sub(v128.load(cotangents + at), delta4)));
  }
  const from = (<usize>live) << 2;
  const rest = (<usize>(width - live)) << 2;
  memory.fill(scores + from, 0, rest);
  memory.fill(cotangents + from, 0, rest);
}

/** One head over its n live positions; every pointer is at the first live row of this head. */
function attendHeadGrad(
  q: usize,
  dy: usize,
  out: usize,
  dq: usize,
  rowBytes: usize,
  lse: usize,
  n: i32,
  d: i32,
  scratch: usize,
): void {
  const qkvBytes = 3 * rowBytes;
  const columns = padded(d);
  const width = (<usize>columns) << 2;
  const panel = <usize>padded(n) * width;
  const scoreBytes = (<usize>padded(n)) << 2;
  const packedQ = scratch;
  const packedK = packedQ + panel;
  const packedV = packedK + panel;
  const packedDy = packedV + panel;
  const keysT = packedDy + panel;
  const valuesT = keysT + panel;
  const dKeys = valuesT + panel;
  const dValues = dKeys + panel;
  const scores = dValues + panel;
  const cotangents = scores + <usize>BLOCK * scoreBytes;
  const dQueries = cotangents + <usize>BLOCK * scoreBytes;
  const scale: f32 = <f32>1.0 / sqrt<f32>(<f32>d);
  pack(q, qkvBytes, n, d, packedQ, scale);
  pack(q + rowBytes, qkvBytes, n, d, packedK, 1);
  pack(q + 2 * rowBytes, qkvBytes, n, d, packedV, 1);
  pack(dy, rowBytes, n, d, packedDy, 1);
  packTransposed(packedK, n, d, keysT);
  packTransposed(packedV, n, d, valuesT);
  memory.fill(dKeys, 0, 2 * panel);
  for (let i = 0; i < n; i += BLOCK) {
    const rows = min(BLOCK, padded(n) - i);
    const keys = i + rows;
    const queryBlock = packedQ + <usize>i * width;
    const dyBlock = packedDy + <usize>i * width;
    for (let r = 0; r < rows; r += 4) {
      const row = <usize>r * scoreBytes;
      const from = <usize>r * width;
      const seen = i + r + 4;
      product(
        queryBlock + from,
        width,
        4,
        keysT,
        scoreBytes,
        scores + row,
        scoreBytes,
        4,
        seen,
        d,
        false,
      );
      product(
        dyBlock + from,
        width,
        4,
        valuesT,
        scoreBytes,
        cotangents + row,
        scoreBytes,
        4,
        seen,
        d,
        false,
      );
    }
    for (let r = 0; r < rows; r++) {
      const at = i + r;
      const row = <usize>r * scoreBytes;
      const live = at < n ? at + 1 : 0;
      const delta = at < n ? dot(dy + <usize>at * rowBytes, out + <usize>at * rowBytes, d) : <f32>0;
      const rowLse = at < n ? load<f32>(lse + ((<usize>at) << 2)) : <f32>0;
      softmaxGradRow(scores + row, cotangents + row, live, keys, rowLse, delta);
    }
    product(scores, 4, scoreBytes, dyBlock, width, dValues, width, keys, columns, rows, true);
    product(cotangents, 4, scoreBytes, queryBlock, width, dKeys, width, keys, columns, rows, true);
    product(cotangents, scoreBytes, 4, packedK, width, dQueries, width, rows, columns, keys, false);
    unpack(dQueries, min(rows, n - i), d, dq + <usize>i * qkvBytes, qkvBytes, scale);
  }
  unpack(dKeys, n, d, dq + rowBytes, qkvBytes, 1);
  unpack(dValues, n, d, dq + 2 * rowBytes, qkvBytes, 1);
}

/**
 * dqkv [batch * time, 3 * heads * d] from dy and out [batch * time, heads * d], qkv, starts and lse as attention()
 * takes and leaves them. Padded columns get 0.
 */
export function attentionGrad(
  dy: usize,
  qkv: usize,
  starts: usize,
  out: usize,
  lse: usize,
  dqkv: usize,
  batch: i32,
  time: i32,
  heads: i32,
  d: i32,
  scratch: usize,
): void {
  const rowBytes = (<usize>heads * <usize>d) << 2;
  const qkvBytes = 3 * rowBytes;
  const lseBytes = (<usize>time) << 2;
  for (let b = 0; b < batch; b++) {
    const start = max(0, min(time, load<i32>(starts + ((<usize>b) << 2))));
    const n = time - start;
    const firstRow = <usize>b * <usize>time;
    clearRows(dqkv + firstRow * qkvBytes, qkvBytes, start, 3 * heads * d);
    const liveRow = firstRow + <usize>start;
    for (let h = 0; h < heads; h++) {
      const head = (<usize>h * <usize>d) << 2;
      const plain = liveRow * rowBytes + head;
      const wide = liveRow * qkvBytes + head;
      const liveLse = lse + <usize>(b * heads + h) * lseBytes + ((<usize>start) << 2);
      attendHeadGrad(
        qkv + wide,
        dy + plain,
        out + plain,
        dqkv + wide,
        rowBytes,
        liveLse,
        n,
        d,
        scratch,
      );
    }
  }
}
