/** Measures of collapse by hand-counted examples and by their bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  distinctN,
  repeatShare,
  sequenceRepetition,
  tokenCount,
} from '../../../src/data/distinct.ts';

describe('distinctN', () => {
  it('counts n-grams within sequences, up to the budget', () => {
    const sequences = [
      [1, 2, 1, 2],
      [1, 2, 3],
    ];
    // Bigrams: 12 21 12 | 12 23, three kinds of five.
    expect(distinctN(sequences, 2, 7)).toBeCloseTo(3 / 5);
    // Six tokens end after the second "1 2".
    expect(distinctN(sequences, 2, 6)).toBeCloseTo(2 / 4);
    expect(distinctN(sequences, 1, 7)).toBeCloseTo(3 / 7);
    expect(distinctN([[1], [2]], 2, 2)).toBe(0);
  });

  it('refuses a budget that the tokens do not reach', () => {
    expect(() => distinctN([[1, 2]], 2, 3)).toThrow('Only 2 tokens for a budget of 3');
    expect(() => distinctN([[1, 2]], 0, 2)).toThrow(RangeError);
  });

  it('lies in [0, 1] and does not see what lies beyond the budget', () => {
    const sequences = fc.array(fc.array(fc.nat(5), { maxLength: 8 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        sequences,
        fc.array(fc.nat(5)),
        fc.integer({ min: 1, max: 3 }),
        (rows, more, n) => {
          const budget = tokenCount(rows);
          const share = distinctN(rows, n, budget);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
          expect(distinctN([...rows, more], n, budget)).toBe(share);
        },
      ),
    );
  });
});

describe('sequenceRepetition', () => {
  it('is the share of n-grams that came before in the same sequence', () => {
    // 1212 2121 1212 2123: one of four again.
    expect(sequenceRepetition([1, 2, 1, 2, 1, 2, 3], 4)).toBeCloseTo(1 / 4, 12);
    expect(sequenceRepetition([5, 5, 5, 5, 5, 5], 4)).toBeCloseTo(2 / 3, 12);
    expect(sequenceRepetition([1, 2, 3, 4], 4)).toBe(0);
    expect(sequenceRepetition([1, 1, 1], 4)).toBe(0);
    expect(sequenceRepetition([], 1)).toBe(0);
  });
});

describe('repeatShare', () => {
  it('counts every response whose text is there more than once', () => {
    expect(repeatShare(['a', 'b', 'a', 'c', 'a'])).toBeCloseTo(3 / 5);
    expect(repeatShare(['a', 'b'])).toBe(0);
    expect(repeatShare([])).toBe(0);
  });
});
