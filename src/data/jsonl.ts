/**
 * Prompts, demonstrations and rankings as JSONL files: one JSON object per line, flat, with TRL's column names where
 * it has them (`prompt`, `completion`, `chosen`, `rejected`). A file may come from anyone: each line is validated, and
 * everything is read before anything is returned, so a bad file changes nothing.
 */
import * as v from 'valibot';
import {
  PROMPT_KINDS,
  SPLITS,
  USE_CASES,
  type Demonstration,
  type Prompt,
} from '../records/prompt.ts';
import { IMPORTED, PERSON, type Completion, type Ranking } from '../records/ranking.ts';
import { FormatError } from './format-error.ts';
import { streamKey } from './rng.ts';
import { parseStrictJson } from './strict-json.ts';

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

interface Line<Row> {
  readonly number: number;
  readonly row: Row;
}

/** Parses and validates every line; blank lines are skipped. */
function readLines<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Line<v.InferOutput<Schema>>[] {
  if (file.length > MAX_FILE_CHARACTERS) {
    throw new FormatError('The file is larger than 64 MiB.', 'Split it into smaller files.');
  }
  const lines = file.replace(/^\uFEFF/, '').split('\n');
  if (lines.length > MAX_LINES) {
    throw new FormatError(
      `The file has more than ${MAX_LINES} lines.`,
      'Split it into smaller files.',
    );
  }
  const rows: Line<v.InferOutput<Schema>>[] = [];
  lines.forEach((line, i) => {
    if (line.trim() === '') return;
    rows.push({ number: i + 1, row: readLine(line, i + 1, schema) });
  });
  if (rows.length === 0) {
    throw new FormatError(
      'The file has no lines.',
      'Choose a JSONL file: one JSON object on each line.',
    );
  }
  return rows;
}

function readLine<Schema extends v.GenericSchema>(
  line: string,
  number: number,
  schema: Schema,
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = parseStrictJson(line);
  } catch (error) {
    throw new FormatError(
      `Line ${number}${columnOf(error)}: not a valid JSON object (${(error as Error).message}).`,
      'Write one complete JSON object on each line, then choose the file again; nothing was imported.',
    );
  }
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new FormatError(
    path === null
      ? `Line ${number}: not a JSON object.`
      : `Line ${number}, field ${path}: ${problemOf(issue)}.`,
    'Correct that line, then choose the file again; nothing was imported.',
  );
}

/** Column of a syntax error, where the engine's message tells it. */
function columnOf(error: unknown): string {
  const position = /position (\d+)/.exec((error as Error).message)?.[1];
  if (position !== undefined) return `, column ${Number(position) + 1}`;
  const column = /column (\d+)/.exec((error as Error).message)?.[1];
  return column === undefined ? '' : `, column ${column}`;
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object') return issue.message;
  return issue.expected === 'never' ? 'is not a known field' : 'is missing';
}

/** @throws FormatError when two lines carry the same id */
function withoutRepeatedIds<Row extends { readonly id: string }>(
  rows: readonly Line<Row>[],
): Row[] {
  const lineOf = new Map<string, number>();
  for (const { number, row } of rows) {
    const first = lineOf.get(row.id);
    if (first !== undefined) {
      throw new FormatError(
        `Lines ${first} and ${number} are the same row (id ${row.id}).`,
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
export function readPrompts(file: string): Prompt[] {
  return withoutRepeatedIds(
    readLines(file, promptRow).map(({ number, row }) => ({ number, row: promptOf(row) })),
  );
}

/** @throws FormatError naming line, field and what to do */
export function readDemonstrations(file: string): Demonstration[] {
  const rows = readLines(file, demonstrationRow).map(({ number, row }) => ({
    number,
    row: {
      id: row.id ?? idOf('demonstration', row.prompt, row.completion, row.author),
      prompt: promptOf(row),
      response: row.completion,
      author: row.author,
    },
  }));
  return withoutRepeatedIds(rows);
}

/**
 * @param now milliseconds since 1970, for rankings without a time of their own
 * @throws FormatError naming line, field and what to do
 */
export function readRankings(file: string, now: number): Ranking[] {
  const rows = readLines(file, rankingRow).map(({ number, row }) => ({
    number,
    row: {
      id: row.id ?? idOf('ranking', row.prompt, JSON.stringify(row.completions), row.labeler),
      prompt: promptOf(row),
      completions: row.completions.map(completionOf),
      ranks: row.ranks,
      labeler: row.labeler,
      shown: row.shown ?? row.completions.map((_, index) => index),
      at: row.at ?? now,
    },
  }));
  return withoutRepeatedIds(rows);
}

function promptCells(prompt: Prompt): v.InferInput<typeof promptRow> {
  const { id, text: words, useCase, kind, userId, split, source } = prompt;
  return { prompt: words, promptId: id, useCase, kind, userId, split, source };
}

function toLines(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

export function writePrompts(prompts: readonly Prompt[]): string {
  return toLines(prompts.map(promptCells));
}

export function writeDemonstrations(demonstrations: readonly Demonstration[]): string {
  return toLines(
    demonstrations.map(({ id, prompt, response, author }) => ({
      ...promptCells(prompt),
      id,
      completion: response,
      author,
    })),
  );
}

export function writeRankings(rankings: readonly Ranking[]): string {
  return toLines(
    rankings.map(({ prompt, id, completions, ranks, labeler, shown, at }) => ({
      ...promptCells(prompt),
      id,
      completions,
      ranks,
      labeler,
      shown,
      at,
    })),
  );
}

/** Every strict preference as one line of TRL's explicit-prompt format; ties give none. */
export function writePreferences(rankings: readonly Ranking[]): string {
  const rows: { prompt: string; chosen: string; rejected: string }[] = [];
  for (const { prompt, completions, ranks } of rankings) {
    completions.forEach((chosen, i) => {
      completions.forEach((rejected, j) => {
        if ((ranks[i] ?? 0) >= (ranks[j] ?? 0)) return;
        rows.push({ prompt: prompt.text, chosen: chosen.text, rejected: rejected.text });
      });
    });
  }
  return toLines(rows);
}
