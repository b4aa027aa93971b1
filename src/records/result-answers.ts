/**
 * Every single answer behind the stored results, of one seed to one set of prompts: one JSON file, packed with gzip, for
 * each seed and set, which whoever shows a row loads when a reader wants to see more than the few items that the results
 * hold. Types, name and validator; packing is cli/reproduce, unpacking the page's.
 */
import * as v from 'valibot';
import { besideEntries, fitsAnswers, type BesideAnswers } from './beside-answers.ts';
import type { ResultSource } from './results.ts';

/** What one policy answered to one prompt: the text, whether it ended by itself, the judge's number, and reasons. */
export type StoredAnswer = readonly [
  text: string,
  ended: 0 | 1,
  /** Gold composite, or the suite's score. */
  score: number | null,
  /** Indices into `reasons`. */
  reasons: readonly number[],
];

export interface StoredAnswers extends BesideAnswers {
  readonly version: 1;
  /** As rows name it: `test`, a use case, `suite-passage-qa`. */
  readonly set: string;
  readonly seed: number;
  readonly prompts: readonly { readonly text: string; readonly kind: string }[];
  /** What the judge said, each sentence once. */
  readonly reasons: readonly string[];
  /** One answer for each prompt, by policy and how it was drawn: `ppo-ptx@1`, `sft@greedy`. */
  readonly answers: Readonly<Record<string, readonly StoredAnswer[]>>;
}

/** Where the answers of a seed to a set lie, below the folder of all answers: `seed-2/test.json.gz`. */
export const storedAnswersName = (seed: number, set: string): string =>
  `seed-${seed}/${set}.json.gz`;

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

const answer = v.pipe(
  v.tuple([v.string(), v.picklist([0, 1]), v.nullable(v.number()), v.array(index)]),
  v.readonly(),
);

const stored: v.GenericSchema<unknown, StoredAnswers> = v.pipe(
  v.strictObject({
    version: v.literal(1),
    set: v.string(),
    seed: v.number(),
    prompts: v.array(v.strictObject({ text: v.string(), kind: v.string() })),
    reasons: v.array(v.string()),
    answers: v.record(v.string(), v.array(answer)),
    ...besideEntries,
  }),
  v.check(
    ({ prompts, answers }) =>
      Object.values(answers).every((each) => each.length === prompts.length),
    'a policy has not answered every prompt',
  ),
  v.check(
    ({ reasons, answers }) =>
      Object.values(answers).every((each) =>
        each.every(([, , , said]) => said.every((i) => i < reasons.length)),
      ),
    'an answer names a reason that is not there',
  ),
  v.check(
    (all) => fitsAnswers(all, Object.keys(all.answers), all.prompts.length),
    'what stands beside the answers does not fit them',
  ),
);

/** Checks what came from a file. Throws Error that names what is wrong. */
export function parseStoredAnswers(value: unknown): StoredAnswers {
  const parsed = v.safeParse(stored, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Error(
    `These stored answers cannot be read: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}. ` +
      'Make them again with npm run reproduce -- --answers DIR.',
  );
}

/** All that a source may name of these answers: keys, scores, rankings, groups of whom something is expected. */
export function storedNames(stored: StoredAnswers): ReadonlySet<string> {
  const { answers, scores = {}, rankings = {}, expected = {} } = stored;
  return new Set([answers, scores, rankings, expected].flatMap((part) => Object.keys(part)));
}

/** What a source names. */
export function neededNames({
  keys,
  scores = [],
  rankings = [],
  pairs = [],
}: ResultSource): readonly string[] {
  return [...keys, ...scores, ...rankings, ...pairs.flatMap(({ of, by }) => [...of, ...by])];
}

/** An answer with its reasons in words. */
export interface SpokenAnswer {
  readonly text: string;
  /** Null where the text was given and not drawn. */
  readonly ended: boolean | null;
  readonly score: number | null;
  readonly reasons: readonly string[];
}

/** Ends the key of texts that no model drew: `ceiling@-`. */
const GIVEN = '@-';

/** The answers of some policies to one prompt, in the order asked for; those that are not stored are left out. */
export function answersTo(
  stored: StoredAnswers,
  prompt: number,
  keys: readonly string[],
): { readonly key: string; readonly answer: SpokenAnswer }[] {
  return keys.flatMap((key) => {
    const found = stored.answers[key]?.[prompt];
    if (found === undefined) return [];
    const [text, ended, score, reasons] = found;
    const words = reasons.flatMap((i) => stored.reasons[i] ?? []);
    const drawn = key.endsWith(GIVEN) ? null : ended === 1;
    return [{ key, answer: { text, ended: drawn, score, reasons: words } }];
  });
}

/** The judge's sentences of many answers, each kept once. */
export class ReasonTable {
  readonly #index = new Map<string, number>();

  indices(reasons: readonly string[]): number[] {
    return reasons.map((words) => {
      const known = this.#index.get(words) ?? this.#index.size;
      this.#index.set(words, known);
      return known;
    });
  }

  get words(): string[] {
    return [...this.#index.keys()];
  }
}
