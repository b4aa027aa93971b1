/**
 * From a ranking to comparisons, and the paper's Eq. 1 for one prompt in plain numbers: all C(K,2) pairs of a
 * prompt are one batch element (S31). The tensor loss of the reward model is checked against this.
 * Only the score of the whole response enters, not the scores of its tokens (D40).
 */
import type { Comparison } from '../records/ranking.ts';
import { at, expectLength, type Numbers } from './masked.ts';

/**
 * What the sum over comparisons is divided by. `all-pairs`: C(K,2) with the tied pairs counted, so a prompt
 * full of ties weighs less. `kept-pairs`: the strict pairs only. The paper does not say (S34); without ties
 * both are the same. Default everywhere: `all-pairs`.
 */
export type PairDivisor = 'all-pairs' | 'kept-pairs';

/** All strict preferences, better (lower) rank first; ties are dropped (D36). `ranks[k]` belongs to k. */
export function comparisonsFromRanks(ranks: Numbers): Comparison[] {
  const comparisons: Comparison[] = [];
  for (let i = 0; i < ranks.length; i++) {
    for (let j = i + 1; j < ranks.length; j++) {
      const difference = at(ranks, i) - at(ranks, j);
      if (difference < 0) comparisons.push({ winner: i, loser: j });
      if (difference > 0) comparisons.push({ winner: j, loser: i });
    }
  }
  return comparisons;
}

/**
 * The divisor for K completions of which `kept` pairs are strict; 1 when nothing is kept, where the loss is 0.
 * Throws RangeError when K is below 2.
 */
export function pairDivisor(K: number, kept: number, divisor: PairDivisor = 'all-pairs'): number {
  if (K < 2) throw new RangeError(`a ranking needs at least 2 completions, got ${K}`);
  return divisor === 'all-pairs' ? (K * (K - 1)) / 2 : Math.max(1, kept);
}

/** log(1 + e^x) without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export interface RankingLoss {
  /** Nats. */
  readonly loss: number;
  /** Derivative with respect to each of the K scores; sums to 0. */
  readonly gradient: number[];
}

/** Sum over comparisons of -log sigmoid(score of winner - score of loser), over the divisor, for K scores. */
export function rankingLoss(
  scores: Numbers,
  ranks: Numbers,
  divisor: PairDivisor = 'all-pairs',
): RankingLoss {
  expectLength('scores', scores, ranks.length);
  const comparisons = comparisonsFromRanks(ranks);
  const weight = 1 / pairDivisor(ranks.length, comparisons.length, divisor);
  const gradient = new Array<number>(ranks.length).fill(0);
  let loss = 0;
  for (const { winner, loser } of comparisons) {
    const margin = at(scores, winner) - at(scores, loser);
    loss += weight * softplus(-margin);
    const slope = weight / (1 + Math.exp(margin));
    gradient[winner] = at(gradient, winner) - slope;
    gradient[loser] = at(gradient, loser) + slope;
  }
  return { loss, gradient };
}

/** How many comparisons the rankings of several prompts hold. */
export function comparisonCount(rankings: readonly { readonly ranks: Numbers }[]): number {
  return rankings.reduce((sum, { ranks }) => sum + comparisonsFromRanks(ranks).length, 0);
}

export interface PairCount {
  /** Comparisons whose winner scores strictly higher; equal scores count as wrong (D41). */
  readonly correct: number;
  /** Comparisons in all. */
  readonly total: number;
}

/** How many of a prompt's comparisons the scores get right. */
export function countCorrect(scores: Numbers, ranks: Numbers): PairCount {
  expectLength('scores', scores, ranks.length);
  const comparisons = comparisonsFromRanks(ranks);
  const correct = comparisons.filter(
    ({ winner, loser }) => at(scores, winner) > at(scores, loser),
  ).length;
  return { correct, total: comparisons.length };
}
