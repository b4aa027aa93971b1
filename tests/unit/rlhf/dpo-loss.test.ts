/** DPO and IPO losses of one pair against their definitions, extremes included. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dpoMetrics,
  dpoPairLoss,
  dpoTokenMetrics,
  logRatioDifference,
} from '../../../src/rlhf/dpo-loss.ts';

const kinds = fc.constantFrom('sigmoid', 'ipo' as const);
const beta = fc.double({ min: 0.05, max: 2, noNaN: true });
const h = fc.double({ min: -20, max: 20, noNaN: true });

describe('dpoPairLoss', () => {
  test('O10: at initialisation the sigmoid loss is log 2 and its slope -beta / 2', () => {
    expect(dpoPairLoss('sigmoid', 0, 0.1).loss).toBeCloseTo(Math.LN2, 15);
    expect(dpoPairLoss('sigmoid', 0, 0.1).gradient).toBeCloseTo(-0.05, 15);
    expect(dpoPairLoss('ipo', 0, 0.1)).toEqual({ loss: 25, gradient: -10 });
  });

  test('worked by hand: h = 2, beta = 0.5', () => {
    expect(dpoPairLoss('sigmoid', 2, 0.5).loss).toBeCloseTo(Math.log(1 + Math.exp(-1)), 15);
    expect(dpoPairLoss('ipo', 2, 0.5)).toEqual({ loss: 1, gradient: 2 });
  });

  test('the gradient is the central difference of the loss', () => {
    fc.assert(
      fc.property(kinds, h, beta, (kind, x, b) => {
        const slope = dpoPairLoss(kind, x + 1e-5, b).loss - dpoPairLoss(kind, x - 1e-5, b).loss;
        expect(dpoPairLoss(kind, x, b).gradient).toBeCloseTo(slope / 2e-5, 5);
      }),
    );
  });

  test('O10: with preference probability sigmoid(d) the expected loss is least where beta h = d', () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 3, noNaN: true }), beta, (d, b) => {
        const p = 1 / (1 + Math.exp(-d));
        const slope =
          p * dpoPairLoss('sigmoid', d / b, b).gradient -
          (1 - p) * dpoPairLoss('sigmoid', -d / b, b).gradient;
        expect(slope).toBeCloseTo(0, 12);
        // IPO's is at (p - 1/2) / beta.
        const ipo = (p - 0.5) / b;
        const other =
          p * dpoPairLoss('ipo', ipo, b).gradient - (1 - p) * dpoPairLoss('ipo', -ipo, b).gradient;
        expect(other).toBeCloseTo(0, 10);
      }),
    );
  });

  test('it stays finite where exponentials do not', () => {
    expect(dpoPairLoss('sigmoid', -1e4, 1)).toEqual({ loss: 1e4, gradient: -1 });
    expect(dpoPairLoss('sigmoid', 1e4, 1).loss).toBe(0);
    expect(dpoPairLoss('sigmoid', 1e4, 1).gradient).toBeCloseTo(0, 15);
  });
});

describe('dpoMetrics', () => {
  // Log-ratios: chosen +1 and -2, rejected -1 and -2 nats; h = 2 and 0.
  const pairs = [
    { chosen: -3, referenceChosen: -4, rejected: -6, referenceRejected: -5 },
    { chosen: -7, referenceChosen: -5, rejected: -9, referenceRejected: -7 },
  ];

  test('O10: worked by hand, a margin of zero is no success', () => {
    expect(pairs.map(logRatioDifference)).toEqual([2, 0]);
    const metrics = dpoMetrics(pairs, 'sigmoid', 0.5);
    expect(metrics).toEqual({
      loss: (Math.log(1 + Math.exp(-1)) + Math.LN2) / 2,
      'rewards/chosen': -0.25,
      'rewards/rejected': -0.75,
      'rewards/margins': 0.5,
      'rewards/accuracies': 0.5,
      'logps/chosen': -5,
      'logps/rejected': -7.5,
    });
    expect(dpoMetrics(pairs, 'ipo', 0.5)['loss']).toBe(1);
  });

  test('O10: a policy equal to its reference has implicit reward 0 and loss log 2', () => {
    const still = pairs.map((pair) => ({
      ...pair,
      referenceChosen: pair.chosen,
      referenceRejected: pair.rejected,
    }));
    const metrics = dpoMetrics(still, 'sigmoid', 0.1);
    expect(metrics['loss']).toBeCloseTo(Math.LN2, 15);
    for (const name of ['chosen', 'rejected', 'margins', 'accuracies']) {
      expect(metrics[`rewards/${name}`]).toBe(0);
    }
  });
});

test('logits and hits are means over live tokens of each side; accuracy counts the chosen side only', () => {
  // Two pairs of two columns: chosen rows hold 2 and 1 live tokens, rejected rows 1 and 2. NaN stands on padding.
  const metrics = dpoTokenMetrics({
    mask: [1, 1, 1, 0, 1, 0, 1, 1],
    entropies: [1, 2, 3, NaN, 4, NaN, 5, 6],
    meanLogits: [0.5, 1, 3, NaN, -1, NaN, -2, -6],
    correct: [1, 0, 0, 1, 1, 1, 1, 1],
  });
  expect(metrics).toEqual({
    entropy: 21 / 6,
    'logits/chosen': 1.5,
    'logits/rejected': -3,
    mean_token_accuracy: 1 / 3,
  });
});
