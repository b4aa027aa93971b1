/** What two noisy labelers agree on, and what that says about the noise. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import {
  accuracyCeiling,
  agreementFromFlipRate,
  countAgreement,
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
});
