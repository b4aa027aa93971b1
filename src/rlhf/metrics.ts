/**
 * The numbers that training records, as pure functions of plain masked arrays, under the names that TRL
 * emits. Where TRL averages over padding, these do not: adding padding changes nothing. Functions that belong
 * to one formula live with it (kl.ts, clipping.ts, ranking-loss.ts); this file assembles the records. TRL's `eps` is not
 * among them: a record is the same to the bit whenever it is computed (O17). The command line shows it as it runs.
 *
 * Token arrays are flat [B x R] with a prefix mask; per-response arrays are [B].
 */
import type { ComparisonAccuracy, LabelerAccuracy } from '../records/reward-report.ts';
import {
  approxKl,
  clipFraction,
  clippedPolicyLoss,
  clippedValueLoss,
  valueClipFraction,
} from './clipping.ts';
import { sequenceKl, type KlEstimator, type KlInput } from './kl.ts';
import {
  at,
  expectLength,
  maskedMean,
  maskedSum,
  maskedVariance,
  mean,
  responseLengths,
  type Numbers,
  type TokenShape,
} from './masked.ts';
import { comparisonsFromRanks, countCorrect } from './ranking-loss.ts';

/**
 * `objective/kl`: mean over responses of the sum over live tokens of log pi - log reference, nats. Always k1, whatever
 * the penalty is made of, so that runs can be compared (TRL: the estimator of the penalty).
 */
export function objectiveKl(input: Omit<KlInput, 'estimator'>): number {
  return mean(sequenceKl({ ...input, estimator: 'k1' }));
}

/** `objective/entropy`: mean over responses of the sum over live tokens of -log pi(sampled token), nats. */
export function objectiveEntropy(logProbabilities: Numbers, mask: Numbers, B: number): number {
  return -maskedSum(logProbabilities, mask) / B;
}

/** `objective/non_score_reward`: -beta times the mean KL that is charged per response; negative as a rule. */
export function nonScoreReward(beta: number, kl: number): number {
  return -beta * kl;
}

/** `objective/rlhf_reward`: mean score plus `objective/non_score_reward`. */
export function rlhfReward(scores: Numbers, nonScore: number): number {
  return mean(scores) + nonScore;
}

/** `objective/sqrt_kl`: square root of `objective/kl`, 0 where the estimate is negative (Gao et al.). */
export function sqrtKl(kl: number): number {
  return Math.sqrt(Math.max(0, kl));
}

/** `val/num_eos_tokens`: responses that ended themselves. */
export function eosCount(ended: readonly boolean[]): number {
  return ended.filter(Boolean).length;
}

/** `completions/clipped_ratio`: share of responses cut at the length limit. */
export function clippedRatio(ended: readonly boolean[]): number {
  if (ended.length === 0) throw new RangeError('no response');
  return 1 - eosCount(ended) / ended.length;
}

/** `completions/mean_length`: live tokens per response, EOS included. */
export function meanLength(mask: Numbers, shape: TokenShape): number {
  return mean(responseLengths(mask, shape));
}

/** `ppo/val/error`: mean squared difference of value and return over live tokens. */
export function valueError(values: Numbers, returns: Numbers, mask: Numbers): number {
  expectLength('values', values, mask.length);
  expectLength('returns', returns, mask.length);
  return maskedMean(
    mapTokens(mask, (i) => (at(values, i) - at(returns, i)) ** 2),
    mask,
  );
}

/**
 * `ppo/val/var_explained`: 1 - mean squared error / variance of the returns, over live tokens (Ziegler et
 * al.). Not bounded below; 0 when the returns do not vary.
 */
export function varianceExplained(values: Numbers, returns: Numbers, mask: Numbers): number {
  const variance = maskedVariance(returns, mask);
  return variance === 0 ? 0 : 1 - valueError(values, returns, mask) / variance;
}

/** Importance ratios pi_new / pi_old, [B x R], 0 on padding. */
export function importanceRatios(
  logProbabilities: Numbers,
  oldLogProbabilities: Numbers,
  mask: Numbers,
): Float64Array {
  return mapTokens(mask, (i) => Math.exp(at(logProbabilities, i) - at(oldLogProbabilities, i)));
}

