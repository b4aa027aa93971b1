/**
 * Bradley-Terry strengths with bootstrap intervals, and which policies may be compared at all. A vote or a ranking is
 * resampled as a whole, because the pairs of one ranking depend on each other. Not the maximum likelihood itself, which
 * is bradley-terry.ts.
 */
import type { Rng } from '../data/rng.ts';
import { bradleyTerry, winsFromVotes, type Vote } from './bradley-terry.ts';
import { quantile } from './intervals.ts';
import { at } from './masked.ts';

/** The comparisons that one vote or one ranking holds. */
export type Judgement = readonly Vote[];

/** Half a win on both sides of every pair: whoever never lost would be infinitely strong. */
export const BOARD_PRIOR = 0.5;
/** Resampled boards need no more digits than are shown. */
const ROUGH = 1e-6;

export interface StrengthInterval {
  /** Log strength; the mean over the board is 0. */
  readonly strength: number;
  readonly low: number;
  readonly high: number;
}

/** Players by groups that have met, directly or through others, each ascending; who met nobody is in none. */
export function connectedPlayers(judgements: readonly Judgement[], players: number): number[][] {
  const group = Array.from({ length: players }, (_, i) => i);
  for (const { first, second } of judgements.flat()) {
    const [from, to] = [at(group, second), at(group, first)];
    group.forEach((each, i) => {
      if (each === from) group[i] = to;
    });
  }
  const members = [...new Set(group)].map((each) =>
    group.flatMap((other, i) => (other === each ? [i] : [])),
  );
  return members.filter((of) => of.length > 1);
}

/**
 * Strengths of `players` policies with the 2.5 % and 97.5 % percentiles over resampled judgements; with
 * {@link BOARD_PRIOR}, so that a few votes give a finite board. Too narrow below some twenty judgements.
 */
export function strengthIntervals(
  judgements: readonly Judgement[],
  players: number,
  rng: Rng,
  resamples = 1000,
): StrengthInterval[] {
  const strengths = bradleyTerry(winsFromVotes(judgements.flat(), players), BOARD_PRIOR);
  const drawn = strengths.map(() => new Float64Array(resamples));
  for (let s = 0; s < resamples; s++) {
    const sample = judgements.flatMap(() => judgements[rng.int(judgements.length)] ?? []);
    const wins = winsFromVotes(sample, players);
    bradleyTerry(wins, BOARD_PRIOR, ROUGH).forEach((strength, i) => {
      const own = drawn[i];
      if (own !== undefined) own[s] = strength;
    });
  }
  return strengths.map((strength, i) => {
    const sorted = (drawn[i] ?? new Float64Array(resamples)).sort();
    return { strength, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  });
}
