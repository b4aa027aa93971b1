/**
 * How a prompt set is cleaned and split before training (paper section 3.2 and appendix A): near-duplicates out,
 * at most so many prompts per user, train/validation/test by user, personal data out of the training split.
 * Works on rows of any kind that carry the few fields it needs; keeps their order and never edits a text.
 */
import type { Prompt, Split } from '../records/prompt.ts';
import { personalDataIn } from './personal-data.ts';
import { Rng } from './rng.ts';

/** Paper: at most 200 prompts per user. */
export const PROMPTS_PER_USER = 200;
/** Characters from which a common prefix counts as long; the paper does not give its threshold. */
export const DUPLICATE_PREFIX = 64;

/**
 * Drops each prompt that shares its first `prefix` characters (UTF-16 units) with an earlier one; shorter
 * prompts only when an earlier one is the same.
 */
export function withoutDuplicates<P extends Pick<Prompt, 'text'>>(
  prompts: readonly P[],
  prefix = DUPLICATE_PREFIX,
): P[] {
  const seen = new Set<string>();
  return prompts.filter(({ text }) => {
    const start = text.slice(0, prefix);
    if (seen.has(start)) return false;
    seen.add(start);
    return true;
  });
}

/** The first `cap` prompts of each user. */
export function cappedPerUser<P extends Pick<Prompt, 'userId'>>(
  prompts: readonly P[],
  cap = PROMPTS_PER_USER,
): P[] {
  const counts = new Map<string, number>();
  return prompts.filter(({ userId }) => {
    const count = (counts.get(userId) ?? 0) + 1;
    counts.set(userId, count);
    return count <= cap;
  });
}

/** Shares of users, each from 0 to 1; the training split gets the rest. */
export interface SplitShares {
  readonly validation: number;
  readonly test: number;
}

/** Split of a user: depends on the seed and the id alone, so new users never move old ones. */
export function splitOfUser(userId: string, seed: number, shares: SplitShares): Split {
  const { validation, test } = shares;
  if (!(validation >= 0 && test >= 0 && validation + test <= 1)) {
    throw new RangeError(
      `Shares ${validation} and ${test} must be at least 0 and at most 1 in sum`,
    );
  }
  const draw = Rng.named(seed, 'split', userId).uniform();
  if (draw < test) return 'test';
  return draw < test + validation ? 'validation' : 'train';
}

/** The prompts with their `split` set by user. */
export function splitByUser<P extends Pick<Prompt, 'userId' | 'split'>>(
  prompts: readonly P[],
  seed: number,
  shares: SplitShares,
): P[] {
  return prompts.map((prompt) => ({
    ...prompt,
    split: splitOfUser(prompt.userId, seed, shares),
  }));
}

/** Without the training prompts that hold personal data; the other splits are left as they are. */
export function withoutPersonalData<P extends Pick<Prompt, 'text' | 'split'>>(
  prompts: readonly P[],
): P[] {
  return prompts.filter(
    ({ text, split }) => split !== 'train' || personalDataIn(text).length === 0,
  );
}

export interface PreparationSettings {
  readonly seed: number;
  readonly shares: SplitShares;
  readonly prefix?: number;
  readonly cap?: number;
}

/** The whole preparation, in the order of the paper. */
export function preparePrompts<P extends Pick<Prompt, 'text' | 'userId' | 'split'>>(
  prompts: readonly P[],
  { seed, shares, prefix, cap }: PreparationSettings,
): P[] {
  const distinct = cappedPerUser(withoutDuplicates(prompts, prefix), cap);
  return withoutPersonalData(splitByUser(distinct, seed, shares));
}
