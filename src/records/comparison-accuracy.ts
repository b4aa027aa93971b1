/** How often a reward model is right about rankings, as reports and the page carry it. Counted in rlhf/metrics.ts. */

/** Share of `n` comparisons that a reward model gets right; null without any. */
export interface ComparisonAccuracy {
  readonly accuracy: number | null;
  readonly n: number;
}

/** The same of one labeler's comparisons. */
export type LabelerAccuracy = ComparisonAccuracy & { readonly labeler: string };
