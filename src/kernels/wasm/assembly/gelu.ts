/**
 * The tanh form of GELU, written as x * sigmoid(2z) with z = sqrt(2/pi) (x + 0.044715 x^3), and its gradient.
 * Elementwise over a flat float32 array.
 */
import { exp1, exp4 } from './math';

/** 2 * sqrt(2 / pi). */
const SLOPE: f32 = 1.5957691216;
const CUBIC: f32 = 0.044715;

/** sigmoid(2z) of four elements. */
function sigmoid4(x: v128, square: v128): v128 {
  const one = f32x4.splat(1.0);
  const inner = f32x4.add(one, f32x4.mul(f32x4.splat(CUBIC), square));
  const minusTwiceZ = f32x4.mul(f32x4.mul(f32x4.splat(-SLOPE), x), inner);
  return f32x4.div(one, f32x4.add(one, exp4(minusTwiceZ)));
}

/** gelu'(x) of four elements. */
function slope4(x: v128): v128 {
  const one = f32x4.splat(1.0);
  const square = f32x4.mul(x, x);
  const s = sigmoid4(x, square);
  const dz = f32x4.mul(
    f32x4.splat(SLOPE),
    f32x4.add(one, f32x4.mul(f32x4.splat(<f32>3.0 * CUBIC), square)),
  );
  // s is the sigmoid; s (1 - s) is taken first so that no product overflows.
  const curve = f32x4.mul(f32x4.mul(f32x4.mul(s, f32x4.sub(one, s)), x), dz);
  return f32x4.add(s, curve);
}

/** The sigmoid of one element; the last few of an array. */
function sigmoid1(x: f32, square: f32): f32 {
  return <f32>1.0 / (<f32>1.0 + exp1(-SLOPE * x * (<f32>1.0 + CUBIC * square)));
}

/** y = gelu(x) for `size` elements. */
export function gelu(x: usize, y: usize, size: i32): void {
  const vectorEnd = x + ((<usize>(size & ~3)) << 2);
  const end = x + ((<usize>size) << 2);
  for (; x < vectorEnd; x += 16, y += 16) {
    const v = v128.load(x);
    v128.store(y, f32x4.mul(v, sigmoid4(v, f32x4.mul(v, v))));
  }
  for (; x < end; x += 4, y += 4) {
    const v = load<f32>(x);
    store<f32>(y, v * sigmoid1(v, v * v));
  }
}

/** dx = dy * gelu'(x) for `size` elements. */
export function geluGrad(dy: usize, x: usize, dx: usize, size: i32): void {
  const vectorEnd = x + ((<usize>(size & ~3)) << 2);
  const end = x + ((<usize>size) << 2);
  for (; x < vectorEnd; x += 16, dy += 16, dx += 16) {
    const v = v128.load(x);
    v128.store(dx, f32x4.mul(v128.load(dy), slope4(v)));
  }
  for (; x < end; x += 4, dy += 4, dx += 4) {
    const v = load<f32>(x);
    const s = sigmoid1(v, v * v);
    const dz = SLOPE * (<f32>1.0 + <f32>3.0 * CUBIC * (v * v));
    store<f32>(dx, load<f32>(dy) * (s + s * (<f32>1.0 - s) * v * dz));
  }
}
