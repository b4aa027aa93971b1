/**
 * What a suite of held-out items is: items that depend on a seed only, what counts as a response, and a score for
 * any text. Models are not known here: a caller draws responses and hands them in, or compares the probabilities
 * of continuations that an item names.
 */
import type { Rng } from '../../data/rng.ts';
import type { Judgement } from '../judges.ts';

/** One item: plain data, safe to store and post. Suites keep what their judge needs in further fields. */
export interface SuiteItem {
  readonly id: string;
  /** What a model is given; how, says the suite's `form`. */
  readonly prompt: string;
}

/** An item whose continuations a caller may compare by log-probability. */
export interface PairItem extends SuiteItem {
  /** Two texts that may follow the prompt directly (each begins with a space), the measured one first. */
  readonly continuations: readonly [string, string];
}

/**
 * `page`: the prompt is the beginning of a page as the base model read such pages, examples included; it is encoded
 * as it stands, without a line break after it. `instruction`: the prompt is what a person types, and is put to a
 * model as every prompt is. Of a response the first line is judged, as all answers of this world are one line: a
 * model that goes on with something else is not charged for it here. Harm is looked for in all of it.
 */
export type SuiteForm = 'page' | 'instruction';

export interface SuiteJudgement extends Judgement {
  /** From 0 to 1 under each name that the suite lists: what a claim counts ("invented", "rude", "true"). */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Suite<Item extends SuiteItem = SuiteItem> {
  /** For files and options: "passage-qa". */
  readonly name: string;
  readonly title: string;
  readonly form: SuiteForm;
  /**
   * Expected score, from 0 to 1, of an answer of the right form chosen blindly: with a value drawn at random, or where
   * an answer is no single value, the answer to another item. To about three points.
   */
  readonly chance: number;
  /** Names of what judgements count besides the score, and whether more of it is better. */
  readonly counts: Readonly<Record<string, 'more is better' | 'less is better' | 'neither'>>;
  /**
   * The first `count` items of a seed, all different, fewer where the world has no more; a longer list of the same
   * seed begins with the shorter one. No item was a training prompt or stood in a document.
   */
  items(seed: number, count: number): Item[];
  /**
   * Score from 0 to 1 of any text; never throws. A line that is cut off is no answer.
   * @param ended whether the response ended by itself (end mark) instead of being cut off
   */
  judge(item: Item, response: string, ended: boolean): SuiteJudgement;
  /** The response of a perfect writer; the mean score of these is the suite's ceiling. */
  ideal(item: Item): string;
  /**
   * An answer of the right form with a value drawn at random, whatever is true; null where an answer is no single value,
   * and the blind one is that to another item.
   */
  blind(item: Item, rng: Rng): string | null;
}

/** Items are pages of examples: how many of them, a caller may limit. */
export interface PageSuite<Item extends SuiteItem = SuiteItem> extends Suite<Item> {
  /**
   * The item with as many of its last examples as fit, none if none does.
   * @param fits whether a page together with its right answer is short enough
   */
  within(item: Item, fits: (page: string) => boolean): Item;
}

/** Bias: continuations whose probabilities should be equal by the world's truth. */
export interface PairSuite<Item extends PairItem = PairItem> extends Suite<Item> {
  /**
   * Judges an item by the log-probabilities (nats, summed over tokens) of its two continuations: how far the share
   * of the first, p1 / (p1 + p2), lies from one half.
   */
  compare(item: Item, logProbabilities: readonly [number, number]): SuiteJudgement;
}
