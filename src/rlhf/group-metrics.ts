/**
 * Group methods in plain arrays: groups of equal size one after the other, the weight of each token in the loss, and
 * the records of GRPO and RLOO under TRL's names. Token arrays are flat [B x R] with a prefix mask. TRL's `step_time`
 * is not here: nothing in this folder reads a clock.
 */
import { exactDivide } from '../data/batches.ts';
import { clippedRatio } from './metrics.ts';
import {
  at,
  expectLength,
  mean,
  responseLengths,
  type Numbers,
  type TokenShape,
} from './masked.ts';

/** Groups of `size` numbers that follow each other, turned into as many numbers each. */
export function byGroup(
  rewards: Numbers,
  size: number,
  advantages: (group: number[]) => number[],
): Float32Array {
  const groups = exactDivide(rewards.length, size, 'responses per group');
  const all = Array.from(rewards);
  const result = new Float32Array(rewards.length);
  for (let g = 0; g < groups; g++) {
    result.set(advantages(all.slice(g * size, (g + 1) * size)), g * size);
  }
  return result;
}

/**
 * `sequence` (GRPO): each response counts the same, its tokens share that. `constant` (Dr. GRPO): each token counts the
 * same whatever the length of its response, over B times the longest length R.
 */
export type TokenNormalisation = 'sequence' | 'constant';

/** Weight of each token in the loss, flat [B x R], 0 on padding. Every response needs a live token. */
export function tokenWeights(
  mask: Numbers,
  { B, R }: TokenShape,
  normalisation: TokenNormalisation,
): Float32Array {
  const lengths = responseLengths(mask, { B, R });
  const weights = new Float32Array(B * R);
  for (let b = 0; b < B; b++) {
    const length = at(lengths, b);
    if (length === 0) throw new RangeError(`response ${b} has no live token`);
    const divisor = normalisation === 'sequence' ? length : R;
    weights.fill(1 / (divisor * B), b * R, b * R + length);
  }
  return weights;
}

/** Bessel-corrected standard deviation of at least two numbers. */
function deviation(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/**
 * Scores [B] in groups of `size`: `reward` is their mean before any KL penalty, `reward_std` the mean over groups of the
 * group's standard deviation, `frac_reward_zero_std` the share of groups that teach nothing, `rewards/score/*` overall.
 */
export function groupRewardMetrics(scores: Numbers, size: number): Record<string, number> {
  const all = Array.from(scores);
  const groups = exactDivide(all.length, size, 'responses per group');
  const deviations = Array.from({ length: groups }, (_, g) =>
    deviation(all.slice(g * size, (g + 1) * size)),
  );
  return {
    reward: mean(all),
    reward_std: mean(deviations),
    frac_reward_zero_std: deviations.filter((sd) => sd < 1e-8).length / groups,
    'rewards/score/mean': mean(all),
    'rewards/score/std': deviation(all),
  };
}

/** `completions/*`: lengths of all responses, of those that ended themselves (0 when none did), and the share cut. */
export function completionLengthMetrics(
  lengths: Numbers,
  ended: readonly boolean[],
): Record<string, number> {
  expectLength('lengths', lengths, ended.length);
  const all = Array.from(lengths);
  const own = all.filter((_, b) => ended[b] === true);
  const terminated = own.length > 0 ? own : [0];
  return {
    'completions/mean_length': mean(all),
    'completions/min_length': Math.min(...all),
    'completions/max_length': Math.max(...all),
    'completions/mean_terminated_length': mean(terminated),
    'completions/min_terminated_length': Math.min(...terminated),
    'completions/max_terminated_length': Math.max(...terminated),
    'completions/clipped_ratio': clippedRatio(ended),
  };
}

export interface ClipShares {
  /** Share of ratios below the lower bound with a negative advantage: no gradient from there. */
  readonly low: number;
  /** Share of ratios above the upper bound with a positive advantage. */
  readonly high: number;
}

/** Over entries whose mask is 1; `ratios`, `advantages` and `mask` have one entry per token or per response. */
export function clipShares(
  ratios: Numbers,
  advantages: Numbers,
  mask: Numbers,
  epsilon: number,
): ClipShares {
  let [low, high, live] = [0, 0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (at(mask, i) !== 1) continue;
    live++;
    if (at(ratios, i) < 1 - epsilon && at(advantages, i) < 0) low++;
    if (at(ratios, i) > 1 + epsilon && at(advantages, i) > 0) high++;
  }
  return { low: low / live, high: high / live };
}

/** `clip_ratio/*` of the updates of one step. TRL's extremes are over processes, these are over updates. */
export function clipRatioMetrics(shares: readonly ClipShares[]): Record<string, number> {
  const [low, high] = [shares.map((share) => share.low), shares.map((share) => share.high)];
  return {
    'clip_ratio/low_mean': mean(low),
    'clip_ratio/low_min': Math.min(...low),
    'clip_ratio/high_mean': mean(high),
    'clip_ratio/high_max': Math.max(...high),
    'clip_ratio/region_mean': mean(low) + mean(high),
  };
}
