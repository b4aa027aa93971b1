/** The tax against hand sums: a rise of the loss within each batch, with an interval that knows they are pairs. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { alignmentTax } from '../../../src/rlhf/alignment-tax.ts';

const tax = (losses: readonly number[], base: readonly number[]) =>
  alignmentTax(losses, base, Rng.named(1, 'tax'));

describe('the alignment tax', () => {
  test('is the mean loss, and how far it is above the base model’s: a plus is a loss', () => {
    const { loss, rise } = tax([3, 2, 4], [1, 2, 3]);
    expect(loss).toBe(3);
    expect(rise.mean).toBe(1);
    expect(rise.n).toBe(3);
    expect(rise.low).toBeLessThan(1);
    expect(rise.high).toBeGreaterThan(1);
    expect(tax([1], [3]).rise.mean).toBe(-2);
  });

  test('compares within each batch: hard and easy rows make no rise unsure', () => {
    const base = [0.5, 4, 1, 9, 2];
    const { rise } = tax(
      base.map((loss) => loss + 0.25),
      base,
    );
    expect([rise.mean, rise.low, rise.high]).toEqual([0.25, 0.25, 0.25]);
  });

  test('is nothing for the base model itself', () => {
    expect(tax([2, 3], [2, 3]).rise).toEqual({ mean: 0, low: 0, high: 0, n: 2 });
  });

  test('is refused where batches do not match', () => {
    expect(() => tax([1, 2], [1])).toThrow(RangeError);
    expect(() => tax([], [])).toThrow(RangeError);
  });
});