/** D14: the largest distance of any live token's ratio from 1; 0 up to rounding before the first step. */
export function maxRatioDeviation(ratios: Numbers, mask: Numbers): number {
  expectLength('ratios', ratios, mask.length);
  let largest = 0;
  for (let i = 0; i < mask.length; i++) {
    if (at(mask, i) === 1) largest = Math.max(largest, Math.abs(at(ratios, i) - 1));
  }
  return largest;
}

/** `loss/policy_avg`: mean over live tokens of the clipped policy loss (D17). */
export function policyLoss(
  ratios: Numbers,
  advantages: Numbers,
  mask: Numbers,
  epsilon: number,
): number {
  const losses = mapTokens(
    mask,
    (i) => clippedPolicyLoss(at(ratios, i), at(advantages, i), epsilon).loss,
  );
  return maskedMean(losses, mask);
}

/** `loss/value_avg`: mean over live tokens of the clipped value loss, before its coefficient (D17). */
export function valueLoss(
  values: Numbers,
  oldValues: Numbers,
  returns: Numbers,
  mask: Numbers,
  epsilon: number,
): number {
  const losses = mapTokens(
    mask,
    (i) => clippedValueLoss(at(values, i), at(oldValues, i), at(returns, i), epsilon).loss,
  );
  return maskedMean(losses, mask);
}

/** f of each live index, 0 elsewhere. */
function mapTokens(mask: Numbers, f: (i: number) => number): Float64Array {
  const result = new Float64Array(mask.length);
  for (let i = 0; i < mask.length; i++) if (at(mask, i) === 1) result[i] = f(i);
  return result;
}

export interface RolloutBatch extends Omit<KlInput, 'estimator'> {
  /** Reward-model scores, [B]. */
  readonly scores: Numbers;
  /** Whether each response holds EOS, [B]. */
  readonly ended: readonly boolean[];
  readonly beta: number;
  /** Estimator of the KL that the rewards are charged with, default `k1`; `none` when it is in the loss instead. */
  readonly charged?: KlEstimator | 'none';
}

/** What one batch of rollouts says before any update. */
export function rolloutMetrics(batch: RolloutBatch): Record<string, number> {
  const { scores, ended, beta, logProbabilities, mask, B, charged = 'k1' } = batch;
  const kl = objectiveKl(batch);
  const nonScore =
    charged === 'none'
      ? 0
      : nonScoreReward(beta, mean(sequenceKl({ ...batch, estimator: charged })));
  return {
    'objective/kl': kl,
    'objective/sqrt_kl': sqrtKl(kl),
    'objective/kl_coef': beta,
    'objective/entropy': objectiveEntropy(logProbabilities, mask, B),
    'objective/scores': mean(scores),
    'objective/non_score_reward': nonScore,
    'objective/rlhf_reward': rlhfReward(scores, nonScore),
    'val/num_eos_tokens': eosCount(ended),
    'completions/mean_length': meanLength(mask, batch),
    'completions/clipped_ratio': clippedRatio(ended),
  };
}

export interface AdvantageBatch {
  readonly advantages: Numbers;
  readonly returns: Numbers;
  /** Values at rollout time. */
  readonly values: Numbers;
  readonly mask: Numbers;
  /** Live states, where they are not the live tokens (a score paid after the last one). */
  readonly stateMask?: Numbers;
}

/** What the value function got right, and the spread of what it is trained on; unwhitened advantages. */
export function valueMetrics(batch: AdvantageBatch): Record<string, number> {
  const { advantages, returns, values, mask, stateMask = mask } = batch;
  return {
    'ppo/returns/mean': maskedMean(returns, stateMask),
    'ppo/returns/var': maskedVariance(returns, stateMask),
    'ppo/val/mean': maskedMean(values, stateMask),
    'ppo/val/var': maskedVariance(values, stateMask),
    'ppo/val/error': valueError(values, returns, stateMask),
    'ppo/val/var_explained': varianceExplained(values, returns, stateMask),
    'ppo/val/advantage': maskedMean(advantages, mask),
  };
}

