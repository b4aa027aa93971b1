/**
 * IEEE 754 binary16 ("half precision") as 16-bit patterns, to and from float32.
 * Used by files only: nothing computes in half precision here.
 */

/** Bits of the nearest half, ties to even; beyond 65,504 (from 65,520 on) that is an infinity. */
export function halfBits(value: number): number {
  FLOAT_VIEW[0] = value;
  const bits = BITS_VIEW[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | roundedShift(magnitude - 0x38000000, 13);
  // Below 2^-14 a half counts in steps of 2^-24; up to half a step becomes zero.
  if (magnitude <= 0x33000000) return sign;
  const exponent = magnitude >>> 23;
  return sign | roundedShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** Value of a half. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function toHalf(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfBits);
}

export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, halfValue);
}

const FLOAT_VIEW = new Float32Array(1);
const BITS_VIEW = new Uint32Array(FLOAT_VIEW.buffer);

/** `bits >> shift`, rounded to nearest, ties to even. */
function roundedShift(bits: number, shift: number): number {
  const kept = bits >>> shift;
  const dropped = bits & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  const up = dropped > middle || (dropped === middle && (kept & 1) === 1);
  return up ? kept + 1 : kept;
}
