/**
 * Prompts, demonstrations and rankings as JSONL files: one JSON object per line, flat; read also from a JSON file that is
 * a list of such objects. A file may come from anyone:
 * everything is read before anything is returned, so a bad file changes nothing. What the objects must hold is
 * label-rows.ts.
 */
import type { Demonstration, Prompt } from '../records/prompt.ts';
import { withoutRepeats, type Ranking } from '../records/ranking.ts';
import { FormatError } from './format-error.ts';
import {
  expectReadableCount,
  expectReadableSize,
  promptCells,
  type FileRows,
} from './label-rows.ts';
import { parseStrictJson } from './strict-json.ts';

/**
 * The object of every line, blank lines skipped; of a file that is one list, its entries.
 * @throws FormatError naming line, column and what to do
 */
export function jsonlRows(file: string): FileRows {
  expectReadableSize(file);
  const text = file.replace(/^\uFEFF/, '');
  if (/^\s*\[/.test(text)) return listRows(text);
  const lines = text
    .split('\n')
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== '');
  expectReadableCount(lines.length, 'a JSONL file: one JSON object on each line');
  const rows = lines.map(({ line, number }) => ({ number, value: parseLine(line, number) }));
  return { rows, unit: 'Line', placeOf };
}

const placeOf = (path: string): string => `field ${path}`;

/** The entries of a JSON list. */
function listRows(text: string): FileRows {
  const list = parseList(text);
  expectReadableCount(list.length, 'a JSON file with a list of objects');
  return { rows: list.map((value, i) => ({ number: i + 1, value })), unit: 'Row', placeOf };
}

function parseList(text: string): readonly unknown[] {
  try {
    return parseStrictJson(text) as readonly unknown[];
  } catch (error) {
    const position = positionOf(error);
    const before = position === undefined ? [] : text.slice(0, position).split('\n');
    const place =
      before.length === 0
        ? ''
        : ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    throw new FormatError(
      `The file begins as a JSON list and is not a valid one${place} (${(error as Error).message}).`,
      'Put commas between its rows and close every bracket, or write one JSON object on each line, then choose the file again; nothing was imported.',
    );
  }
}

/** Place of a syntax error in the text, from 0, where the engine's message tells it. */
function positionOf(error: unknown): number | undefined {
  const position = /position (\d+)/.exec((error as Error).message)?.[1];
  return position === undefined ? undefined : Number(position);
}

function parseLine(line: string, number: number): unknown {
  try {
    return parseStrictJson(line);
  } catch (error) {
    throw new FormatError(
      `Line ${number}${columnOf(error)}: not a valid JSON object (${(error as Error).message}).`,
      'Write one complete JSON object on each line, then choose the file again; nothing was imported.',
    );
  }
}

/** Column of a syntax error, where the engine's message tells it. */
function columnOf(error: unknown): string {
  const position = positionOf(error);
  if (position !== undefined) return `, column ${position + 1}`;
  const column = /column (\d+)/.exec((error as Error).message)?.[1];
  return column === undefined ? '' : `, column ${column}`;
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
    rankings.map(({ prompt, id, completions, ranks, labeler, shown, at, ratings, repeat }) => ({
      ...promptCells(prompt),
      id,
      completions,
      ranks,
      labeler,
      shown,
      at,
      ratings,
      repeat,
    })),
  );
}

/** Every strict preference as one line of TRL's explicit-prompt format; ties give none, what was ranked again neither. */
export function writePreferences(rankings: readonly Ranking[]): string {
  const rows: { prompt: string; chosen: string; rejected: string }[] = [];
  for (const { prompt, completions, ranks } of withoutRepeats(rankings)) {
    completions.forEach((chosen, i) => {
      completions.forEach((rejected, j) => {
        if ((ranks[i] ?? 0) >= (ranks[j] ?? 0)) return;
        rows.push({ prompt: prompt.text, chosen: chosen.text, rejected: rejected.text });
      });
    });
  }
  return toLines(rows);
}
