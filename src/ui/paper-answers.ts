/**
 * Every single answer behind a row of the stored results, one file to a seed and a set of prompts, read when a reader asks
 * for it. What is missing or damaged is said with what to do. Plain functions.
 */
import {
  answersTo,
  parseStoredAnswers,
  storedAnswersName,
  type StoredAnswers,
} from '../records/result-answers.ts';
import type { ResultItem, ResultRow } from '../records/results.ts';
import { unpackText, type UnpackProblem } from './gunzip.ts';
import { siteBytes } from './site-file.ts';

/** Whose answers are asked for: of which seed's models, to which set of prompts. */
export interface WantedAnswers {
  readonly seed: number;
  readonly set: string;
}

/** Whether both are of one seed and set; nothing is of what nobody asks for. */
export function areOf(answers: WantedAnswers | null, wanted: WantedAnswers | null): boolean {
  return (
    answers !== null &&
    wanted !== null &&
    answers.seed === wanted.seed &&
    answers.set === wanted.set
  );
}

export type AllAnswers =
  | { readonly answers: StoredAnswers; readonly problem: null }
  | { readonly answers: null; readonly problem: string };

/** Most bytes of unpacked answers: over ten times what the largest set of a full run has. */
const LARGEST_ANSWERS = 32_000_000;

const MAKE_ANEW = 'npm run reproduce -- --answers public/results/answers';

/** Where the page keeps the answers, beside the results. */
export function answersFile({ seed, set }: WantedAnswers): string {
  return `results/answers/${storedAnswersName(seed, encodeURIComponent(set))}`;
}

const refused = (problem: string): AllAnswers => ({ answers: null, problem });

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
function answersIn(text: string, wanted: WantedAnswers): AllAnswers {
  const { seed, set } = wanted;
  let answers: StoredAnswers;
  try {
    answers = parseStoredAnswers(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return refused(DAMAGED);
    return refused(error instanceof Error ? error.message : String(error));
  }
  if (areOf(answers, wanted)) return { answers, problem: null };
  return refused(
    `The file for seed ${seed} and ${set} holds the answers of seed ${answers.seed} to ${answers.set}: ` +
      `it was put in the wrong place. Make them again with ${MAKE_ANEW}.`,
  );
}

/** Reads the answers of a seed to a set. */
export async function fetchAnswers(
  wanted: WantedAnswers,
  fetchFile: () => Promise<Response>,
): Promise<AllAnswers> {
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
export function seedsOf({ source, seeds }: ResultRow): number[] {
  return source === undefined ? [] : seeds.map(({ seed }) => seed);
}

/** The row with those of its few items that are of a seed; all of them where no seed can be chosen. */
export function itemsOfSeed(row: ResultRow, seed: number | null): ResultRow {
  if (seed === null) return row;
  return { ...row, items: (row.items ?? []).filter((item) => item.seed === seed) };
}

/** How many items a row has: all that are stored of its seed and set, or the few that the results hold. */
export function itemCount({ items = [] }: ResultRow, all: StoredAnswers | null): number {
  return all === null ? items.length : all.prompts.length;
}

/** One item of a row, the answers in the row's order; undefined past the last one. */
export function itemAt(
  { items = [], source }: ResultRow,
  all: StoredAnswers | null,
  index: number,
): ResultItem | undefined {
  if (all === null) return items[index];
  const prompt = all.prompts[index];
  if (prompt === undefined) return undefined;
  const outputs = answersTo(all, index, source?.keys ?? []);
  return {
    seed: all.seed,
    prompt: prompt.text,
    kind: prompt.kind,
    outputs: outputs.map(({ key, answer }) => ({ policy: key, ...answer })),
  };
}
