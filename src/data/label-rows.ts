/**
 * The rows of label files: prompts, demonstrations and rankings as plain objects with TRL's column names where it has
 * them (`prompt`, `completion`, `chosen`, `rejected`), validated and made into records. Where the objects come from,
 * JSONL or CSV, is the readers' business; they say how a place in their file is named.
 */
import * as v from 'valibot';
import {
  PROMPT_KINDS,
  SPLITS,
  USE_CASES,
  type Demonstration,
  type Prompt,
} from '../records/prompt.ts';
import { isLikert, OUTPUT_FLAGS } from '../records/output-rating.ts';
import { IMPORTED, PERSON, type Completion, type Ranking } from '../records/ranking.ts';
import { FormatError } from './format-error.ts';
import { streamKey } from './rng.ts';

const MAX_FILE_CHARACTERS = 64 * 1024 * 1024;
const MAX_LINES = 100_000;
const MAX_TEXT_CHARACTERS = 20_000;

const text = v.pipe(
  v.string('must be text'),
  v.maxLength(MAX_TEXT_CHARACTERS, `is longer than ${MAX_TEXT_CHARACTERS} characters`),
);
const filledText = v.pipe(
  text,
  v.check((value) => value.trim() !== '', 'must not be empty'),
);
const name = v.pipe(
  v.string('must be text'),
  v.minLength(1, 'must not be empty'),
  v.maxLength(200, 'is longer than 200 characters'),
);

/** Columns of a prompt, shared by the three kinds of file; only `prompt` is required. */
const promptColumns = {
  prompt: filledText,
  promptId: v.optional(name),
  useCase: v.optional(v.picklist(USE_CASES, `must be one of ${USE_CASES.join(', ')}`), 'other'),
  kind: v.optional(v.picklist(PROMPT_KINDS, `must be one of ${PROMPT_KINDS.join(', ')}`), 'plain'),
  userId: v.optional(name, PERSON),
  split: v.optional(v.picklist(SPLITS, `must be one of ${SPLITS.join(', ')}`), 'train'),
  source: v.optional(v.picklist(['world', 'person'], 'must be world or person'), 'person'),
};

const promptRow = v.strictObject(promptColumns);

/** A pair as TRL's preference sets have it: a ranking of two. */
const pairRow = v.strictObject({
  ...promptColumns,
  id: v.optional(name),
  chosen: text,
  rejected: text,
  labeler: v.optional(name, IMPORTED),
});

const demonstrationRow = v.strictObject({
  ...promptColumns,
  id: v.optional(name),
  completion: filledText,
  author: v.optional(name, PERSON),
});

const completionCell = v.union(
  [
    text,
    v.strictObject({ id: name, text, policy: name, ended: v.boolean('must be true or false') }),
  ],
  'must be text or an object with id, text, policy and ended',
);
const wholeNumber = v.pipe(v.number('must be a number'), v.integer('must be a whole number'));

const ratingCell = v.nullable(
  v.strictObject({
    overall: v.nullable(
      v.pipe(
        v.number('must be a number'),
        v.check(isLikert, 'must be a whole number from 1 (worst) to 7'),
      ),
    ),
    flags: v.pipe(
      v.array(v.picklist(OUTPUT_FLAGS, `must be one of ${OUTPUT_FLAGS.join(', ')}`)),
      v.check((flags) => new Set(flags).size === flags.length, 'must name each flag once'),
    ),
  }),
);

const rankingRow = v.pipe(
  v.strictObject({
    ...promptColumns,
    id: v.optional(name),
    completions: v.pipe(
      v.array(completionCell, 'must be a list'),
      v.minLength(2, 'must hold at least 2 completions'),
      v.maxLength(9, 'must hold at most 9 completions'),
    ),
    ranks: v.array(wholeNumber, 'must be a list'),
    labeler: v.optional(name, IMPORTED),
    shown: v.optional(v.array(wholeNumber, 'must be a list')),
    at: v.optional(v.pipe(wholeNumber, v.minValue(0, 'must not be negative'))),
    ratings: v.optional(v.array(ratingCell, 'must be a list')),
    repeat: v.optional(v.boolean('must be true or false')),
  }),
  v.forward(
    v.partialCheck(
      [['completions'], ['ranks']],
      ({ completions, ranks }) => areRanks(ranks, completions.length),
      'must be one number from 1 (best) up for each completion, equal numbers for ties',
    ),
    ['ranks'],
  ),
  v.forward(
    v.partialCheck(
      [['completions'], ['shown']],
      ({ completions, shown }) => !shown || isPermutation(shown, completions.length),
      'must name each completion once, counted from 0',
    ),
    ['shown'],
  ),
  v.forward(
    v.partialCheck(
      [['completions'], ['ratings']],
      ({ completions, ratings }) => !ratings || ratings.length === completions.length,
      'must be one for each completion, null for one that was not rated',
    ),
    ['ratings'],
  ),
);

function areRanks(ranks: readonly number[], count: number): boolean {
  return (
    ranks.length === count && ranks.includes(1) && ranks.every((rank) => rank >= 1 && rank <= count)
  );
}

function isPermutation(indices: readonly number[], count: number): boolean {
  const sorted = [...indices].sort((a, b) => a - b);
  return sorted.length === count && sorted.every((index, i) => index === i);
}

/** An id that depends on the content alone, so that reading a file twice adds nothing. */
function idOf(prefix: string, ...content: readonly string[]): string {
  const [high, low] = streamKey(0, ...content);
  const hex = (word: number): string => word.toString(16).padStart(8, '0');
  return `${prefix}-${hex(high)}${hex(low)}`;
}

