/**
 * How sure a reward model is against how often it is right, as rows that page, worker and reports share. The arithmetic
 * is rlhf/calibration.ts.
 */

/** Comparisons for whose preferred answer the scores give a probability within the bounds. */
export interface CalibrationBin {
  /** Probability from, and below; the last bin holds 1 as well. */
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Mean of sigmoid(|difference of scores|): what the scores promise. Null when the bin is empty, as the next three. */
  readonly predicted: number | null;
  /** Share of the comparisons in which the labeler preferred what the scores do. */
  readonly preferred: number | null;
  /** Wilson's 95 % interval of that share. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface Calibration {
  /** From 0.5 to 1, ascending; every comparison is in one. */
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error: mean over comparisons of |promised - preferred| of their bin. */
  readonly error: number;
  /** Over all comparisons: what the scores promise, and how often they are right, with Wilson's 95 % interval. */
  readonly predicted: number;
  readonly preferred: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}
