/**
 * A small matrix product for operands that fit in cache, and packing of one attention head into them.
 * Rows come in fours and columns in fours: callers pad with zeros. A is read one float at a time, so its two
 * strides are free and A transposed costs nothing.
 */

/** c [4, 8] = (accumulate ? c : 0) + a [4, depth] b [depth, 8]; strides in bytes. */
function product4x8(
  a0: usize,
  rowA: usize,
  stepA: usize,
  b: usize,
  rowB: usize,
  c: usize,
  rowC: usize,
  depth: i32,
  accumulate: bool,
): void {
  let a1 = a0 + rowA;
  let a2 = a1 + rowA;
  let a3 = a2 + rowA;
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
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
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
    a0 += stepA;
    a1 += stepA;
    a2 += stepA;
    a3 += stepA;
    b += rowB;
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

/** The same for four columns. */
function product4x4(
  a0: usize,
  rowA: usize,
  stepA: usize,
  b: usize,
  rowB: usize,
  c: usize,
  rowC: usize,
  depth: i32,
  accumulate: bool,
): void {
  let a1 = a0 + rowA;
  let a2 = a1 + rowA;
  let a3 = a2 + rowA;
  const c1 = c + rowC;
  const c2 = c1 + rowC;
  const c3 = c2 + rowC;
  const zero = f32x4.splat(0);
  let s0 = accumulate ? v128.load(c) : zero;
  let s1 = accumulate ? v128.load(c1) : zero;
  let s2 = accumulate ? v128.load(c2) : zero;
  let s3 = accumulate ? v128.load(c3) : zero;
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    s0 = f32x4.add(s0, f32x4.mul(v128.load_splat<f32>(a0), b0));
    s1 = f32x4.add(s1, f32x4.mul(v128.load_splat<f32>(a1), b0));
    s2 = f32x4.add(s2, f32x4.mul(v128.load_splat<f32>(a2), b0));
    s3 = f32x4.add(s3, f32x4.mul(v128.load_splat<f32>(a3), b0));
    a0 += stepA;
    a1 += stepA;
    a2 += stepA;
    a3 += stepA;
    b += rowB;
  }
  v128.store(c, s0);
  v128.store(c1, s1);
  v128.store(c2, s2);
  v128.store(c3, s3);
}

/** c [rows, columns] = (accumulate ? c : 0) + a b; rows and columns multiples of four, strides in bytes. */
export function product(
  a: usize,
  rowA: usize,
  stepA: usize,
  b: usize,
  rowB: usize,
  c: usize,
  rowC: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  accumulate: bool,
): void {
  let j = 0;
  for (; j + 8 <= columns; j += 8) {
    const at = (<usize>j) << 2;
    for (let i = 0; i < rows; i += 4) {
      const r = <usize>i;
      product4x8(
        a + r * rowA,
        rowA,
        stepA,
        b + at,
        rowB,
        c + r * rowC + at,
        rowC,
        depth,
        accumulate,
      );
    }
  }
  if (j < columns) {
    const at = (<usize>j) << 2;
    for (let i = 0; i < rows; i += 4) {
      const r = <usize>i;
      product4x4(
        a + r * rowA,
        rowA,
        stepA,
        b + at,
        rowB,
        c + r * rowC + at,
        rowC,
        depth,
        accumulate,
      );
    }
  }
}

/** The next multiple of four. */
export function padded(n: i32): i32 {
  return (n + 3) & ~3;
}

/** target [padded n, padded d] = factor * source [n, d] (row stride rowBytes), zeros in the padding. */
export function pack(
  source: usize,
  rowBytes: usize,
  n: i32,
  d: i32,
  target: usize,
  factor: f32,
): void {
  const width = (<usize>padded(d)) << 2;
  const vectorBytes = (<usize>(d & ~3)) << 2;
  const liveBytes = (<usize>d) << 2;
  for (let i = 0; i < n; i++) {
    let at: usize = 0;
    for (; at < vectorBytes; at += 16) {
      v128.store(target + at, f32x4.mul(v128.load(source + at), f32x4.splat(factor)));
    }
    for (; at < liveBytes; at += 4) store<f32>(target + at, load<f32>(source + at) * factor);
    for (; at < width; at += 4) store<f32>(target + at, 0);
    source += rowBytes;
    target += width;
  }
  memory.fill(target, 0, <usize>(padded(n) - n) * width);
}

/** target [padded d, padded n] = source transposed; source [padded n, padded d] is packed. */
export function packTransposed(source: usize, n: i32, d: i32, target: usize): void {
  const rowBytes = (<usize>padded(d)) << 2;
  const outBytes = (<usize>padded(n)) << 2;
  for (let i = 0; i < n; i += 4) {
    for (let j = 0; j < d; j += 4) {
      const from = source + <usize>i * rowBytes + ((<usize>j) << 2);
      const a = v128.load(from);
      const b = v128.load(from + rowBytes);
      const c = v128.load(from + 2 * rowBytes);
      const e = v128.load(from + 3 * rowBytes);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const ceHigh = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
      const to = target + <usize>j * outBytes + ((<usize>i) << 2);
      v128.store(to, v128.shuffle<f32>(ab, ce, 0, 1, 4, 5));
      v128.store(to + outBytes, v128.shuffle<f32>(ab, ce, 2, 3, 6, 7));
      v128.store(to + 2 * outBytes, v128.shuffle<f32>(abHigh, ceHigh, 0, 1, 4, 5));
      v128.store(to + 3 * outBytes, v128.shuffle<f32>(abHigh, ceHigh, 2, 3, 6, 7));
    }
  }
}

/** target [n, d] (row stride rowBytes) = factor * source, which is packed [*, padded d]. */
export function unpack(
  source: usize,
  n: i32,
  d: i32,
  target: usize,
  rowBytes: usize,
  factor: f32,
): void {
  const width = (<usize>padded(d)) << 2;
  const vectorBytes = (<usize>(d & ~3)) << 2;
  const liveBytes = (<usize>d) << 2;
  for (let i = 0; i < n; i++) {
    let at: usize = 0;
    for (; at < vectorBytes; at += 16) {
      v128.store(target + at, f32x4.mul(v128.load(source + at), f32x4.splat(factor)));
    }
    for (; at < liveBytes; at += 4) store<f32>(target + at, load<f32>(source + at) * factor);
    source += width;
    target += rowBytes;
  }
}

/** Writes zeros to n rows of d floats with the given row stride. */
export function clearRows(target: usize, rowBytes: usize, n: i32, d: i32): void {
  for (let i = 0; i < n; i++) {
    memory.fill(target, 0, (<usize>d) << 2);
    target += rowBytes;
  }
}
