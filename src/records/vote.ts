/**
 * A blind comparison of two checkpoints by the person at the page: what is shown on which side, the choice, and the
 * sitting that is under way.
 * The arithmetic of win rates is not here.
 */
import type { OutputRating } from './output-rating.ts';
import type { Prompt } from './prompt.ts';
import type { Completion } from './ranking.ts';

export const VOTE_CHOICES = ['left', 'right', 'tie', 'both-bad'] as const;
export type VoteChoice = (typeof VOTE_CHOICES)[number];

export interface Vote {
  readonly id: string;
  readonly prompt: Prompt;
  /** As shown; `policy` names the checkpoint that wrote each side. */
  readonly left: Completion;
  readonly right: Completion;
  readonly choice: VoteChoice;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What was said of the left and of the right text by itself; null for one of which nothing was. */
  readonly ratings?: readonly (OutputRating | null)[];
}

/** A pair shown blind to the judge at the page. */
export interface BlindPair {
  readonly id: string;
  readonly prompt: Prompt;
  readonly left: Completion;
  readonly right: Completion;
}

/** Blind voting under way between two checkpoints, by id. */
export interface Sitting {
  readonly first: string;
  readonly second: string;
  readonly pairs: readonly BlindPair[];
  /** Pairs voted on so far. */
  readonly at: number;
  /** True once the sides are known; no pair is shown any more. */
  readonly revealed: boolean;
}
