/**
 * c = a b or a b transposed, row-major, with what a linear layer does to its result built in: bias, residual, GELU and
 * its slope. Columns of b are packed eight at a time and stay in cache while all rows of a pass by. Every element is
 * summed over k in order from zero, so its bits depend on neither the rows nor the columns that are computed together.
 */
import { gelu, geluGrad } from './gelu';

/** Floats of b that are packed at a time: 256 KB, which stay in the second-level cache. */
const PACKED: i32 = 65536;
/** Rows of a between two finishes; their part of c is still in cache then. */
const BLOCK: i32 = 32;

/** What happens to a finished row. */
const GELU: i32 = 1;
const GELU_SLOPE: i32 = 2;

/** Columns of b that are packed at a time, a multiple of eight. */
function chunkOf(depth: i32): i32 {
  return max(8, (PACKED / max(1, depth)) & ~7);
}

/** Bytes of scratch that linear() needs for `columns` columns. */
export function linearScratchBytes(depth: i32, columns: i32): usize {
  return (<usize>depth * <usize>min(chunkOf(depth), (columns + 7) & ~7) + 32) << 2;
}

/** Copies `width` (at most 8) columns of b [depth, *] into a panel [depth, 8], the rest zeros. */
function packColumns(b: usize, rowB: usize, depth: i32, width: i32, panel: usize): void {
  for (let k = 0; k < depth; k++) {
    if (width == 8) {
      v128.store(panel, v128.load(b));
      v128.store(panel, v128.load(b, 16), 16);
    } else {
      for (let j = 0; j < 8; j++) {
        const at = (<usize>j) << 2;
        store<f32>(panel + at, j < width ? load<f32>(b + at) : 0);
      }
    }
    b += rowB;
    panel += 32;
  }
}

/** Four rows of four floats, turned, into a panel with rows of eight floats. */
function turnFour(b: usize, rowB: usize, panel: usize): void {
  const r0 = v128.load(b);
  const r1 = v128.load(b + rowB);
  const r2 = v128.load(b + 2 * rowB);
  const r3 = v128.load(b + 3 * rowB);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(panel, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(panel, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}

/** The same for `width` rows of b [*, depth], which become columns. */
function packRows(b: usize, rowB: usize, depth: i32, width: i32, panel: usize): void {
  let k = 0;
  if (width == 8) {
    for (; k + 4 <= depth; k += 4) {
      const from = b + ((<usize>k) << 2);
      turnFour(from, rowB, panel);
      turnFour(from + 4 * rowB, rowB, panel + 16);
      panel += 128;
    }
  }
  for (; k < depth; k++) {
    const from = b + ((<usize>k) << 2);
    for (let j = 0; j < 8; j++) {
      store<f32>(panel + ((<usize>j) << 2), j < width ? load<f32>(from + <usize>j * rowB) : 0);
    }
    panel += 32;
  }
}

/** c [4, 8] = a [4, depth] times panel [depth, 8]. */
function tile4x8(a0: usize, rowA: usize, panel: usize, c: usize, rowC: usize, depth: i32): void {
  let a1 = a0 + rowA;
  let a2 = a1 + rowA;
  let a3 = a2 + rowA;
  const zero = f32x4.splat(0);
  let s00 = zero;
  let s01 = zero;
  let s10 = zero;
  let s11 = zero;
  let s20 = zero;
  let s21 = zero;
  let s30 = zero;
  let s31 = zero;
  const end = panel + ((<usize>depth) << 5);
  for (; panel < end; panel += 32) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    const x0 = v128.load_splat<f32>(a0);
    s00 = f32x4.add(s00, f32x4.mul(x0, b0));
    s01 = f32x4.add(s01, f32x4.mul(x0, b1));
    const x1 = v128.load_splat<f32>(a1);
    s10 = f32x4.add(s10, f32x4.mul(x1, b0));
    s11 = f32x4.add(s11, f32x4.mul(x1, b1));
    const x2 = v128.load_splat<f32>(a2);
    s20 = f32x4.add(s20, f32x4.mul(x2, b0));
    s21 = f32x4.add(s21, f32x4.mul(x2, b1));
    const x3 = v128.load_splat<f32>(a3);
    s30 = f32x4.add(s30, f32x4.mul(x3, b0));
    s31 = f32x4.add(s31, f32x4.mul(x3, b1));
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  const c1 = c + rowC;
  const c2 = c1 + rowC;
  const c3 = c2 + rowC;
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/** c [1, 8] = a [1, depth] times b [depth, 8], rows rowB bytes apart. */
function tile1x8(a: usize, b: usize, rowB: usize, c: usize, depth: i32): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const end = a + ((<usize>depth) << 2);
  for (; a < end; a += 4) {
    const x = v128.load_splat<f32>(a);
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(b, 16)));
    b += rowB;
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
}

/** The same for 32 columns: few rows read b where it lies, whole cache lines at a time. */
function tile1x32(a: usize, b: usize, rowB: usize, c: usize, depth: i32): void {
  const zero = f32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  let s4 = zero;
  let s5 = zero;
  let s6 = zero;
  let s7 = zero;
  const end = a + ((<usize>depth) << 2);
  for (; a < end; a += 4) {
    const x = v128.load_splat<f32>(a);
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(b, 16)));
    s2 = f32x4.add(s2, f32x4.mul(x, v128.load(b, 32)));
    s3 = f32x4.add(s3, f32x4.mul(x, v128.load(b, 48)));
    s4 = f32x4.add(s4, f32x4.mul(x, v128.load(b, 64)));
    s5 = f32x4.add(s5, f32x4.mul(x, v128.load(b, 80)));
    s6 = f32x4.add(s6, f32x4.mul(x, v128.load(b, 96)));
    s7 = f32x4.add(s7, f32x4.mul(x, v128.load(b, 112)));
    b += rowB;
  }
  v128.store(c, s0);
  v128.store(c, s1, 16);
  v128.store(c, s2, 32);
  v128.store(c, s3, 48);
  v128.store(c, s4, 64);
  v128.store(c, s5, 80);
  v128.store(c, s6, 96);
  v128.store(c, s7, 112);
}

