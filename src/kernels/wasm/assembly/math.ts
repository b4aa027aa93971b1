/**
 * Small numeric helpers of the kernels: a four-lane exponential, a logarithm and lane reductions.
 * AssemblyScript's own Mathf is not used, because its tables would need static memory inside tfjs's heap.
 */

const LOG2_E: f32 = 1.44269504;
/** 1.5 * 2^23: adding it rounds a float to the nearest integer, which is then in the low bits. */
const ROUNDING: f32 = 12582912.0;

/**
 * exp of four lanes, clamped to [-87.3, 88.3]; NaN stays NaN. Range reduction by ln 2 in two parts and the
 * Cephes expf polynomial; relative error below 2e-7.
 */
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87.3)), f32x4.splat(88.3));
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(LOG2_E)), f32x4.splat(ROUNDING));
  const n = f32x4.sub(shifted, f32x4.splat(ROUNDING));
  const high = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  const r = f32x4.add(high, f32x4.mul(n, f32x4.splat(2.1219444e-4)));
  let p = f32x4.add(f32x4.mul(f32x4.splat(1.98756915e-4), r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1.0));
  // The low bits of `shifted` hold n; moved to the exponent field they multiply by 2^n.
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** exp of one float, the same value as a lane of exp4. */
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

/** Natural logarithm of a positive finite normal float; NaN and infinity are returned as they are. */
export function log1(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  if ((bits & 0x7f800000) == 0x7f800000) return x;
  let exponent = (bits >> 23) - 127;
  let m = <f64>reinterpret<f32>((bits & 0x007fffff) | 0x3f800000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent += 1;
  }
  const s = (m - 1.0) / (m + 1.0);
  const q = s * s;
  // 2 artanh(s); |s| <= 0.1716, so the first omitted term is below 1e-12.
  const series =
    1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0)))));
  return <f32>(2.0 * s * series + <f64>exponent * 0.6931471805599453);
}

/** Sum of the four lanes, in a fixed order. */
export function sumLanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 2) +
    (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3))
  );
}

/** Largest of the four lanes. */
export function maxLane(x: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max<f32>(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
