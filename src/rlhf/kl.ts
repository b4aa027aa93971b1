/**
 * The KL penalty of the paper's Eq. 2 as token rewards: estimators, shaped rewards, the price of a response
 * that never ended, and the adaptive coefficient. Samples come from the policy, so every estimator here
 * estimates KL(policy || reference). Plain arrays; nothing here is differentiated (D23).
 */
import {
  at,
  expectLength,
  maskedMean,
  responseLengths,
  type Numbers,
  type TokenShape,
} from './masked.ts';

/**
 * Per-token estimators of KL(policy || reference) (Schulman, "Approximating KL divergence"):
 * `k1` unbiased, can be negative; `k2` half the squared log ratio, biased; `k3` unbiased and never negative.
 * Unbiased as an estimate does not mean usable as a reward: k3 in the reward has no restoring force (D25).
 */
export type KlEstimator = 'k1' | 'k2' | 'k3';

/** One token's estimate in nats from the log-probabilities of the sampled token under both models (D26). */
export function klEstimate(
  estimator: KlEstimator,
  logProbability: number,
  referenceLogProbability: number,
): number {
  const logRatio = logProbability - referenceLogProbability;
  switch (estimator) {
    case 'k1':
      return logRatio;
    case 'k2':
      return 0.5 * logRatio * logRatio;
    case 'k3':
      return Math.expm1(-logRatio) + logRatio;
    default:
      return estimator satisfies never;
  }
}

/**
 * Derivative of {@link klEstimate} by the policy's log-probability of the token: what the estimate does as a term of the
 * loss. In expectation on policy k1 gives nothing, k2 the gradient of KL(policy || reference) in that state, and k3 that
 * of KL(reference || policy) (D25).
 */
export function klEstimateSlope(
  estimator: KlEstimator,
  logProbability: number,
  referenceLogProbability: number,
): number {
  const logRatio = logProbability - referenceLogProbability;
  switch (estimator) {
    case 'k1':
      return 1;
    case 'k2':
      return logRatio;
    case 'k3':
      return -Math.expm1(-logRatio);
    default:
      return estimator satisfies never;
  }
}

export interface KlInput extends TokenShape {
  /** Log-probabilities of the sampled tokens under the policy at rollout time, [B x R]. */
  readonly logProbabilities: Numbers;
  /** The same under the frozen reference, [B x R]. */
  readonly referenceLogProbabilities: Numbers;
  /** Prefix mask of live tokens, EOS included, [B x R]. */
  readonly mask: Numbers;
  /** Default `k1`. */
  readonly estimator?: KlEstimator;
}

/** Estimates per token, [B x R], 0 on padding (D11). Throws RangeError on wrong lengths or masks. */
export function tokenKl(input: KlInput): Float32Array {
  const { logProbabilities, referenceLogProbabilities, mask, B, R, estimator = 'k1' } = input;
  expectLength('logProbabilities', logProbabilities, B * R);
  expectLength('referenceLogProbabilities', referenceLogProbabilities, B * R);
  const lengths = responseLengths(mask, { B, R });
  const kl = new Float32Array(B * R);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < at(lengths, b); t++) {
      const i = b * R + t;
      kl[i] = klEstimate(estimator, at(logProbabilities, i), at(referenceLogProbabilities, i));
    }
  }
  return kl;
}

/** Sum over the live tokens of each response in nats, [B]. */
export function sequenceKl(input: KlInput): Float32Array {
  const { B, R } = input;
  const kl = tokenKl(input);
  const sums = new Float32Array(B);
  for (let b = 0; b < B; b++) {
    let sum = 0;
    for (let t = 0; t < R; t++) sum += at(kl, b * R + t);
    sums[b] = sum;
  }
  return sums;
}

/** `loss/kl_avg`: mean estimate over live tokens, the KL term of the loss before its coefficient (D17). */
export function meanTokenKl(input: KlInput): number {
  return maskedMean(tokenKl(input), input.mask);
}

/**
 * Where a response's score is paid (D10): with its last live token, or one position after it where there is room (TRL),
 * so that the value of the state after EOS stands between.
 */
export type ScorePosition = 'last-token' | 'after-last';

