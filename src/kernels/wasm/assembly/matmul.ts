/**
 * c = a transposed times b for tall operands, the shape of a weight gradient: thousands of rows, summed away.
 * Both operands are packed in bands of rows, so that no transposed copy is made and the caches are read in order.
 */
import { padded } from './tile';

/** Rows per band, and columns of a packed at a time: 128 KB, which stay in the second-level cache. */
const BAND: i32 = 128;
const CHUNK: i32 = 256;

/** Bytes of scratch that matMulTransposedA() needs. */
export function matMulTransposedAScratchBytes(m: i32): usize {
  return (<usize>BAND * (<usize>padded(min(m, CHUNK)) + 8) + 32) << 2;
}

/**
 * Copies `width` (at most `lanes`) columns of `rows` rows into a panel [rows, lanes], the rest zeros.
 * lanes is 4 or 8.
 */
function packPanel(
  source: usize,
  rowBytes: usize,
  rows: i32,
  width: i32,
  target: usize,
  lanes: i32,
): void {
  for (let k = 0; k < rows; k++) {
    if (width == lanes) {
      v128.store(target, v128.load(source));
      if (lanes == 8) v128.store(target, v128.load(source, 16), 16);
    } else {
      for (let j = 0; j < lanes; j++) {
        const at = (<usize>j) << 2;
        store<f32>(target + at, j < width ? load<f32>(source + at) : 0);
      }
    }
    source += rowBytes;
    target += (<usize>lanes) << 2;
  }
}

/** c [4, 8] = (accumulate ? c : 0) + the sum over rows of panels a [rows, 4] and b [rows, 8]. */
function panelProduct(
  a: usize,
  b: usize,
  c: usize,
  rowC: usize,
  rows: i32,
  accumulate: bool,
): void {
  const c1 = c + rowC;
  const c2 = c1 + rowC;
  const c3 = c2 + rowC;
  const zero = f32x4.splat(0);
  let s00 = accumulate ? v128.load(c) : zero;
  let s01 = accumulate ? v128.load(c, 16) : zero;
  let s10 = accumulate ? v128.load(c1) : zero;
  let s11 = accumulate ? v128.load(c1, 16) : zero;
  let s20 = accumulate ? v128.load(c2) : zero;
  let s21 = accumulate ? v128.load(c2, 16) : zero;
  let s30 = accumulate ? v128.load(c3) : zero;
  let s31 = accumulate ? v128.load(c3, 16) : zero;
  const end = a + ((<usize>rows) << 4);
  for (; a < end; a += 16, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load_splat<f32>(a);
    s00 = f32x4.add(s00, f32x4.mul(x0, b0));
    s01 = f32x4.add(s01, f32x4.mul(x0, b1));
    const x1 = v128.load_splat<f32>(a, 4);
    s10 = f32x4.add(s10, f32x4.mul(x1, b0));
    s11 = f32x4.add(s11, f32x4.mul(x1, b1));
    const x2 = v128.load_splat<f32>(a, 8);
    s20 = f32x4.add(s20, f32x4.mul(x2, b0));
    s21 = f32x4.add(s21, f32x4.mul(x2, b1));
    const x3 = v128.load_splat<f32>(a, 12);
    s30 = f32x4.add(s30, f32x4.mul(x3, b0));
    s31 = f32x4.add(s31, f32x4.mul(x3, b1));
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** c [height, width] += the same part of tile [4, 8]. */
function addTile(tile: usize, c: usize, rowC: usize, height: i32, width: i32): void {
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const at = c + <usize>i * rowC + ((<usize>j) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(tile + ((<usize>(i * 8 + j)) << 2)));
    }
  }
}

/**
 * Adds one band's part of c [m, n], for `width` columns of a (at most CHUNK) that start at `a`; c points at the
 * first of those rows.
 */
function addBand(
  a: usize,
  rowA: usize,
  b: usize,
  c: usize,
  rows: i32,
  width: i32,
  n: i32,
  scratch: usize,
): void {
  const rowB = (<usize>n) << 2;
  const panelBytes = (<usize>rows) << 4;
  const panelB = scratch + <usize>(padded(width) >> 2) * panelBytes;
  const tile = panelB + 2 * panelBytes;
  for (let i = 0; i < width; i += 4) {
    const target = scratch + <usize>(i >> 2) * panelBytes;
    packPanel(a + ((<usize>i) << 2), rowA, rows, min(4, width - i), target, 4);
  }
  for (let j = 0; j < n; j += 8) {
    const columns = min(8, n - j);
    packPanel(b + ((<usize>j) << 2), rowB, rows, columns, panelB, 8);
    for (let i = 0; i < width; i += 4) {
      const panelA = scratch + <usize>(i >> 2) * panelBytes;
      const target = c + <usize>i * rowB + ((<usize>j) << 2);
      if (columns == 8 && i + 4 <= width) {
        panelProduct(panelA, panelB, target, rowB, rows, true);
      } else {
        panelProduct(panelA, panelB, tile, 32, rows, false);
        addTile(tile, target, rowB, min(4, width - i), columns);
      }
    }
  }
}

/** c [m, n] = sum over depth rows of a [depth, m] and b [depth, n]. */
export function matMulTransposedA(
  a: usize,
  b: usize,
  c: usize,
  depth: i32,
  m: i32,
  n: i32,
  scratch: usize,
): void {
  const rowA = (<usize>m) << 2;
  const rowB = (<usize>n) << 2;
  memory.fill(c, 0, <usize>m * rowB);
  for (let band = 0; band < depth; band += BAND) {
    const rows = min(BAND, depth - band);
    const bandB = b + <usize>band * rowB;
    for (let from = 0; from < m; from += CHUNK) {
      const part = a + <usize>band * rowA + ((<usize>from) << 2);
      addBand(part, rowA, bandB, c + <usize>from * rowB, rows, min(CHUNK, m - from), n, scratch);
    }
  }
}
