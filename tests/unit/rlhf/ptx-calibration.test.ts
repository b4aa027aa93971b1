/** The calibrated weight of the pre-training gradient (S65), worked by hand. */
import { expect, test } from 'vitest';
import { CalibratedWeight } from '../../../src/rlhf/ptx-calibration.ts';

test('S65: on the first step the weighted norms stand in the wanted ratio; later steps average', () => {
  const calibration = new CalibratedWeight(0.5);
  expect(calibration.coefficient).toBe(0);
  // 0.5 * 6 / 2, then 0.5 * (6 + 2) / (2 + 6).
  expect(calibration.weigh(6, 2)).toBe(1.5);
  expect(calibration.weigh(2, 6)).toBe(0.5);
  expect(calibration.coefficient).toBe(0.5);
});

test('S65: a step without a pre-training gradient or with an undefined norm measures nothing', () => {
  const calibration = new CalibratedWeight(2);
  expect(calibration.weigh(3, 0)).toBe(0);
  expect(calibration.weigh(3, 6)).toBe(1);
  expect(calibration.weigh(NaN, 1)).toBe(1);
  expect(calibration.weigh(1, Infinity)).toBe(1);
  expect(calibration.weigh(0, 6)).toBe(0.5);
});
