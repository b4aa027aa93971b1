/** A line in words: where it stands, began and was, and which way it went. */
import { describe, expect, test } from 'vitest';
import { chartSummary, kendallTau, trendWords } from '../../../src/ui/chart-summary.ts';

/** Numbers that look like noise, from -1 to 1, and are the same each time. */
const noise = (i: number): number => ((i * 7919 + 31) % 97) / 48 - 1;
const steps = Array.from({ length: 60 }, (_, i) => i + 1);
const trend = (of: (i: number) => number) =>
  trendWords(
    steps,
    steps.map((_, i) => of(i)),
  );

describe('the sentence', () => {
  test('names start, end, lowest and highest with their steps', () => {
    expect(chartSummary('loss', [1, 2, 5], [4, 1, 2], 'iteration')).toBe(
      'loss 2 at iteration 5; it began at 4 at iteration 1; ' +
        'lowest 1 at iteration 2, highest 4 at iteration 1. Trend: falling.',
    );
  });

  test('of one value or none is short; gaps are no values', () => {
    expect(chartSummary('loss', [], [])).toBe('loss: no values yet.');
    expect(chartSummary('loss', [1, 2], [null, null])).toBe('loss: no values yet.');
    expect(chartSummary('loss', [1, 2, 3], [null, 7, null])).toBe('loss 7 at step 2.');
    expect(chartSummary('loss', [1, 2], [1, 2])).not.toContain('Trend');
  });
});

describe("Kendall's tau", () => {
  test.each([
    [[1, 2, 3, 4], 1],
    [[4, 3, 2, 1], -1],
    // Of six pairs four rise and two fall.
    [[1, 3, 2, 2.5], 1 / 3],
    [[2, 2, 2], 0],
    [[1], 0],
  ])('of %j is %s', (values, expected) => {
    expect(kendallTau(values)).toBeCloseTo(expected, 12);
  });
});

describe('the trend', () => {
  test.each<[string, (i: number) => number]>([
    ['rising steadily', (i) => i],
    ['falling steadily', (i) => Math.exp(-i)],
    ['rising', (i) => i / 20 + 2 * noise(i)],
    ['no clear trend', noise],
    ['unchanged', () => 3],
    // Over-optimisation: gold goes up, then down.
    ['rose until step 31, then fell', (i) => (i === 30 ? 3 : -Math.abs(i - 30) + 2 * noise(i))],
    ['fell until step 31, then rose', (i) => (i - 30) ** 2],
    // A peak at the very end is no turn.
    ['rising steadily', (i) => (i < 58 ? i : 56 - i)],
  ])('%s', (words, of) => {
    expect(trend(of)).toBe(words);
  });

  test('of thousands of steps is found as well', () => {
    const many = Array.from({ length: 5000 }, (_, i) => i + 1);
    expect(
      trendWords(
        many,
        many.map((i) => i / 500 + noise(i)),
      ),
    ).toBe('rising steadily');
  });
});
