/**
 * Weights of frozen models as halves (IEEE binary16), two to a word, for half of the memory. Only kernels of ours read
 * them, and there is no gradient. The reference is float32 weights that were rounded to halves: products and sums are
 * float32 either way. No run uses them by itself: measured, they hardly pay in time (docs/performance.md), and rounding
 * the reference would cost the self-check that KL starts at 0.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel } from './own-kernel.ts';

/** True where kernels read packed weights: own kernels on WebGPU. */
export const readsHalves = (): boolean =>
  tf.getBackend() === 'webgpu' && hasOwnKernel('PlayLinear');

/** Largest finite half. */
const LARGEST = 65_504;

/** Whether rows of `columns` can be packed, and all values are within the range of halves. */
export function packs(shape: readonly number[], data: Float32Array): boolean {
  const [rows = 0, columns = 0, ...more] = shape;
  const fits = more.length === 0 && rows > 0 && rows % 4 === 0 && columns % 4 === 0;
  return fits && columns > 0 && data.every((x) => Math.abs(x) <= LARGEST);
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Bits of the nearest half, ties to even; values beyond the range of halves must not be given. */
function halfBits(x: number): number {
  float[0] = x;
  const word = bits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = Math.abs(x);
  // Below 2^-14 halves are multiples of 2^-24; above, the mantissa keeps 10 of 23 bits.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  const kept = word & 0x7fffffff;
  const rounded = kept + 0xfff + ((kept >>> 13) & 1);
  return sign | ((rounded >>> 13) - (112 << 10));
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest === 0.5) return below + (below % 2);
  return rest > 0.5 ? below + 1 : below;
}

/** Value of a half by its bits; finite ones only. */
function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** Two neighbours to a word, the first in the low bits; an even number of values. */
export function packHalves(values: Float32Array): Int32Array {
  const words = new Int32Array(values.length / 2);
  for (let i = 0; i < words.length; i++) {
    words[i] = halfBits(values[2 * i] ?? NaN) | (halfBits(values[2 * i + 1] ?? NaN) << 16);
  }
  return words;
}

/** The values of {@link packHalves}, rounded as they are. */
export function unpackHalves(words: Int32Array): Float32Array {
  return Float32Array.from({ length: 2 * words.length }, (_, i) =>
    halfValue(((words[i >> 1] ?? 0) >>> (16 * (i & 1))) & 0xffff),
  );
}
