/**
 * Flat row-major [B x R] arrays of response tokens with a 0/1 mask, and the statistics over their live tokens.
 * B is the number of responses, R their padded length. Masks are prefix masks: a response is its first tokens,
 * EOS included, and everything behind is padding. Plain arrays only: tensors have their own versions.
 */

/** Any flat list of numbers: Float32Array from a read-back, or number[] from a test. */
export type Numbers = ArrayLike<number>;

/** Shape of a flat row-major array: B responses of R token positions. */
export interface TokenShape {
  readonly B: number;
  readonly R: number;
}

/** Element i. Throws RangeError outside the array, so that an off-by-one never becomes a silent NaN. */
export function at(values: Numbers, i: number): number {
  const value = values[i];
  if (value === undefined) {
    throw new RangeError(`index ${i} outside an array of length ${values.length}`);
  }
  return value;
}

/** Throws RangeError unless `values` has exactly `length` elements. */
export function expectLength(name: string, values: Numbers, length: number): void {
  if (values.length !== length) {
    throw new RangeError(`${name} has ${values.length} elements, expected ${length}`);
  }
}

/**
 * Live tokens per response, [B].
 * Throws RangeError when the mask has another size, holds anything but 0 and 1, or is not a prefix mask.
 */
export function responseLengths(mask: Numbers, { B, R }: TokenShape): Int32Array {
  expectLength('mask', mask, B * R);
  const lengths = new Int32Array(B);
  for (let b = 0; b < B; b++) {
    let length = 0;
    for (let t = 0; t < R; t++) {
      const live = at(mask, b * R + t);
      if (live !== 0 && live !== 1) throw new RangeError(`mask holds ${live}, expected 0 or 1`);
      if (live === 1) {
        if (length !== t) throw new RangeError(`mask of row ${b} is not a prefix mask`);
        length++;
      }
    }
    lengths[b] = length;
  }
  return lengths;
}

/** Number of live elements. */
export function liveCount(mask: Numbers): number {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += at(mask, i);
  return count;
}

/** Sum over live elements. Whatever stands in dead positions (NaN too) is never read. */
export function maskedSum(values: Numbers, mask: Numbers): number {
  expectLength('values', values, mask.length);
  let sum = 0;
  for (let i = 0; i < mask.length; i++) if (at(mask, i) === 1) sum += at(values, i);
  return sum;
}

/** Mean over live elements. Throws RangeError when none is live. */
export function maskedMean(values: Numbers, mask: Numbers): number {
  const count = liveCount(mask);
  if (count === 0) throw new RangeError('no live element to average');
  return maskedSum(values, mask) / count;
}

/** Divisor of a variance: the number of elements (`population`) or one less (`bessel`). */
export type VarianceKind = 'population' | 'bessel';

/** Variance over live elements, in two passes. Throws RangeError when there are too few of them. */
export function maskedVariance(
  values: Numbers,
  mask: Numbers,
  kind: VarianceKind = 'population',
): number {
  const mean = maskedMean(values, mask);
  const divisor = liveCount(mask) - (kind === 'bessel' ? 1 : 0);
  if (divisor < 1) throw new RangeError('a Bessel-corrected variance needs two live elements');
  let sum = 0;
  for (let i = 0; i < mask.length; i++) {
    if (at(mask, i) === 1) sum += (at(values, i) - mean) ** 2;
  }
  return sum / divisor;
}

/** Plain mean. Throws RangeError on an empty list. */
export function mean(values: Numbers): number {
  if (values.length === 0) throw new RangeError('mean of an empty list');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += at(values, i);
  return sum / values.length;
}
