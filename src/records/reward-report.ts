/**
 * How often a reward model is right about rankings that it was not trained on, as the page shows it. Types only: counted in
 * rlhf/metrics.ts, put together in worker/reward-report.ts and worker/labeler-trial.ts.
 */
import type { Calibration } from './calibration.ts';

/** Share of `n` comparisons that a reward model gets right; null without any. */
export interface ComparisonAccuracy {
  readonly accuracy: number | null;
  readonly n: number;
}

/** The same of one labeler's comparisons. */
export type LabelerAccuracy = ComparisonAccuracy & { readonly labeler: string };

/** A reward model trained on all labelers but one, as the paper's held-out labelers (section 4.1, S79). Not kept. */
export interface LabelerTrial {
  readonly labeler: string;
  readonly trainedComparisons: number;
  /** On comparisons of that labeler, all of them, and those under prompts that none of the others' rankings trained on. */
  readonly theirs: ComparisonAccuracy;
  readonly unseen: ComparisonAccuracy;
  /** On held-out comparisons of the labelers that it was trained on. */
  readonly others: ComparisonAccuracy;
}

export interface RewardReport {
  readonly trainedComparisons: number;
  /** On comparisons held out from training, by labelers who were trained on. */
  readonly heldOut: ComparisonAccuracy;
  readonly byLabeler: readonly LabelerAccuracy[];
  /** On all comparisons by labelers none of whose rankings were trained on. */
  readonly heldOutLabelers: ComparisonAccuracy & {
    readonly byLabeler: readonly LabelerAccuracy[];
  };
  /** On the same comparisons as `heldOut`; null when there is none. */
  readonly calibration: Calibration | null;
  readonly demonstrationMean: number;
  /** Best accuracy the simulated labelers' noise allows on the held-out comparisons; null for a person's. */
  readonly ceiling: number | null;
}
