/**
 * What a labeler says of one output by itself, as in the paper's Table 3: an overall quality from 1 to 7 and binary
 * labels, its metadata. Optional wherever it stands; which output is better than which is a ranking or a vote.
 */

/** The ends of the Likert scale of overall quality. */
export const LIKERT = { lowest: 1, highest: 7 } as const;

/** The scale from worst to best. */
export const LIKERT_SCALE: readonly number[] = Array.from(
  { length: LIKERT.highest - LIKERT.lowest + 1 },
  (_, i) => LIKERT.lowest + i,
);

/** The binary labels of Table 3, in its order. */
export const OUTPUT_FLAGS = [
  'fails-task',
  'inappropriate-for-assistant',
  'hallucination',
  'satisfies-constraint',
  'sexual-content',
  'violent-content',
  'encourages-harm',
  'denigrates-protected-class',
  'harmful-advice',
  'expresses-opinion',
  'moral-judgment',
] as const;
export type OutputFlag = (typeof OUTPUT_FLAGS)[number];

export interface OutputRating {
  /** Overall quality, a whole number from 1 (worst) to 7; null when none was given. */
  readonly overall: number | null;
  /** Those that apply, each once. */
  readonly flags: readonly OutputFlag[];
}

/** Nothing said yet. */
export const NO_RATING: OutputRating = { overall: null, flags: [] };

/** Whether a number is one of the scale. */
export function isLikert(value: number): boolean {
  return LIKERT_SCALE.includes(value);
}

/** The rating with a flag put on or taken off; flags stay in the order of Table 3. */
export function withFlag(rating: OutputRating, flag: OutputFlag, applies: boolean): OutputRating {
  const flags = OUTPUT_FLAGS.filter((each) =>
    each === flag ? applies : rating.flags.includes(each),
  );
  return { ...rating, flags };
}

/** True when nothing at all was said. */
export function isEmptyRating({ overall, flags }: OutputRating): boolean {
  return overall === null && flags.length === 0;
}

/** What is stored of the ratings of some outputs: null for one of which nothing was said; undefined when for none. */
export function storedRatings(
  ratings: readonly OutputRating[],
): readonly (OutputRating | null)[] | undefined {
  if (ratings.every(isEmptyRating)) return undefined;
  return ratings.map((rating) => (isEmptyRating(rating) ? null : rating));
}