/** c [rows, width] (at most 8 columns) = a [rows, depth] times a packed panel; `edge` holds 8 floats. */
function panelRows(
  a: usize,
  rowA: usize,
  panel: usize,
  c: usize,
  rowC: usize,
  rows: i32,
  depth: i32,
  width: i32,
  edge: usize,
): void {
  let i = 0;
  if (width == 8) {
    for (; i + 4 <= rows; i += 4)
      tile4x8(a + <usize>i * rowA, rowA, panel, c + <usize>i * rowC, rowC, depth);
  }
  for (; i < rows; i++) {
    const to = c + <usize>i * rowC;
    const target = width == 8 ? to : edge;
    tile1x8(a + <usize>i * rowA, panel, 32, target, depth);
    if (width < 8) memory.copy(to, edge, (<usize>width) << 2);
  }
}

/** row [width] += other. */
function addRow(row: usize, other: usize, width: i32): void {
  const vectorEnd = row + ((<usize>(width & ~3)) << 2);
  const end = row + ((<usize>width) << 2);
  for (; row < vectorEnd; row += 16, other += 16) {
    v128.store(row, f32x4.add(v128.load(row), v128.load(other)));
  }
  for (; row < end; row += 4, other += 4) store<f32>(row, load<f32>(row) + load<f32>(other));
}

/** Bias, residual and GELU for `rows` rows of `width` columns; `second` is the residual, or z of the GELU. */
function finish(
  c: usize,
  rowC: usize,
  rows: i32,
  width: i32,
  bias: usize,
  second: usize,
  kind: i32,
): void {
  for (let i = 0; i < rows; i++) {
    if (bias) addRow(c, bias, width);
    if (kind == GELU) {
      memory.copy(second, c, (<usize>width) << 2);
      gelu(second, c, width);
    } else if (kind == GELU_SLOPE) geluGrad(c, second, c, width);
    else if (second) addRow(c, second, width);
    c += rowC;
    if (second) second += rowC;
  }
}

/**
 * Columns from..to-1 of c [rows, columns] = a [rows, depth] times b [depth, columns], or times b [columns, depth]
 * transposed; then, with pointers that are 0 for none: + bias [columns]; and, by kind, 0: + second [rows, columns];
 * 1: second = c, c = gelu(c); 2: c = c gelu'(second). `from` is a multiple of eight.
 */
export function linear(
  a: usize,
  b: usize,
  bias: usize,
  second: usize,
  c: usize,
  rows: i32,
  depth: i32,
  columns: i32,
  transposed: i32,
  kind: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const rowA = (<usize>depth) << 2;
  const rowB = (<usize>(transposed ? depth : columns)) << 2;
  const rowC = (<usize>columns) << 2;
  const panelBytes = (<usize>depth) << 5;
  const few = rows < 4 && !transposed;
  const chunk = few ? to - from : chunkOf(depth);
  const edge = scratch + linearScratchBytes(depth, to - from) - 128;
  for (let start = from; start < to; start += chunk) {
    const stop = min(to, start + chunk);
    if (!few) {
      for (let j = start; j < stop; j += 8) {
        const panel = scratch + <usize>((j - start) >> 3) * panelBytes;
        const width = min(8, stop - j);
        if (transposed) packRows(b + <usize>j * rowB, rowB, depth, width, panel);
        else packColumns(b + ((<usize>j) << 2), rowB, depth, width, panel);
      }
    }
    const at = (<usize>start) << 2;
    for (let block = 0; block < rows; block += BLOCK) {
      const height = min(BLOCK, rows - block);
      const sourceA = a + <usize>block * rowA;
      const target = c + <usize>block * rowC + at;
      if (few)
        fewRows(sourceA, rowA, b + at, rowB, target, rowC, height, depth, stop - start, edge);
      else {
        for (let j = start; j < stop; j += 8) {
          const panel = scratch + <usize>((j - start) >> 3) * panelBytes;
          const cell = target + ((<usize>(j - start)) << 2);
          panelRows(sourceA, rowA, panel, cell, rowC, height, depth, min(8, stop - j), edge);
        }
      }
      const besides = second ? second + <usize>block * rowC + at : 0;
      finish(target, rowC, height, stop - start, bias ? bias + at : 0, besides, kind);
    }
  }
}

/** c [rows, width] = a [rows, depth] b, b [depth, width] read where it lies. */
function fewRows(
  a: usize,
  rowA: usize,
  b: usize,
  rowB: usize,
  c: usize,
  rowC: usize,
  rows: i32,
  depth: i32,
  width: i32,
  edge: usize,
): void {
  for (let i = 0; i < rows; i++) {
    let j = 0;
    for (; j + 32 <= width; j += 32) {
      tile1x32(a, b + ((<usize>j) << 2), rowB, c + ((<usize>j) << 2), depth);
    }
    for (; j + 8 <= width; j += 8) {
      tile1x8(a, b + ((<usize>j) << 2), rowB, c + ((<usize>j) << 2), depth);
    }
    for (; j < width; j++) {
      let sum: f32 = 0;
      for (let k = 0; k < depth; k++) {
        sum +=
          load<f32>(a + ((<usize>k) << 2)) * load<f32>(b + <usize>k * rowB + ((<usize>j) << 2));
      }
      store<f32>(c + ((<usize>j) << 2), sum);
    }
    a += rowA;
    c += rowC;
  }
}
