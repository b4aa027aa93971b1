/**
 * What is stored beside the answers to a set of prompts (result-answers.ts): scores of models, rankings of labelers, and
 * what groups of labelers are expected to say. Types, validator and readers of single values; no figure is made here.
 */
import * as v from 'valibot';

/** A number for answers, by whoever gave it. */
export interface StoredScores {
  /** What it is: "reward model without group 1", "nats for each token, read by epoch-1". */
  readonly words: string;
  /** For each prompt, by the key of the answer; null where there is none to give. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

/** What rankers make of some of the answers to each prompt, as ranks: 1 is best, equal numbers are ties. */
export interface StoredRankings {
  /** Whose answers are ranked, in the order of the digits. */
  readonly keys: readonly string[];
  /** The rankers by name. */
  readonly by: readonly string[];
  /** With it one of `by` ranks each prompt, by index; without it each of them ranks every prompt. */
  readonly picked?: readonly number[];
  /** For each of `by`, or one in all when they are picked: a digit for each key, prompt after prompt. */
  readonly ranks: readonly string[];
}

/** What a group of labelers is expected to say of every two answers. */
export interface StoredExpected {
  readonly keys: readonly string[];
  readonly labelers: number;
  /** Labelers who see a difference, for each pair as {@link pairsOfKeys} orders them, prompt after prompt. */
  readonly seeing: readonly number[];
  /** Share of those who are expected to put the pair's first answer first. */
  readonly first: readonly number[];
}

export interface BesideAnswers {
  readonly scores?: Readonly<Record<string, StoredScores>>;
  readonly rankings?: Readonly<Record<string, StoredRankings>>;
  readonly expected?: Readonly<Record<string, StoredExpected>>;
}

/** Every two of so many answers, by index, the earlier one first. */
export function pairsOfKeys(count: number): (readonly [number, number])[] {
  const all = Array.from({ length: count }, (_, i) => i);
  return all.flatMap((i) => all.slice(0, i).map((j) => [j, i] as const));
}

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const names = v.pipe(v.array(v.string()), v.minLength(1));

const scores = v.strictObject({
  words: v.string(),
  values: v.record(v.string(), v.array(v.nullable(v.number()))),
});

const rankings = v.pipe(
  v.strictObject({
    keys: names,
    by: names,
    picked: v.exactOptional(v.array(index)),
    ranks: v.array(v.pipe(v.string(), v.regex(/^[1-9]*$/, 'ranks are digits from 1 to 9'))),
  }),
  v.check(
    ({ by, picked, ranks }) => ranks.length === (picked === undefined ? by.length : 1),
    'not as many ranks as rankers',
  ),
  v.check(({ by, picked = [] }) => picked.every((i) => i < by.length), 'picks nobody'),
);

const expected = v.strictObject({
  keys: names,
  labelers: index,
  seeing: v.array(index),
  first: v.array(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
});

/** Of a file; whether it fits the prompts and answers is {@link fitsAnswers}. */
export const besideEntries = {
  scores: v.exactOptional(v.record(v.string(), scores)),
  rankings: v.exactOptional(v.record(v.string(), rankings)),
  expected: v.exactOptional(v.record(v.string(), expected)),
} satisfies Record<keyof BesideAnswers, unknown>;

/** Whether all that stands beside is of answers that are there, and of every prompt. */
export function fitsAnswers(
  { scores: given = {}, rankings: ranked = {}, expected: groups = {} }: BesideAnswers,
  keys: readonly string[],
  prompts: number,
): boolean {
  const known = (all: readonly string[]) => all.every((key) => keys.includes(key));
  return (
    Object.values(given).every(
      ({ values }) =>
        known(Object.keys(values)) &&
        Object.values(values).every(({ length }) => length === prompts),
    ) &&
    Object.values(ranked).every(
      ({ keys: own, picked, ranks }) =>
        known(own) &&
        ranks.every(({ length }) => length === own.length * prompts) &&
        (picked === undefined || picked.length === prompts),
    ) &&
    Object.values(groups).every(({ keys: own, seeing, first }) => {
      const length = pairsOfKeys(own.length).length * prompts;
      return known(own) && seeing.length === length && first.length === length;
    })
  );
}

/** One who ranks the answers to each prompt. */
export interface Ranker {
  readonly keys: readonly string[];
  readonly nameAt: (prompt: number) => string;
  /** In the order of `keys`. */
  readonly ranksAt: (prompt: number) => readonly number[];
}

/** The rankers of stored rankings in their order: each of `by`, or the one who is picked for each prompt. */
export function rankersOf({ keys, by, picked, ranks }: StoredRankings): Ranker[] {
  const K = keys.length;
  return ranks.map((digits, r) => ({
    keys,
    nameAt: (prompt) => by[picked?.[prompt] ?? r] ?? '',
    ranksAt: (prompt) => Array.from(digits.slice(prompt * K, (prompt + 1) * K), Number),
  }));
}
