/**
 * Every single answer behind a row of the stored results, one file to a set of prompts, read when a reader asks for it. What
 * is missing or damaged is said with what to do. Plain functions.
 */
import { answersTo, parseStoredAnswers, type StoredAnswers } from '../records/result-answers.ts';
import type { ResultItem, ResultRow } from '../records/results.ts';
import { siteText } from './site-file.ts';

export type AllAnswers =
  | { readonly answers: StoredAnswers; readonly problem: null }
  | { readonly answers: null; readonly problem: string };

/** Where the page keeps the answers to a set, beside the results. */
export function answersFile(set: string): string {
  return `results/answers/${encodeURIComponent(set)}.json`;
}

const refused = (problem: string): AllAnswers => ({ answers: null, problem });

/** Reads the answers to a set. */
export async function fetchAnswers(fetchFile: () => Promise<Response>): Promise<AllAnswers> {
  let text: string | null;
  try {
    text = await siteText(fetchFile);
  } catch {
    return refused('The answers could not be fetched: reload the page while it is reachable.');
  }
  if (text === null) {
    return refused(
      'This page comes without the answers behind this figure. ' +
        'They are stored by npm run reproduce -- --answers public/results/answers.',
    );
  }
  try {
    return { answers: parseStoredAnswers(JSON.parse(text)), problem: null };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return refused(
        'These stored answers are damaged: the file is no JSON, or was cut off. ' +
          'Make them again with npm run reproduce -- --answers public/results/answers.',
      );
    }
    return refused(error instanceof Error ? error.message : String(error));
  }
}

/** The rows with the items that they share with an earlier one. */
export function withSharedItems(rows: readonly ResultRow[]): ResultRow[] {
  return rows.map((row) => {
    const { items } = rows.find(({ id }) => id === row.itemsOf) ?? {};
    return items === undefined ? row : { ...row, items };
  });
}

/** How many items a row has: all that are stored of its set, or the few that the results hold. */
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
