/** Half precision: exhaustive over all bit patterns, and nearest-even against the neighbours. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHalf, halfBits, halfValue, toHalf } from '../../../src/data/half-precision.ts';

describe('half precision', () => {
  it('gives each of the 65,536 patterns back', () => {
    const wrong: number[] = [];
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfValue(bits);
      const again = halfBits(value);
      const same = Number.isNaN(value) ? Number.isNaN(halfValue(again)) : again === bits;
      if (!same) wrong.push(bits);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99609375, 0x7bff],
    [65520, 0x7c00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0001, 0x0001],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [-0, 0x8000],
  ])('turns %d into the pattern %i', (value, bits) => expect(halfBits(value)).toBe(bits));

  it('takes the nearest half, the even one of two', () => {
    const value = fc.oneof(
      fc.float({ min: -65504, max: 65504, noNaN: true }),
      fc.float({ min: Math.fround(-1e-4), max: Math.fround(1e-4), noNaN: true }),
    );
    fc.assert(
      fc.property(value, (x) => {
        const bits = halfBits(x);
        const error = Math.abs(halfValue(bits) - x);
        for (const other of [bits - 1, bits + 1]) {
          if ((other & 0x7fff) >= 0x7c00 || other < 0) continue;
          const otherError = Math.abs(halfValue(other) - x);
          expect(error).toBeLessThanOrEqual(otherError);
          if (error === otherError) expect(bits & 1).toBe(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('converts arrays both ways', () => {
    const values = Float32Array.of(0, 1.5, -0.25, 1000);
    expect(fromHalf(toHalf(values))).toEqual(values);
  });
});
