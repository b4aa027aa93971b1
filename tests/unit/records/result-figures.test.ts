/** What report and page both say of stored figures: intervals where there are any, and seeds where some are missing. */
import { describe, expect, test } from 'vitest';
import { fewerSeedsWords, hasInterval } from '../../../src/records/result-figures.ts';

const rowOf = (...seeds: number[]) => ({
  seeds: seeds.map((seed) => ({ seed, value: 0.5, low: 0.4, high: 0.6, n: 100 })),
});

test('an interval takes two values', () => {
  expect([0, 1, 2, 1000].map((n) => hasInterval({ n }))).toEqual([false, false, true, true]);
});

describe('the seeds of a claim', () => {
  test.each([
    ['one of two', [rowOf(1), rowOf(1)], [1, 2], 'Measured on seed 1 only.'],
    ['two of three', [rowOf(3, 1)], [1, 2, 3], 'Measured on seeds 1, 3 only.'],
    ['all', [rowOf(1, 2)], [1, 2], ''],
    ['all, though a row of one seed has no number', [rowOf(1), rowOf(1, 2)], [1, 2], ''],
    ['none: that is said elsewhere', [rowOf(), rowOf()], [1, 2], ''],
    ['the only one', [rowOf(1)], [1], ''],
  ])('%s', (_name, rows, seeds, words) => {
    expect(fewerSeedsWords(rows, seeds)).toBe(words);
  });
});
