/** Checkpoints by everything that a person has judged between them, as the page shows it. Types only: made in worker/human-board.ts. */
import type { SimulatedAgreement } from './human-evaluation.ts';

/** A checkpoint among others that a person compared it with. */
export interface BoardRow {
  readonly checkpoint: string;
  /** Elo points (400 per factor ten in odds) around a mean of 0, with a 95 % bootstrap interval. */
  readonly elo: number;
  readonly low: number;
  readonly high: number;
  /** Comparisons with others in which it was one of the two. */
  readonly comparisons: number;
}

/** What all of a person's votes and rankings between checkpoints add up to. */
export interface HumanBoard {
  /** Checkpoints that have met, directly or through others, best first; those of two groups cannot be compared. */
  readonly groups: readonly (readonly BoardRow[])[];
  /** Votes and rankings that compared checkpoints. */
  readonly judgements: number;
  /** Times that they were drawn again for the intervals. */
  readonly resamples: number;
  /** Of the person's rankings of several outputs with the simulated labelers'. */
  readonly agreement: SimulatedAgreement;
}
