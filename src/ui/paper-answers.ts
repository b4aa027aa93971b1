/**
 * Every single answer behind a row of the stored results, one file to a seed and a set of prompts, read when a reader asks
 * for it. What is missing or damaged is said with what to do; what an item of a row is, is paper-item-list.ts. Plain
 * functions.
 */
import {
  neededNames,
  parseStoredAnswers,
  storedAnswersName,
  storedNames,
  type StoredAnswers,
} from '../records/result-answers.ts';
import { sourcesOf, type ResultRow } from '../records/results.ts';
import { unpackText, type UnpackProblem } from './gunzip.ts';
import { siteBytes } from './site-file.ts';

/** Whose answers are asked for: of which seed's models, to which set of prompts. */
interface OneSet {
  readonly seed: number;
  readonly set: string;
}

/** All that stands behind a row of one seed: its sets in the row's order. */
export interface WantedAnswers {
  readonly seed: number;
  readonly sets: readonly string[];
}

/** What a row wants of a seed; null where nothing is stored for it. */
export function wantedFor(row: ResultRow | undefined, seed: number | null): WantedAnswers | null {
  const sets = row === undefined ? [] : sourcesOf(row).map(({ set }) => set);
  return seed === null || sets.length === 0 ? null : { seed, sets };
}

/** Whether both are the same seed and sets; nothing is what nobody asks for. */
export function areSame(one: WantedAnswers | null, other: WantedAnswers | null): boolean {
  return one !== null && other !== null && wantedId(one) === wantedId(other);
}

const wantedId = ({ seed, sets }: WantedAnswers): string => JSON.stringify([seed, sets]);

type OneRead =
  | { readonly answers: StoredAnswers; readonly problem: null }
  | { readonly answers: null; readonly problem: string };

/** One for each set that was asked for, or what is wrong with one of them. */
export type AllAnswers =
  | { readonly answers: readonly StoredAnswers[]; readonly problem: null }
  | { readonly answers: null; readonly problem: string };

/** Most bytes of unpacked answers: over ten times what the largest set of a full run has. */
const LARGEST_ANSWERS = 32_000_000;

const MAKE_ANEW = 'npm run reproduce -- --answers public/results/answers';

/** Where the page keeps the answers, beside the results. */
export function answersFile({ seed, set }: OneSet): string {
  return `results/answers/${storedAnswersName(seed, encodeURIComponent(set))}`;
}

const refused = (problem: string) => ({ answers: null, problem });

const DAMAGED =
  'These stored answers are damaged: the file is no JSON packed with gzip, or was cut off. ' +
  `Reload the page; if they stay damaged, make them again with ${MAKE_ANEW}.`;

const UNPACK_WORDS: Readonly<Record<UnpackProblem, string>> = {
  damaged: DAMAGED,
  'too large': `These stored answers are no such file: unpacked it has more than ${LARGEST_ANSWERS / 1e6} MB. Make them again with ${MAKE_ANEW}.`,
  'no unpacker':
    'This browser cannot unpack the stored answers. Open this page in a newer one: Chrome or Edge from 80 on, Firefox from 113 on, Safari from 16.4 on.',
};

/** The answers in a file's text, if they are those that were asked for. */
function answersIn(text: string, wanted: OneSet): OneRead {
  const { seed, set } = wanted;
  let answers: StoredAnswers;
  try {
    answers = parseStoredAnswers(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return refused(DAMAGED);
    return refused(error instanceof Error ? error.message : String(error));
  }
  if (answers.seed === seed && answers.set === set) return { answers, problem: null };
  return refused(
    `The file for seed ${seed} and ${set} holds the answers of seed ${answers.seed} to ${answers.set}: ` +
      `it was put in the wrong place. Make them again with ${MAKE_ANEW}.`,
  );
}

/** Reads the answers of a seed to every set that is wanted, one after the other; stops at the first that cannot be read. */
export async function fetchAll(
  { seed, sets }: WantedAnswers,
  fetchFile: (file: string) => Promise<Response>,
): Promise<AllAnswers> {
  const all: StoredAnswers[] = [];
  for (const set of sets) {
    const one = { seed, set };
    const { answers, problem } = await fetchAnswers(one, () => fetchFile(answersFile(one)));
    if (problem !== null) return refused(problem);
    all.push(answers);
  }
  return { answers: all, problem: null };
}

/** Reads the answers of a seed to a set. */
export async function fetchAnswers(
  wanted: OneSet,
  fetchFile: () => Promise<Response>,
): Promise<OneRead> {
  let bytes: Uint8Array<ArrayBuffer> | null;
  try {
    bytes = await siteBytes(fetchFile);
  } catch {
    return refused(
      'The answers could not be fetched whole: reload the page while it is reachable. ' +
        `If that does not help, make them again with ${MAKE_ANEW}.`,
    );
  }
  if (bytes === null) {
    return refused(
      `This page comes without the answers of seed ${wanted.seed} behind this figure. ` +
        `They are stored by ${MAKE_ANEW}; until then choose another seed, or look at the few items that the results hold.`,
    );
  }
  const { text, problem } = await unpackText(bytes, LARGEST_ANSWERS);
  return problem === null ? answersIn(text, wanted) : refused(UNPACK_WORDS[problem]);
}

/** The rows with the items that they share with an earlier one. */
export function withSharedItems(rows: readonly ResultRow[]): ResultRow[] {
  return rows.map((row) => {
    const { items } = rows.find(({ id }) => id === row.itemsOf) ?? {};
    return items === undefined ? row : { ...row, items };
  });
}

/** The seeds whose every answer a reader may choose from: those that the row was measured on, if its answers are stored at all. */
export function seedsOf(row: ResultRow): number[] {
  return sourcesOf(row).length === 0 ? [] : row.seeds.map(({ seed }) => seed);
}

/** The row with those of its few items that are of a seed; all of them where no seed can be chosen. */
export function itemsOfSeed(row: ResultRow, seed: number | null): ResultRow {
  if (seed === null) return row;
  return { ...row, items: (row.items ?? []).filter((item) => item.seed === seed) };
}

/** What a row's sources name and the stored answers lack, as they do when they were made by another version. */
export function lackingNames(row: ResultRow, all: readonly StoredAnswers[]): string[] {
  return sourcesOf(row).flatMap((source, s) => {
    const stored = all[s];
    const names = stored === undefined ? new Set<string>() : storedNames(stored);
    return neededNames(source).filter((name) => !names.has(name));
  });
}

export const lackingWords = (names: readonly string[]): string =>
  `These stored answers are older or newer than the results: they lack ${names.slice(0, 3).join(', ')}. Make both again with ${MAKE_ANEW}.`;
