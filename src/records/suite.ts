/** What the gold judges say of checkpoints over held-out prompts: rows to show and to store. The judging is elsewhere. */

/** A mean with its 95 % interval; NaN throughout where nothing was asked (`n` 0). */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** What a policy lost on pre-training text that nothing trains on. */
export interface AlignmentTax {
  /** Mean negative log-likelihood per token, nats. */
  readonly loss: number;
  /** The loss above that of the base model on the same rows, nats per token; `n` counts batches of rows. */
  readonly rise: Interval;
}

export interface SuiteReport {
  readonly checkpoint: string;
  readonly name: string;
  /** The likeliest token each time instead of samples at temperature 1; a mere sharpening shows here. */
  readonly greedy: boolean;
  readonly helpful: Interval;
  readonly truthful: Interval;
  readonly harmless: Interval;
  readonly gold: Interval;
  /** Mean tokens per response. */
  readonly length: number;
  readonly distinct2: number;
  /** Absent in judgements from before there was one, and where the judging was stopped before it was measured. */
  readonly tax?: AlignmentTax;
}

export interface Suite {
  readonly reports: readonly SuiteReport[];
  /** How often the first of two, named `A > B`, is judged better. */
  readonly pairs: readonly { readonly name: string; readonly rate: Interval }[];
}
