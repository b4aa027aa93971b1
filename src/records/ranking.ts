/**
 * The one label type: what was shown and in which order a labeler put it.
 * Page, store, files, simulated labelers and the reward model all use these rows.
 */
import type { OutputRating } from './output-rating.ts';
import type { Prompt } from './prompt.ts';

/** Id of the labeler who sits at the keyboard. */
export const PERSON = 'person';

/** Labeler of rankings from a file that does not say who made them; of others, `imported:` and the name given. */
export const IMPORTED = 'imported';

/** Who a ranking counts as: the person at the page, the simulated class, or someone in a file. */
export type LabelSource = 'person' | 'class' | 'imported';

export function sourceOf(labeler: string): LabelSource {
  if (labeler === PERSON) return 'person';
  return labeler === IMPORTED || labeler.startsWith(`${IMPORTED}:`) ? 'imported' : 'class';
}

/**
 * Ends the ids of a simulated class other than the usual one, so that its rankings are told apart: `@length`,
 * `@default~0.5`, `@default~0x9`.
 */
export function classMark({ population, noise, k }: ClassChoice): string {
  const usual = population === 'default' && noise === 0 && k === USUAL_K;
  if (usual) return '';
  const size = k === USUAL_K ? '' : `x${k}`;
  return `@${population}${noise > 0 || size !== '' ? `~${noise}` : ''}${size}`;
}

/** The class that a simulated labeler is of, as {@link classMark} writes it. */
function classMarkOf(labeler: string): string {
  const at = labeler.indexOf('@');
  return at < 0 ? '' : labeler.slice(at);
}

/** True for a simulated labeler of the class that is named; those of other classes rank for theirs. */
export function isOfClass(labeler: string, choice: ClassChoice): boolean {
  return sourceOf(labeler) === 'class' && classMarkOf(labeler) === classMark(choice);
}

/** Whether a labeler's rankings train the reward model; what a person brought in a file goes with the person's. */
export function isChosenLabeler(
  labeler: string,
  choice: ClassChoice & { readonly source: 'class' | 'person' | 'both' },
): boolean {
  const own = sourceOf(labeler) !== 'class';
  switch (choice.source) {
    case 'both':
      return own || isOfClass(labeler, choice);
    case 'person':
      return own;
    case 'class':
      return isOfClass(labeler, choice);
  }
  return choice.source satisfies never;
}

/** Answers that the usual class ranks at once. */
const USUAL_K = 4;

/** Which simulated class ranks, as the settings name it. */
interface ClassChoice {
  readonly population: string;
  /** Share of rankings by chance. */
  readonly noise: number;
  /** Answers ranked at once: another K is another set of rankings. */
  readonly k: number;
}

export interface Completion {
  readonly id: string;
  /** Decoded response, without prompt and EOS. */
  readonly text: string;
  /** Name of the checkpoint that wrote it; hidden while ranking. */
  readonly policy: string;
  /** True when the model ended the response itself (EOS), false when it was cut at the length limit. */
  readonly ended: boolean;
}

export interface Ranking {
  readonly id: string;
  readonly prompt: Prompt;
  /** K completions, K from 2 to 9, in the order of generation (not the order shown). */
  readonly completions: readonly Completion[];
  /** `ranks[k]` belongs to `completions[k]`: 1 is best, equal numbers are ties. */
  readonly ranks: readonly number[];
  readonly labeler: string;
  /** Permutation in which the completions were shown: `shown[i]` is an index into `completions`. */
  readonly shown: readonly number[];
  /** Milliseconds since 1970; 0 for simulated labelers. */
  readonly at: number;
  /** `ratings[k]` is what was said of `completions[k]` by itself; null for one of which nothing was. */
  readonly ratings?: readonly (OutputRating | null)[];
  /** Answers that this labeler had ranked before, shown again to see whether it comes out alike; teaches nothing new. */
  readonly repeat?: true;
}

/** Rankings to learn from and to count: what came back to measure a labeler's own consistency is in none of them twice. */
export function withoutRepeats(rankings: readonly Ranking[]): readonly Ranking[] {
  return rankings.filter(({ repeat }) => repeat === undefined);
}

/** One strict preference taken from a ranking: indices into `completions`. Ties give none. */
export interface Comparison {
  readonly winner: number;
  readonly loser: number;
}
