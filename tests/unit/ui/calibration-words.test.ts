/** Calibration in words: too sure, not sure enough, or as sure as so many comparisons can tell; which bins are off. */
import { expect, test } from 'vitest';
import { calibrationOf } from '../../../src/rlhf/calibration.ts';
import { boundsWords, calibrationWords, intervalWords } from '../../../src/ui/calibration-words.ts';

/** `right` and `wrong` comparisons of which the scores are `sure`. */
function measured(sure: number, right: number, wrong: number) {
  const margin = Math.log(sure / (1 - sure));
  const pair = (scores: readonly number[]) => ({ scores, ranks: [1, 2], labeler: 'ann' });
  const calibration = calibrationOf([
    ...Array.from({ length: right }, () => pair([margin, 0])),
    ...Array.from({ length: wrong }, () => pair([0, margin])),
  ]);
  if (calibration === null) throw new Error('expected comparisons');
  return calibration;
}

test('a model that promises more than it keeps is too sure, and the bin says by how much', () => {
  expect(calibrationWords(measured(0.95, 60, 40))).toBe(
    'The scores promise 95 % and are right on 60 % (95 % 50 to 69 %): the reward model is too sure of itself. ' +
      'Expected calibration error: 35.0 points. Off by more than its interval: 90 to 100 %.',
  );
});

test('one that keeps more is surer than it says; one within the interval is as sure as can be told', () => {
  expect(calibrationWords(measured(0.55, 90, 10))).toContain('is surer than it says.');
  expect(calibrationWords(measured(0.62, 6, 4))).toBe(
    'The scores promise 62 % and are right on 60 % (95 % 31 to 83 %): the reward model is about as sure as it is ' +
      'right, as far as 10 comparisons can tell. Expected calibration error: 2.0 points. ' +
      'No bin is off by more than its interval.',
  );
});

test('bounds and intervals', () => {
  expect(boundsWords({ from: 0.7, to: 0.8 })).toBe('70 to 80 %');
  expect(intervalWords({ low: 0.314, high: 0.832 })).toBe('31 to 83 %');
  expect(intervalWords({ low: null, high: null })).toBe('');
});
