/**
 * The places of a slider for a setting whose useful values span powers of ten: 1, 2 and 5 of each power within the
 * declared range, and 0 where the range begins with it. Plain values.
 */
import type { NumberSpec } from '../config/spec.ts';

/** Smallest place above 0 where the range begins with 0. */
const LEAST = 1e-3;

/** Ascending. */
export function turnScale({ min, max }: Pick<NumberSpec, 'min' | 'max'>): number[] {
  const least = min > 0 ? min : LEAST;
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(max))];
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  // Read from its decimal form, so that 0.2 is 0.2.
  const places = powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  const within = places.filter((value) => value >= least && value <= max);
  return min > 0 ? within : [0, ...within];
}

/** Index of the place that is nearest by ratio; 0 counts as a tenth of the first place above it. */
export function nearestPlace(scale: readonly number[], value: number): number {
  const least = (scale.find((place) => place > 0) ?? 1) / 10;
  const height = (place: number) => Math.log(Math.max(place, least));
  const distances = scale.map((place) => Math.abs(height(place) - height(value)));
  return distances.indexOf(Math.min(...distances));
}
