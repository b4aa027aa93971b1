/**
 * How well two labelers agree, what noise that means, and the best accuracy a reward model could have against
 * such labels. Works on ranks of the same completions. The labelers themselves are elsewhere.
 */
import { at, expectLength, mean, type Numbers } from './masked.ts';

export interface AgreementCount {
  readonly agreed: number;
  readonly total: number;
}

/**
 * Pairs that both labelers ordered strictly, and how many of them in the same order. Pairs that either of
 * them tied are left out; the paper does not say what it did with ties (S74).
 */
export function countAgreement(first: Numbers, second: Numbers): AgreementCount {
  expectLength('second', second, first.length);
  let agreed = 0;
  let total = 0;
  for (let i = 0; i < first.length; i++) {
    for (let j = i + 1; j < first.length; j++) {
      const signs =
        Math.sign(at(first, i) - at(first, j)) * Math.sign(at(second, i) - at(second, j));
      if (signs === 0) continue;
      total++;
      if (signs > 0) agreed++;
    }
  }
  return { agreed, total };
}

/** Agreement of two labelers who each flip the true order independently: (1 - e)^2 + e^2. */
export function agreementFromFlipRate(flipRate: number): number {
  return (1 - flipRate) ** 2 + flipRate ** 2;
}

/** Inverse of {@link agreementFromFlipRate} on [0, 0.5]; agreement below one half gives 0.5. */
export function flipRateFromAgreement(agreement: number): number {
  return (1 - Math.sqrt(Math.max(0, 2 * agreement - 1))) / 2;
}

/** Best possible accuracy against one noisy label, 1 - e, from measured agreement. */
export function accuracyCeiling(agreement: number): number {
  return 1 - flipRateFromAgreement(agreement);
}

export interface NoiseLaw {
  /** E[p^2 + (1 - p)^2]. */
  readonly agreement: number;
  /** E[max(p, 1 - p)]. */
  readonly ceiling: number;
}

/** The same two numbers when pair i is ordered one way with its own probability p_i (gap-dependent noise). */
export function noiseLaw(probabilities: Numbers): NoiseLaw {
  const p = Array.from(probabilities);
  return {
    agreement: mean(p.map((x) => x * x + (1 - x) * (1 - x))),
    ceiling: mean(p.map((x) => Math.max(x, 1 - x))),
  };
}
