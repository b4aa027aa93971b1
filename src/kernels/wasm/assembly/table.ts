/**
 * Row and column work on two-dimensional float32 arrays: rows by index and segment sums (embeddings), column sums
 * (bias gradients) and a blocked transpose.
 */

/** target[i] += source[i] over `size` floats. */
function addInto(target: usize, source: usize, size: i32): void {
  const vectorEnd = target + ((<usize>(size & ~3)) << 2);
  const end = target + ((<usize>size) << 2);
  for (; target < vectorEnd; target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)));
  }
  for (; target < end; target += 4, source += 4) {
    store<f32>(target, load<f32>(target) + load<f32>(source));
  }
}

/**
 * out[ids[i]] += x[i] for the n rows of x [n, d], in row order; out [rows, d] starts at zero.
 * Rows whose id is outside [0, rows) are dropped, as the stock kernels do.
 */
export function segmentSum(ids: usize, x: usize, out: usize, n: i32, d: i32, rows: i32): void {
  const rowBytes = (<usize>d) << 2;
  memory.fill(out, 0, rowBytes * <usize>rows);
  for (let i = 0; i < n; i++) {
    const id = load<i32>(ids + ((<usize>i) << 2));
    if (id >= 0 && id < rows) addInto(out + <usize>id * rowBytes, x, d);
    x += rowBytes;
  }
}

/** out [n, d] = rows `ids` of table [rows, d]; NaN for an id outside [0, rows), so that it is seen. */
export function gatherRows(table: usize, ids: usize, out: usize, n: i32, d: i32, rows: i32): void {
  const rowBytes = (<usize>d) << 2;
  for (let i = 0; i < n; i++) {
    const id = load<i32>(ids + ((<usize>i) << 2));
    if (id >= 0 && id < rows) {
      memory.copy(out, table + <usize>id * rowBytes, rowBytes);
    } else {
      memory.fill(out, 0xff, rowBytes);
    }
    out += rowBytes;
  }
}

/** out [n, d] = rows `ids` of table [rows, d] plus rows `places` of other [otherRows, d]; NaN for an id outside. */
export function gatherSum(
  table: usize,
  ids: usize,
  other: usize,
  places: usize,
  out: usize,
  n: i32,
  d: i32,
  rows: i32,
  otherRows: i32,
): void {
  const rowBytes = (<usize>d) << 2;
  gatherRows(table, ids, out, n, d, rows);
  for (let i = 0; i < n; i++) {
    const place = load<i32>(places + ((<usize>i) << 2));
    if (place >= 0 && place < otherRows) addInto(out, other + <usize>place * rowBytes, d);
    else memory.fill(out, 0xff, rowBytes);
    out += rowBytes;
  }
}

/** out[j] = sum over i of x[i, j] for x [n, f]: groups of four rows in order, then the rest. */
export function columnSum(x: usize, out: usize, n: i32, f: i32): void {
  const rowBytes = (<usize>f) << 2;
  const vectorBytes = (<usize>(f & ~3)) << 2;
  memory.fill(out, 0, rowBytes);
  let row = 0;
  for (; row + 4 <= n; row += 4) {
    const x1 = x + rowBytes;
    const x2 = x1 + rowBytes;
    const x3 = x2 + rowBytes;
    let at: usize = 0;
    for (; at < vectorBytes; at += 16) {
      const low = f32x4.add(v128.load(x + at), v128.load(x1 + at));
      const high = f32x4.add(v128.load(x2 + at), v128.load(x3 + at));
      v128.store(out + at, f32x4.add(v128.load(out + at), f32x4.add(low, high)));
    }
    for (; at < rowBytes; at += 4) {
      const low = load<f32>(x + at) + load<f32>(x1 + at);
      const high = load<f32>(x2 + at) + load<f32>(x3 + at);
      store<f32>(out + at, load<f32>(out + at) + (low + high));
    }
    x = x3 + rowBytes;
  }
  for (; row < n; row++) {
    addInto(out, x, f);
    x += rowBytes;
  }
}

/** Transposes the 4x4 block at `from` (row stride inBytes) to `to` (row stride outBytes). */
function transposeBlock(from: usize, inBytes: usize, to: usize, outBytes: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + inBytes);
  const c = v128.load(from + 2 * inBytes);
  const d = v128.load(from + 3 * inBytes);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + outBytes, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * outBytes, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 3 * outBytes, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** out [m, n] = x [n, m] transposed, in bands of 16 input rows so that whole cache lines are written. */
export function transpose2d(x: usize, out: usize, n: i32, m: i32): void {
  const inBytes = (<usize>m) << 2;
  const outBytes = (<usize>n) << 2;
  const nBlocks = n & ~3;
  const mBlocks = m & ~3;
  for (let band = 0; band < nBlocks; band += 16) {
    const bandEnd = min(band + 16, nBlocks);
    for (let j = 0; j < mBlocks; j += 4) {
      for (let i = band; i < bandEnd; i += 4) {
        const from = x + <usize>i * inBytes + ((<usize>j) << 2);
        transposeBlock(from, inBytes, out + <usize>j * outBytes + ((<usize>i) << 2), outBytes);
      }
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = i < nBlocks ? mBlocks : 0; j < m; j++) {
      const value = load<f32>(x + <usize>i * inBytes + ((<usize>j) << 2));
      store<f32>(out + <usize>j * outBytes + ((<usize>i) << 2), value);
    }
  }
}
