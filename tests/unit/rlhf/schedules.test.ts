/** The learning rates of the paper, written out. */
import { describe, expect, test } from 'vitest';
import {
  constantWithWarmup,
  cosineToFloor,
  linearToZero,
  warmedCosine,
  warmupIterations,
} from '../../../src/rlhf/schedules.ts';

describe('schedules', () => {
  test('D27: factors at iterations 0 to 11 of a ten-iteration warm-up', () => {
    const expected = [0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91, 1, 1];
    expected.forEach((factor, i) => expect(constantWithWarmup(i, 10)).toBeCloseTo(factor, 12));
    expect(constantWithWarmup(0, 0)).toBe(1);
  });

  test('D27: a tenth of the iterations when there are fewer than 100, never more than ten', () => {
    const paper = [1, 9, 10, 32, 99, 100, 5000].map((iterations) => warmupIterations(iterations));
    expect(paper).toEqual([0, 0, 1, 3, 9, 10, 10]);
    expect(() => warmupIterations(0)).toThrow(
      /iterations must be a whole number of at least 1, got 0/,
    );
    expect(() => warmupIterations(1.5)).toThrow(/got 1\.5/);
  });

  test('a longer or shorter warm-up than ten where that is set, and still a tenth of the run at most', () => {
    expect(warmupIterations(1000, 50)).toBe(50);
    expect(warmupIterations(300, 50)).toBe(30);
    expect(warmupIterations(1000, 4)).toBe(4);
    expect(warmupIterations(32, 4)).toBe(3);
    expect(warmupIterations(1000, 0)).toBe(0);
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

  test('warmed cosine: a rise over the first steps, then the curve', () => {
    const at = (step: number) => warmedCosine(step, 16, 4, 0.1);
    expect(at(0)).toBe(0.25);
    expect(at(1)).toBe(0.5 * cosineToFloor(1, 16));
    expect(at(3)).toBe(cosineToFloor(3, 16));
    expect(at(9)).toBe(cosineToFloor(9, 16));
    expect(at(16)).toBeCloseTo(0.1, 12);
    expect(warmedCosine(0, 4, 0, 0.1)).toBe(1);
    expect(() => warmedCosine(0, 0, 0, 0.1)).toThrow(RangeError);
  });
});
