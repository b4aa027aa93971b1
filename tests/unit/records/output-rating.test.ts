/** Ratings of one output: the scale, flags put on and off, and what of them is stored. */
import { describe, expect, test } from 'vitest';
import {
  isEmptyRating,
  isLikert,
  LIKERT_SCALE,
  NO_RATING,
  OUTPUT_FLAGS,
  storedRatings,
  withFlag,
} from '../../../src/records/output-rating.ts';

describe('the scale and the flags of Table 3', () => {
  test('the scale is 1 to 7 in whole numbers, and nothing else is on it', () => {
    expect(LIKERT_SCALE).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect([0, 8, 3.5, Number.NaN].filter(isLikert)).toEqual([]);
    expect(LIKERT_SCALE.every(isLikert)).toBe(true);
  });

  test('the eleven binary labels are different', () => {
    expect(new Set(OUTPUT_FLAGS).size).toBe(11);
  });
});

test('a flag is put on once, in the order of Table 3, and taken off again; the score stays', () => {
  const rated = { overall: 5, flags: [] };
  const late = withFlag(rated, 'moral-judgment', true);
  const both = withFlag(late, 'hallucination', true);
  expect(both).toEqual({ overall: 5, flags: ['hallucination', 'moral-judgment'] });
  expect(withFlag(both, 'hallucination', true)).toEqual(both);
  expect(withFlag(both, 'hallucination', false)).toEqual(late);
  expect(rated.flags).toEqual([]);
});

test('nothing said is not stored: null beside others, no list at all when it is said of none', () => {
  const flagged = withFlag(NO_RATING, 'fails-task', true);
  expect([NO_RATING, flagged, { overall: 1, flags: [] }].map(isEmptyRating)).toEqual([
    true,
    false,
    false,
  ]);
  expect(storedRatings([NO_RATING, flagged])).toEqual([null, flagged]);
  expect(storedRatings([NO_RATING, NO_RATING])).toBeUndefined();
  expect(storedRatings([])).toBeUndefined();
});
