/**
 * A blind comparison of two checkpoints by the person at the page: what was shown on which side and the choice.
 * The arithmetic of win rates is not here.
 */
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
}
