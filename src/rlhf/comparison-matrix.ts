/**
 * The comparisons of several ranked prompts as one matrix, so that a batch needs one forward pass per completion
 * and one product for all pairs (S31, D34). Plain arrays; the tensor loss is in reward.ts.
 */
import type { ScoredRanking } from './metrics.ts';
import type { Numbers } from './masked.ts';
import { comparisonsFromRanks, pairDivisor, type PairDivisor } from './ranking-loss.ts';

export interface ComparisonMatrix {
  /** [M, N] row-major: +1 at the winner, -1 at the loser of comparison m. N counts all completions of the batch. */
  readonly signs: Float32Array;
  /** Weight of each comparison in the mean over prompts, [M]. */
  readonly weights: Float32Array;
  /** M */
  readonly count: number;
}

/** Signed incidence of comparisons and completions; every prompt weighs the same whatever its K (D35). */
export function comparisonMatrix(
  batch: readonly { readonly ranks: readonly number[] }[],
  divisor: PairDivisor,
): ComparisonMatrix {
  const completions = batch.reduce((sum, { ranks }) => sum + ranks.length, 0);
  const rows: { winner: number; loser: number; weight: number }[] = [];
  let offset = 0;
  for (const { ranks } of batch) {
    const comparisons = comparisonsFromRanks(ranks);
    const weight = 1 / (pairDivisor(ranks.length, comparisons.length, divisor) * batch.length);
    for (const { winner, loser } of comparisons) {
      rows.push({ winner: offset + winner, loser: offset + loser, weight });
    }
    offset += ranks.length;
  }
  const signs = new Float32Array(rows.length * completions);
  rows.forEach(({ winner, loser }, m) => {
    signs[m * completions + winner] = 1;
    signs[m * completions + loser] = -1;
  });
  return { signs, weights: Float32Array.from(rows, ({ weight }) => weight), count: rows.length };
}

/** Flat scores [N] cut up by prompt. */
export function splitScores(
  scores: Numbers,
  rankings: readonly { readonly ranks: readonly number[]; readonly labeler: string }[],
): ScoredRanking[] {
  const flat = Array.from(scores);
  let from = 0;
  return rankings.map(({ ranks, labeler }) => {
    const part = flat.slice(from, from + ranks.length);
    from += ranks.length;
    return { scores: part, ranks, labeler };
  });
}
