/**
 * The stored results of the paper's claims, read from the page's own files or from a file of a person's; and their numbers
 * in words. What is wrong with a file is said with what to do. Plain functions; nothing is measured here.
 */
import { hasInterval } from '../records/result-figures.ts';
import {
  parseResults,
  ResultsError,
  type Figure,
  type Grade,
  type ResultHere,
  type ResultRow,
  type Results,
  type ResultUnit,
  type ResultVerdict,
} from '../records/results.ts';
import { siteText } from './site-file.ts';

/** Where the page keeps them, beside its models. */
export const RESULTS_FILE = 'results/paper.json';

export type Stored =
  | { readonly results: Results; readonly problem: null }
  | { readonly results: null; readonly problem: string };

const MAKE_THEM =
  'Make them with npm run reproduce -- --json FILE (50 to 60 minutes for each seed on one core of its own; --fast about ten minutes), then open FILE here.';

/** Reads results from a text. */
export function readResults(text: string): Stored {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const problem = `These stored results are damaged: the file is no JSON, or was cut off. ${MAKE_THEM}`;
    return { results: null, problem };
  }
  try {
    return { results: parseResults(value), problem: null };
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    return { results: null, problem: error.message };
  }
}

/** Reads results from a person's file. */
export async function readResultsFile(file: Blob): Promise<Stored> {
  try {
    return readResults(await file.text());
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const problem =
      'The file could not be read: it was moved or changed after it was chosen. Open it again.';
    return { results: null, problem };
  }
}

/** Reads what the page comes with. */
export async function fetchResults(fetchFile: () => Promise<Response>): Promise<Stored> {
  try {
    const text = await siteText(fetchFile);
    if (text !== null) return readResults(text);
    const problem = `This page comes without stored results (${RESULTS_FILE}). ${MAKE_THEM}`;
    return { results: null, problem };
  } catch {
    const problem =
      'The stored results could not be fetched: reload the page while it is reachable. ' +
      'What was measured is in docs/results.md as well.';
    return { results: null, problem };
  }
}

/** A figure of a unit: `73.4 %`, `+3.1 points`, `1.52 times`. */
export function figureWords(value: number, unit: ResultUnit): string {
  const digits = numberWords(value, unit);
  switch (unit) {
    case 'share':
      return `${digits} %`;
    case 'points':
      return `${value > 0 ? '+' : ''}${digits} points`;
    case 'ratio':
      return `${digits} times`;
    case 'nats':
      return `${digits} nats`;
    case 'score':
    case 'count':
      return digits;
  }
  return unit satisfies never;
}

/** The number alone, as the unit is written; for axes. */
export function numberWords(value: number, unit: ResultUnit): string {
  const inPerCent = unit === 'share' || unit === 'points';
  const digits = inPerCent ? (100 * value).toFixed(1) : value.toPrecision(3);
  const shown = unit === 'count' ? String(Number(digits)) : digits;
  return shown.replace('-', '−');
}

/** A figure with its interval and what it counts; a single value, which has no interval, alone. */
export function intervalWords(figure: Figure, unit: ResultUnit): string {
  const { value, low, high, n } = figure;
  if (!hasInterval(figure)) return figureWords(value, unit);
  const [from, to] = [numberWords(low, unit), numberWords(high, unit)];
  return `${figureWords(value, unit)} (95 %: ${from} to ${to}, n = ${n.toLocaleString('en-US')})`;
}

/** What stands for a row in one line. */
export function rowWords({ pooled, missing, unit }: ResultRow): string {
  return pooled === null ? (missing ?? 'not measured') : intervalWords(pooled, unit);
}

/** A row's label, with what it is where it is no model of ours. */
export function rowLabel({
  label,
  control,
  reference,
}: Pick<ResultRow, 'label' | 'control'> & {
  readonly reference: ResultRow['reference'] | undefined;
}): string {
  if (reference !== undefined) return `${label} (no model)`;
  return control && !label.startsWith('control') ? `${label} (control)` : label;
}

/** A row's label among others: with how its texts were drawn where another row is called the same. */
export function distinctLabel(
  { id, label, temperature }: ResultRow,
  among: readonly ResultRow[],
): string {
  if (among.every((row) => row.id === id || row.label !== label)) return label;
  return `${label}, ${/^\d/.test(temperature) ? `temperature ${temperature}` : temperature}`;
}

export const VERDICT_WORDS: Readonly<Record<ResultVerdict, string>> = {
  holds: 'Holds',
  'holds weakly': 'Holds weakly',
  'does not hold here': 'Does not hold here',
  'not measured': 'Not measured',
};

export const GRADE_WORDS: Readonly<Record<Grade, string>> = {
  met: 'met',
  partly: 'partly met',
  missed: 'missed',
  'not measured': 'not measured',
};

export const FORM_WORDS: Readonly<Record<Results['form'], string>> = {
  full: 'whole',
  fast: 'fast: fewer seeds and prompts than the whole, so wider intervals',
  micro: 'micro: a check that the command works, which says nothing about quality',
};

/** Address that sets the page up to show a claim live. */
export function hereLink({ scenario, settings }: ResultHere): string {
  const query = new URLSearchParams(scenario === null ? {} : { scenario });
  for (const [key, value] of Object.entries(settings)) query.set(key, String(value));
  const text = query.toString();
  return text === '' ? '#/model' : `#/model?${text}`;
}
