/** The learning rates of the paper, written out. */
import { describe, expect, test } from 'vitest';
import {
  constantWithWarmup,
  cosineToFloor,
  linearToZero,
  warmRestarts,
  warmupIterations,
} from '../../../src/rlhf/schedules.ts';

describe('schedules', () => {
  test('D27: factors at iterations 0 to 11 of a ten-iteration warm-up', () => {
    const expected = [0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91, 1, 1];
    expected.forEach((factor, i) => expect(constantWithWarmup(i, 10)).toBeCloseTo(factor, 12));
    expect(constantWithWarmup(0, 0)).toBe(1);
  });

  test('D27: a tenth of the iterations when there are fewer than 100, never more than ten', () => {
    expect([1, 9, 10, 32, 99, 100, 5000].map(warmupIterations)).toEqual([0, 0, 1, 3, 9, 10, 10]);
    expect(() => warmupIterations(0)).toThrow(
      /iterations must be a whole number of at least 1, got 0/,
    );
    expect(() => warmupIterations(1.5)).toThrow(/got 1\.5/);
  });

  test('D39: cosine from 1 to a tenth, half-way at the middle, constant afterwards', () => {
    expect(cosineToFloor(0, 40)).toBe(1);
    expect(cosineToFloor(20, 40)).toBeCloseTo(0.55, 12);
    expect(cosineToFloor(40, 40)).toBeCloseTo(0.1, 12);
    expect(cosineToFloor(50, 40)).toBeCloseTo(0.1, 12);
    expect(cosineToFloor(40, 40, 0)).toBeCloseTo(0, 12);
    for (let s = 0; s < 40; s++) {
      expect(cosineToFloor(s + 1, 40)).toBeLessThan(cosineToFloor(s, 40));
    }
  });

  test('linear to zero', () => {
    expect([0, 1, 2, 4, 5].map((s) => linearToZero(s, 4))).toEqual([1, 0.75, 0.5, 0, 0]);
    expect(() => linearToZero(0, 0)).toThrow(/total must be a whole number of at least 1, got 0/);
  });

  test('warm restarts: a rise, then the curve to the end of the phase that the step is in', () => {
    const at = (step: number) => warmRestarts(step, [4, 16], 2, 0.1);
    expect(at(0)).toBe(0.5);
    expect(at(1)).toBe(cosineToFloor(1, 4));
    expect(at(3)).toBe(cosineToFloor(3, 4));
    expect(at(4)).toBe(cosineToFloor(4, 16));
    expect(at(4)).toBeGreaterThan(at(3));
    expect(at(16)).toBeCloseTo(0.1, 12);
    expect(warmRestarts(40, [4, 16, 40], 2, 0.1)).toBeCloseTo(0.1, 12);
    expect(warmRestarts(20, [4, 16, 40], 2, 0.1)).toBe(cosineToFloor(20, 40));
    expect(warmRestarts(0, [4], 0, 0.1)).toBe(1);
    expect(() => warmRestarts(0, [], 0, 0.1)).toThrow(RangeError);
  });
});
