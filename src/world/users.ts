/**
 * About 200 people who send prompts, each with tastes, split by user. A user's prompts are all in that user's split.
 */
import { Rng } from '../data/rng.ts';
import type { Split } from '../records/prompt.ts';
import { LEXICON } from './lexicon.ts';

export interface User {
  readonly id: string;
  readonly split: Split;
  /** Animals, people and foods that the user likes to write about. */
  readonly animals: readonly string[];
  readonly people: readonly string[];
  readonly foods: readonly string[];
  /** Share of the user's wishes that are for something cheerful. */
  readonly cheer: number;
  /** Share of the user's chats that are rude or ask for something harmful. */
  readonly rudeness: number;
  /** Share of the user's prompts that are about the user's own favourites (kind `user-based`). */
  readonly loyalty: number;
}

/** Shares of users per split: enough test users for intervals over users. */
const SPLIT_SHARES: readonly (readonly [Split, number])[] = [
  ['train', 0.6],
  ['validation', 0.1],
  ['test', 0.3],
];

/** The users of a world, in a random order of splits that depends on the seed only. */
export function worldUsers(seed: number, count = 200): User[] {
  const rng = Rng.named(seed, 'world', 'users');
  const splits = SPLIT_SHARES.flatMap(([split, share]) =>
    Array.from({ length: Math.round(share * count) }, () => split),
  );
  return rng.shuffled(splits).map((split, i) => ({
    id: `user-${String(i + 1).padStart(3, '0')}`,
    split,
    animals: rng.shuffled(LEXICON.animal).slice(0, 4),
    people: rng.shuffled(LEXICON.person).slice(0, 3),
    foods: rng.shuffled(LEXICON.food).slice(0, 4),
    cheer: 0.3 + 0.4 * rng.uniform(),
    rudeness: 0.6 * rng.uniform() ** 2,
    loyalty: 0.2 + 0.4 * rng.uniform(),
  }));
}