/** Rows of a file, not checked yet. */
export interface FileRows {
  /** What each row says, and its number: the line of the file that it begins on, or its place in a list; from 1. */
  readonly rows: readonly { readonly number: number; readonly value: unknown }[];
  /** What the numbers count. */
  readonly unit: 'Line' | 'Row';
  /** A field as the file names it: `field ranks.0`, `column rank_1`. */
  readonly placeOf: (path: string) => string;
}

interface Line<Row> {
  readonly number: number;
  readonly row: Row;
}

/** Validates every row. */
function readLines<Schema extends v.GenericSchema>(
  file: FileRows,
  schemaOf: (value: unknown) => Schema,
): Line<v.InferOutput<Schema>>[] {
  return file.rows.map(({ number, value }) => {
    const parsed = v.safeParse(schemaOf(value), value);
    if (parsed.success) return { number, row: parsed.output };
    const [issue] = parsed.issues;
    const path = v.getDotPath(issue);
    throw new FormatError(
      path === null
        ? `${file.unit} ${number}: not a JSON object.`
        : `${file.unit} ${number}, ${file.placeOf(path)}: ${problemOf(issue)}.`,
      `Correct that ${file.unit.toLowerCase()}, then choose the file again; nothing was imported.`,
    );
  });
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object') return issue.message;
  return issue.expected === 'never' ? 'is not a known field' : 'is missing';
}

/** @throws FormatError when two lines carry the same id */
function withoutRepeatedIds<Row extends { readonly id: string }>(
  { unit }: FileRows,
  rows: readonly Line<Row>[],
): Row[] {
  const lineOf = new Map<string, number>();
  for (const { number, row } of rows) {
    const first = lineOf.get(row.id);
    if (first !== undefined) {
      throw new FormatError(
        `${unit}s ${first} and ${number} are the same row (id ${row.id}).`,
        'Remove one of them, then choose the file again; nothing was imported.',
      );
    }
    lineOf.set(row.id, number);
  }
  return rows.map(({ row }) => row);
}

function promptOf(row: v.InferOutput<typeof promptRow>): Prompt {
  return {
    id: row.promptId ?? idOf('prompt', row.prompt, row.userId),
    text: row.prompt,
    useCase: row.useCase,
    kind: row.kind,
    userId: row.userId,
    split: row.split,
    source: row.source,
  };
}

function completionOf(cell: v.InferOutput<typeof completionCell>, index: number): Completion {
  if (typeof cell !== 'string') return cell;
  return { id: String(index), text: cell, policy: 'imported', ended: true };
}

/** @throws FormatError naming line, field and what to do */
export function readPrompts(file: FileRows): Prompt[] {
  return withoutRepeatedIds(
    file,
    readLines(file, () => promptRow).map(({ number, row }) => ({ number, row: promptOf(row) })),
  );
}

/** @throws FormatError naming line, field and what to do */
export function readDemonstrations(file: FileRows): Demonstration[] {
  const rows = readLines(file, () => demonstrationRow).map(({ number, row }) => ({
    number,
    row: {
      id: row.id ?? idOf('demonstration', row.prompt, row.completion, row.author),
      prompt: promptOf(row),
      response: row.completion,
      author: row.author,
    },
  }));
  return withoutRepeatedIds(file, rows);
}

/**
 * Rankings, and pairs of `chosen` and `rejected`, which are rankings of two.
 * @param now milliseconds since 1970, for rankings without a time of their own
 * @throws FormatError naming line, field and what to do
 */
export function readRankings(file: FileRows, now: number): Ranking[] {
  const rows = readLines(file, (value) => (isPair(value) ? pairRow : rankingRow)).map(
    ({ number, row }) => ({ number, row: rankingOf('chosen' in row ? asRanking(row) : row, now) }),
  );
  return withoutRepeatedIds(file, rows);
}

const isPair = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ('chosen' in value || 'rejected' in value);

function asRanking({
  chosen,
  rejected,
  ...columns
}: v.InferOutput<typeof pairRow>): v.InferOutput<typeof rankingRow> {
  return { ...columns, completions: [chosen, rejected], ranks: [1, 2] };
}

function rankingOf(row: v.InferOutput<typeof rankingRow>, now: number): Ranking {
  return {
    id: row.id ?? idOf('ranking', row.prompt, JSON.stringify(row.completions), row.labeler),
    prompt: promptOf(row),
    completions: row.completions.map(completionOf),
    ranks: row.ranks,
    labeler: row.labeler,
    shown: row.shown ?? row.completions.map((_, index) => index),
    at: row.at ?? now,
    ...(row.ratings && { ratings: row.ratings }),
    ...(row.repeat === true && { repeat: true }),
  };
}

/** The columns that a prompt has in a file. */
export function promptCells(prompt: Prompt): v.InferInput<typeof promptRow> {
  const { id, text: words, useCase, kind, userId, split, source } = prompt;
  return { prompt: words, promptId: id, useCase, kind, userId, split, source };
}

/** @throws FormatError for a file larger than any that can be read */
export function expectReadableSize(file: string): void {
  if (file.length <= MAX_FILE_CHARACTERS) return;
  throw new FormatError('The file is larger than 64 MiB.', 'Split it into smaller files.');
}

/** @throws FormatError for a file without rows, or with more than can be read */
export function expectReadableCount(count: number, what: string): void {
  if (count > MAX_LINES) {
    throw new FormatError(
      `The file has more than ${MAX_LINES} lines.`,
      'Split it into smaller files.',
    );
  }
  if (count === 0) throw new FormatError('The file has no lines.', `Choose ${what}.`);
}
