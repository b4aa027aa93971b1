/**
 * What a person's blind votes between two checkpoints add up to. Ties and "both bad" count one half, as in the
 * paper's win rates. Not for judges over many prompts, whose intervals resample users.
 */
import type { Vote } from './vote.ts';

export interface VoteRate {
  /** Share won by the checkpoint in question, ties one half; 0.5 without votes. */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Standard normal quantile of 97.5 %. */
export const Z_95 = 1.959963984540054;

/** 1 when the votes's choice is the text of `checkpoint`, 0 when it is the other one, one half otherwise. */
export function pointsFor(
  checkpoint: string,
  vote: Pick<Vote, 'left' | 'right' | 'choice'>,
): number {
  if (vote.choice !== 'left' && vote.choice !== 'right') return 0.5;
  return vote[vote.choice].policy === checkpoint ? 1 : 0;
}

/**
 * Wilson's 95 % interval for the share that `checkpoint` wins; ties count one half each. It stays inside
 * [0, 1] and does not collapse when every vote agrees.
 */
export function voteRate(
  checkpoint: string,
  votes: readonly Pick<Vote, 'left' | 'right' | 'choice'>[],
): VoteRate {
  const wins = votes.reduce((sum, vote) => sum + pointsFor(checkpoint, vote), 0);
  return wilsonInterval(wins, votes.length);
}

/**
 * Percentage points by which the rate of n votes can miss: the normal 95 % half width at an even rate, whatever the
 * votes were (O18: 30 votes are good for 18 points). It depends on n alone, so it may be told before the sides are
 * revealed, and no Wilson interval of n votes reaches further from its centre.
 */
export function pointsOfError(n: number): number {
  return n === 0 ? 50 : Math.min(50, 100 * halfWidth(n));
}

/**
 * Wilson's interval for `wins` of `n` votes; ties may count one half each. Stays inside [0, 1] and does not
 * collapse when every vote agrees. Without votes: rate 0.5 and the whole range.
 */
export function wilsonInterval(wins: number, n: number, z: number = Z_95): VoteRate {
  if (wins < 0 || wins > n) throw new RangeError(`${wins} wins of ${n} votes`);
  if (n === 0) return { rate: 0.5, low: 0, high: 1, n };
  const rate = wins / n;
  const shrink = 1 + (z * z) / n;
  const centre = (rate + (z * z) / (2 * n)) / shrink;
  const half = (z * Math.sqrt((rate * (1 - rate)) / n + (z * z) / (4 * n * n))) / shrink;
  return { rate, low: Math.max(0, centre - half), high: Math.min(1, centre + half), n };
}

/** Half width of the normal 95 % interval of a proportion from n independent votes. */
export function halfWidth(n: number, rate = 0.5): number {
  return Z_95 * Math.sqrt((rate * (1 - rate)) / n);
}

/** Votes needed for a 95 % interval of plus or minus `half` (a share, not points), rounded up. */
export function votesNeeded(half: number, rate = 0.5): number {
  if (!(half > 0)) throw new RangeError(`half width must be positive, got ${half}`);
  const votes = (Z_95 * Z_95 * rate * (1 - rate)) / (half * half);
  // A width that was itself computed from n votes must give n back, not n + 1.
  return Math.ceil(votes * (1 - 1e-12));
}
