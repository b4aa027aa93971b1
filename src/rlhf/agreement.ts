/**
 * What noise two labelers' agreement means, and the best accuracy a reward model could have against such labels.
 * Agreement is counted in records/labeler-agreement.ts; the labelers themselves are elsewhere.
 */
import { mean, type Numbers } from './masked.ts';

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