export interface UpdateBatch {
  readonly logProbabilities: Numbers;
  readonly oldLogProbabilities: Numbers;
  /** Entropy of the whole next-token distribution at each position, nats. */
  readonly entropies: Numbers;
  /** As the policy loss used them (whitened if it whitens). */
  readonly advantages: Numbers;
  readonly values: Numbers;
  readonly oldValues: Numbers;
  readonly returns: Numbers;
  readonly mask: Numbers;
  /** Live states, which the value loss is over; as in {@link AdvantageBatch}. */
  readonly stateMask?: Numbers;
  readonly policyClip: number;
  readonly valueClip: number;
}

/**
 * What one minibatch update did, all over live tokens. `val/ratio_var` is the population variance of the
 * ratios (TRL: of the minibatch means). Average several minibatches by their live tokens.
 */
export function updateMetrics(batch: UpdateBatch): Record<string, number> {
  const { logProbabilities, oldLogProbabilities, advantages, mask, policyClip } = batch;
  const { values, oldValues, returns, valueClip, stateMask = mask } = batch;
  const ratios = importanceRatios(logProbabilities, oldLogProbabilities, mask);
  return {
    'policy/approxkl_avg': approxKl(logProbabilities, oldLogProbabilities, mask),
    'policy/clipfrac_avg': clipFraction(ratios, advantages, mask, policyClip),
    'policy/entropy_avg': maskedMean(batch.entropies, mask),
    'loss/policy_avg': policyLoss(ratios, advantages, mask, policyClip),
    'loss/value_avg': valueLoss(values, oldValues, returns, stateMask, valueClip),
    'val/clipfrac_avg': valueClipFraction(values, oldValues, returns, stateMask, valueClip),
    'ppo/val/vpred': maskedMean(values, stateMask),
    'val/ratio': maskedMean(ratios, mask),
    'val/ratio_var': maskedVariance(ratios, mask),
  };
}

/** One ranked prompt with the reward model's K scores. */
export interface ScoredRanking {
  readonly scores: Numbers;
  readonly ranks: Numbers;
  readonly labeler: string;
}

/** Share of comparisons whose winner scores strictly higher (D41), and of how many. */
export function comparisonAccuracy(rankings: readonly ScoredRanking[]): ComparisonAccuracy {
  let correct = 0;
  let n = 0;
  for (const { scores, ranks } of rankings) {
    const count = countCorrect(scores, ranks);
    correct += count.correct;
    n += count.total;
  }
  return { accuracy: n === 0 ? null : correct / n, n };
}

/** `accuracy`: the share of {@link comparisonAccuracy} alone. NaN without comparisons. */
export function rankingAccuracy(rankings: readonly ScoredRanking[]): number {
  return comparisonAccuracy(rankings).accuracy ?? NaN;
}

/** TRL's `eval/accuracy_by_labeler`: {@link comparisonAccuracy} for each labeler's rankings apart, by name. */
export function accuracyByLabeler(rankings: readonly ScoredRanking[]): LabelerAccuracy[] {
  return [...new Set(rankings.map(({ labeler }) => labeler))].sort().map((labeler) => ({
    labeler,
    ...comparisonAccuracy(rankings.filter((ranking) => ranking.labeler === labeler)),
  }));
}

/** Score of the winner minus score of the loser for each comparison of each prompt. */
export function margins(rankings: readonly ScoredRanking[]): number[] {
  return rankings.flatMap(({ scores, ranks }) =>
    comparisonsFromRanks(ranks).map(({ winner, loser }) => at(scores, winner) - at(scores, loser)),
  );
}

/** The reward model's record: `accuracy`, `margin` (mean), and the range of the scores. */
export function rewardMetrics(rankings: readonly ScoredRanking[]): Record<string, number> {
  const scores = rankings.flatMap((ranking) => Array.from(ranking.scores));
  return {
    accuracy: rankingAccuracy(rankings),
    margin: mean(margins(rankings)),
    min_reward: scores.reduce((least, score) => Math.min(least, score), Infinity),
    mean_reward: mean(scores),
    max_reward: scores.reduce((most, score) => Math.max(most, score), -Infinity),
  };
}
