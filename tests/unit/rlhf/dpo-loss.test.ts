/** DPO and IPO losses of one pair against their definitions, extremes included. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dpoPairLoss } from '../../../src/rlhf/dpo-loss.ts';

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
