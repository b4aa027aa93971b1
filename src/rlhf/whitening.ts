/**
 * Masked whitening of advantages, and of rewards without a mean shift (D18 to D20).
 * Statistics and results cover live tokens only; padding stays 0.
 */
import {
  at,
  expectLength,
  maskedMean,
  maskedVariance,
  type Numbers,
  type TokenShape,
  type VarianceKind,
} from './masked.ts';

/** Fewer responses than this give no usable standard deviation (D20). */
export const MIN_ROWS_TO_WHITEN = 8;

/** Added to the variance, as in Ziegler et al. and TRL. */
const VARIANCE_FLOOR = 1e-8;

export interface WhitenOptions {
  /** `population` as Ziegler et al. (default), `bessel` as TRL. */
  readonly variance?: VarianceKind;
  /**
   * true (default): result has mean 0. false: only the spread changes, x -> x / sd + mean (1 - 1 / sd); with
   * responses of different lengths this adds a constant per token, which is a bias on length (D19).
   */
  readonly shiftMean?: boolean;
}

/** (x - mean) / sqrt(variance + 1e-8), plus the mean when it is not to be shifted. Same length as `values`. */
export function whiten(values: Numbers, mask: Numbers, options: WhitenOptions = {}): Float32Array {
  const { variance = 'population', shiftMean = true } = options;
  expectLength('values', values, mask.length);
  const mean = maskedMean(values, mask);
  const scale = 1 / Math.sqrt(maskedVariance(values, mask, variance) + VARIANCE_FLOOR);
  const result = new Float32Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    if (at(mask, i) === 1) result[i] = (at(values, i) - mean) * scale + (shiftMean ? 0 : mean);
  }
  return result;
}

/** Throws RangeError when a batch or minibatch has too few responses to be whitened. */
export function expectWhitenable(rows: number): void {
  if (rows < MIN_ROWS_TO_WHITEN) {
    throw new RangeError(
      `whitening needs at least ${MIN_ROWS_TO_WHITEN} responses, got ${rows}: use a larger batch or turn it off`,
    );
  }
}

/** {@link whiten} for token arrays [B x R], refused below eight responses. */
export function whitenTokens(
  values: Numbers,
  mask: Numbers,
  { B, R }: TokenShape,
  options: WhitenOptions = {},
): Float32Array {
  expectWhitenable(B);
  expectLength('values', values, B * R);
  return whiten(values, mask, options);
}
