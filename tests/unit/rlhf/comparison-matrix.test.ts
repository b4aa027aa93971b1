/** Comparisons of a batch as one matrix against the plain loop, for ragged K and ties. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparisonMatrix, splitScores } from '../../../src/rlhf/comparison-matrix.ts';
import { rankingLoss } from '../../../src/rlhf/ranking-loss.ts';

test('D34: rows by hand; +1 at the winner, -1 at the loser, in the columns of its own prompt', () => {
  const matrix = comparisonMatrix([{ ranks: [2, 1] }, { ranks: [1, 1, 2] }], 'all-pairs');
  expect(matrix.count).toBe(3);
  expect(Array.from(matrix.signs)).toEqual([
    ...[-1, 1, 0, 0, 0],
    ...[0, 0, 1, 0, -1],
    ...[0, 0, 0, 1, -1],
  ]);
  expect(Array.from(matrix.weights)).toEqual([0.5, 1 / 6, 1 / 6].map(Math.fround));
  const kept = comparisonMatrix([{ ranks: [2, 1] }, { ranks: [1, 1, 2] }], 'kept-pairs');
  expect(Array.from(kept.weights)).toEqual([0.5, 0.25, 0.25]);
});

test('D34, D35: its weighted loss is the mean over prompts of the plain loss', () => {
  const prompt = fc.integer({ min: 2, max: 9 }).chain((K) =>
    fc.record({
      scores: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: K, maxLength: K }),
      ranks: fc.array(fc.integer({ min: 1, max: K }), { minLength: K, maxLength: K }),
      labeler: fc.constantFrom('ann', 'bob'),
    }),
  );
  const divisor = fc.constantFrom<'all-pairs' | 'kept-pairs'>('all-pairs', 'kept-pairs');
  fc.assert(
    fc.property(fc.array(prompt, { minLength: 1, maxLength: 4 }), divisor, (batch, d) => {
      const { signs, weights, count } = comparisonMatrix(batch, d);
      const scores = batch.flatMap((one) => one.scores);
      let loss = 0;
      for (let m = 0; m < count; m++) {
        const margin = scores.reduce(
          (sum, score, n) => sum + score * (signs[m * scores.length + n] ?? NaN),
          0,
        );
        loss += (weights[m] ?? NaN) * Math.log1p(Math.exp(-margin));
      }
      const plain = batch.map(({ scores: s, ranks }) => rankingLoss(s, ranks, d).loss);
      expect(loss).toBeCloseTo(plain.reduce((sum, x) => sum + x, 0) / batch.length, 5);
      expect(splitScores(scores, batch)).toEqual(batch);
    }),
  );
});
