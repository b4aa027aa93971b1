/** What two noisy labelers agree on, and what that says about the noise. */
import { countAgreement } from '../../../src/records/labeler-agreement.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import {
  accuracyCeiling,
  agreementFromFlipRate,
  flipRateFromAgreement,
  noiseLaw,
} from '../../../src/rlhf/agreement.ts';
import oracles from '../../golden/oracles.json';

describe('agreement', () => {
  test.each(oracles.labelers)('O14: flip rate $flip', (golden) => {
    expect(agreementFromFlipRate(golden.flip)).toBeCloseTo(golden.two_labeler_agreement, 12);
    const ceiling = accuracyCeiling(golden.two_labeler_agreement);
    expect(ceiling).toBeCloseTo(golden.best_rm_accuracy_vs_one_labeler, 12);
  });

  test("O14: the paper's 72.6 % means a flip rate of 0.1638 and a ceiling of 83.6 %", () => {
    expect(flipRateFromAgreement(0.726)).toBeCloseTo(0.163845, 6);
    expect(accuracyCeiling(0.726)).toBeCloseTo(0.836155, 6);
    expect(flipRateFromAgreement(0.4)).toBe(0.5);
  });

  test('O14: an injected flip rate is recovered from the agreement of two labelers', () => {
    const rng = Rng.named(7, 'flips');
    const label = (): [number, number] => (rng.chance(0.15) ? [2, 1] : [1, 2]);
    const PAIRS = 40_000;
    let agreed = 0;
    for (let i = 0; i < PAIRS; i++) agreed += countAgreement(label(), label()).agreed;
    // Three standard errors of the agreement, through the slope d(flip)/d(agreement) = 1 / (2 - 4 flip).
    const error = (3 * Math.sqrt((0.745 * 0.255) / PAIRS)) / (2 - 4 * 0.15);
    expect(Math.abs(flipRateFromAgreement(agreed / PAIRS) - 0.15)).toBeLessThan(error);
  });

  test('O14: noise that depends on the pair', () => {
    const law = noiseLaw([0.5, 1, 0.2]);
    expect(law.agreement).toBeCloseTo((0.5 + 1 + 0.68) / 3, 12);
    expect(law.ceiling).toBeCloseTo((0.5 + 1 + 0.8) / 3, 12);
    const equal = noiseLaw([0.85, 0.15]);
    expect(equal.ceiling).toBeCloseTo(accuracyCeiling(equal.agreement), 12);
  });

  test('only pairs that both ordered strictly are counted', () => {
    expect(countAgreement([1, 2, 3], [1, 2, 3])).toEqual({ agreed: 3, total: 3 });
    expect(countAgreement([1, 2, 3], [3, 2, 1])).toEqual({ agreed: 0, total: 3 });
    expect(countAgreement([1, 1, 3], [1, 2, 2])).toEqual({ agreed: 1, total: 1 });
  });

  test('O14: counts equal the plain loop over pairs, for K from 2 to 9 with ties', () => {
    const two = fc.integer({ min: 2, max: 9 }).chain((K) => {
      const ranks = fc.array(fc.integer({ min: 1, max: K }), { minLength: K, maxLength: K });
      return fc.tuple(ranks, ranks);
    });
    fc.assert(
      fc.property(two, ([a, b]) => {
        let [agreed, total] = [0, 0];
        for (let i = 0; i < a.length; i++) {
          for (let j = 0; j < i; j++) {
            if (a[i] === a[j] || b[i] === b[j]) continue;
            total++;
            const first = (a[i] ?? NaN) > (a[j] ?? NaN);
            const second = (b[i] ?? NaN) > (b[j] ?? NaN);
            if (first === second) agreed++;
          }
        }
        expect(countAgreement(a, b)).toEqual({ agreed, total });
        expect(countAgreement(b, a)).toEqual({ agreed, total });
      }),
    );
    expect(() => countAgreement([1, 2], [1])).toThrow(/second has 1 elements, expected 2/);
  });

  test('O14: flip rate and agreement are each other inverse up to one half', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.49, noNaN: true }), (flip) => {
        const agreement = agreementFromFlipRate(flip);
        expect(agreement).toBeCloseTo(1 - 2 * flip * (1 - flip), 12);
        expect(flipRateFromAgreement(agreement)).toBeCloseTo(flip, 7);
        expect(accuracyCeiling(agreement)).toBeCloseTo(1 - flip, 7);
      }),
    );
  });

  test('O14: under Bradley-Terry noise, two labelers and the best reward model do what the law says', () => {
    const rng = Rng.named(11, 'bradley-terry labelers');
    const p = [-2, -0.5, 0.2, 1, 3].map((gap) => 1 / (1 + Math.exp(-gap)));
    const law = noiseLaw(p);
    let [agreed, right] = [0, 0];
    const DRAWS = 8000;
    for (let n = 0; n < DRAWS; n++) {
      for (const chance of p) {
        const [first, second] = [rng.chance(chance), rng.chance(chance)];
        if (first === second) agreed++;
        if (first === chance > 0.5) right++;
      }
    }
    // Four standard errors of a share near 0.8 among 40,000 draws.
    expect(Math.abs(agreed / (5 * DRAWS) - law.agreement)).toBeLessThan(0.008);
    expect(Math.abs(right / (5 * DRAWS) - law.ceiling)).toBeLessThan(0.008);
  });
});