/** Mask of the states that have a reward and a value of their own: one longer than `mask` for `after-last`. */
export function stateMask(
  mask: Float32Array,
  { B, R }: TokenShape,
  scorePosition: ScorePosition,
): Float32Array {
  const lengths = responseLengths(mask, { B, R });
  const states = mask.slice();
  if (scorePosition === 'last-token') return states;
  lengths.forEach((length, b) => {
    if (length < R) states[b * R + length] = 1;
  });
  return states;
}

export interface ShapedRewardsInput extends KlInput {
  /** One score per response, [B], with any end penalty already applied. */
  readonly scores: Numbers;
  /** KL coefficient, 0.02 in the paper (S54); 0 when the KL is in the loss. */
  readonly beta: number;
  /** Default `last-token`. */
  readonly scorePosition?: ScorePosition;
}

export interface ShapedRewards {
  /** -beta * KL estimate, plus the score at its position, [B x R], 0 on padding. */
  readonly rewards: Float32Array;
  /** The KL estimates, [B x R], 0 on padding. */
  readonly kl: Float32Array;
  /** The two parts of the rewards: {@link klPenalty} of each token, and the score where it is paid, [B x R]. */
  readonly penalties: Float32Array;
  readonly tokenScores: Float32Array;
}

/** What a token's KL estimate adds to its reward: -beta * estimate. */
export function klPenalty(beta: number, estimate: number): number {
  return -beta * estimate;
}

/**
 * Token rewards (D10 to D12). The score lands on the last live token (the EOS action, or the last token of a response
 * that was cut) or one position after it. Throws RangeError on wrong lengths and when a response has no live token.
 */
export function shapedRewards(input: ShapedRewardsInput): ShapedRewards {
  const { scores, beta, mask, B, R, scorePosition = 'last-token' } = input;
  expectLength('scores', scores, B);
  const kl = tokenKl(input);
  const lengths = responseLengths(mask, { B, R });
  const rewards = new Float32Array(B * R);
  const penalties = new Float32Array(B * R);
  const tokenScores = new Float32Array(B * R);
  for (let b = 0; b < B; b++) {
    const length = at(lengths, b);
    if (length === 0) throw new RangeError(`response ${b} has no live token to carry its score`);
    const paid = scorePosition === 'after-last' && length < R ? length : length - 1;
    for (let t = 0; t <= paid; t++) {
      const i = b * R + t;
      const score = t === paid ? at(scores, b) : 0;
      const penalty = klPenalty(beta, at(kl, i));
      tokenScores[i] = score;
      penalties[i] = penalty;
      rewards[i] = score + penalty;
    }
  }
  return { rewards, kl, penalties, tokenScores };
}

/**
 * What a response pays for not ending itself (D9): nothing, `value` subtracted from its score (TRL), or its
 * score replaced by `value` (Ziegler et al.).
 */
export interface MissingEosPenalty {
  readonly kind: 'none' | 'subtract' | 'replace';
  readonly value: number;
}

/** Scores [B] after the penalty; `ended[b]` says whether response b holds EOS. Returns a new array. */
export function applyMissingEosPenalty(
  scores: Numbers,
  ended: readonly boolean[],
  penalty: MissingEosPenalty,
): Float32Array {
  expectLength('scores', scores, ended.length);
  const charged = Float32Array.from(scores);
  if (penalty.kind === 'none') return charged;
  for (let b = 0; b < charged.length; b++) {
    if (ended[b] === true) continue;
    charged[b] = penalty.kind === 'replace' ? penalty.value : at(scores, b) - penalty.value;
  }
  return charged;
}

export interface AdaptiveKl {
  readonly beta: number;
  /** Mean over responses of the KL summed over tokens, nats. */
  readonly kl: number;
  /** Wanted value of the same. */
  readonly target: number;
  /** Episodes over which a clipped error of 20 % changes beta by about 20 %; 10,000 in Ziegler et al. */
  readonly horizon: number;
  /** Episodes since the last step. */
  readonly episodes: number;
}

/** Next beta by the proportional controller of Ziegler et al. (arXiv 1909.08593), error clipped to 20 % (D24). */
export function adaptiveKlStep({ beta, kl, target, horizon, episodes }: AdaptiveKl): number {
  const error = Math.min(0.2, Math.max(-0.2, kl / target - 1));
  return beta * (1 + (error * episodes) / horizon);
}
