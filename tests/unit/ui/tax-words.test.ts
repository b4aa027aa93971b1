/** A tax in words: signs that tell what was lost from what was won, and judgements without one. */
import { expect, test } from 'vitest';
import { riseWords, taxWords } from '../../../src/ui/tax-words.ts';

const tax = { loss: 0.81249, rise: { mean: 0.0342, low: -0.0301, high: 0.0004, n: 9 } };

test('a rise has its sign and its interval, and what rounds to nothing has none', () => {
  expect(riseWords(tax)).toBe('+0.034 (−0.030 to 0.000)');
  expect(taxWords(tax)).toBe('0.812, +0.034 (−0.030 to 0.000)');
});

test('where it was not measured that is said', () => {
  expect(taxWords(undefined)).toBe('not measured');
});
