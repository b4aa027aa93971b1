/** Numbers in the equations: a mean loss taken apart, and the loss of one pair on its way from two rewards. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rankingLoss } from '../../../src/rlhf/ranking-loss.ts';
import { newestMean } from '../../../src/ui/objective-numbers.ts';
import { pairLoss, rankedPairs } from '../../../src/ui/pair-loss.ts';

const row = (step: number, loss: number, tokens: number) => ({
  step,
  values: { loss, num_tokens: tokens },
});

describe('a mean loss', () => {
  test('is its sum over the tokens of that step alone', () => {
    expect(newestMean([row(1, 3, 50), row(2, 2, 90)])).toEqual({ sum: 80, tokens: 40, loss: 2 });
    expect(newestMean([row(1, 3, 50)])).toEqual({ sum: 150, tokens: 50, loss: 3 });
  });

  test('is not taken apart where the step before is missing, or nothing is known', () => {
    expect(newestMean([row(5, 3, 50)])).toBeNull();
    expect(newestMean([row(3, 3, 50), row(5, 2, 90)])).toBeNull();
    expect(newestMean([])).toBeNull();
    expect(newestMean([{ step: 1, values: { loss: 2 } }])).toBeNull();
    expect(newestMean([{ step: 1, values: { num_tokens: 9 } }])).toBeNull();
  });
});

describe('one pair', () => {
  test('has the loss that the reward model trains on, and the probability that it is the log of', () => {
    const reward = fc.double({ min: -300, max: 300, noNaN: true });
    fc.assert(
      fc.property(reward, reward, (chosen, rejected) => {
        const { difference, probability, loss } = pairLoss(chosen, rejected);
        expect(difference).toBe(chosen - rejected);
        expect(loss).toBeCloseTo(rankingLoss([chosen, rejected], [1, 2]).loss, 9);
        expect(probability).toBeCloseTo(Math.exp(-loss), 9);
      }),
    );
    expect(pairLoss(0, 0)).toEqual({ difference: 0, probability: 0.5, loss: Math.log(2) });
  });

  test('is read from a file of preferences, line by line', () => {
    const pair = { prompt: 'p', chosen: 'good', rejected: 'bad' };
    const text = `${JSON.stringify(pair)}\n\n${JSON.stringify({ prompt: 'p' })}\n`;
    expect(rankedPairs(text)).toEqual([pair]);
    expect(rankedPairs('')).toEqual([]);
  });
});
