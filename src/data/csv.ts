/**
 * Prompts, demonstrations and rankings as CSV files with a heading line, as spreadsheets save them: commas, semicolons
 * or tabs, quoted cells over several lines. A row becomes the object that a line of JSONL would hold; what it must hold
 * is label-rows.ts. An empty cell says nothing. A ranking's lists are numbered columns: `completion_1`, `rank_1`;
 * `overall_1` and `flags_1` (names with spaces between) are its ratings.
 */
import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import { FormatError } from './format-error.ts';
import { expectReadableCount, expectReadableSize, type FileRows } from './label-rows.ts';

/** Columns that are lists in a row's object, by the name of one entry. */
const LISTS: Readonly<Record<string, string>> = {
  completion: 'completions',
  rank: 'ranks',
  overall: 'overall',
  flags: 'flags',
};
/** Columns of numbers; all others are text. */
const NUMBERS: ReadonlySet<string> = new Set(['rank', 'at', 'overall']);

type Cell = string | number | boolean;

interface Row {
  readonly cells: readonly string[];
  /** The line that the row ends on, from 1; cells may hold line breaks. */
  readonly end: number;
}

/** @throws FormatError naming line, column and what to do */
export function csvRows(file: string): FileRows {
  expectReadableSize(file);
  const [heading, ...rows] = parseRows(file);
  expectReadableCount(rows.length, 'a CSV file: a heading line, then one row on each line');
  const columns = (heading?.cells ?? []).map((cell) => cell.trim());
  expectDifferent(columns);
  return {
    rows: rows.map(({ cells, end }) => ({
      number: end - cells.join('').split('\n').length + 1,
      value: objectOf(columns, cells),
    })),
    unit: 'Line',
    placeOf: columnName,
  };
}

function parseRows(file: string): readonly Row[] {
  const rows: Row[] = [];
  try {
    parse(file, {
      bom: true,
      delimiter: delimiterOf(file),
      skipEmptyLines: true,
      onRecord: (cells: readonly string[], { lines }) => {
        rows.push({ cells, end: lines });
      },
    });
    return rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new FormatError(
      damageOf(error, file, rows),
      'Correct that, then choose the file again; nothing was imported.',
    );
  }
}

/** Where and how a file is no table, in words. */
function damageOf({ code, lines, column, record }: CsvError, file: string, rows: readonly Row[]) {
  const heading = rows[0]?.cells.map((cell) => cell.trim()) ?? [];
  const named = (i: number) =>
    heading[i] === undefined ? `column ${i + 1}` : `column ${heading[i]}`;
  const at = Number(column);
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return `Line ${lineAfter(rows.at(-1)?.end ?? 0, file)}, ${named(at)}: a quotation mark opens the cell and none closes it.`;
    case 'CSV_INVALID_CLOSING_QUOTE':
      return `Line ${String(lines)}, ${named(at)}: more text follows the quotation mark that closes the cell (inside of a quoted cell, write a quotation mark twice).`;
    case 'INVALID_OPENING_QUOTE':
      return `Line ${String(lines)}, ${named(at)}: a quotation mark stands inside of a cell that does not begin with one (put the cell in quotation marks and write the inner ones twice).`;
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const cells = Array.isArray(record) ? record.length : 0;
      const place = named(Math.min(cells, heading.length));
      const what = cells < heading.length ? 'and what follows it are missing' : 'has no heading';
      return `Line ${String(lines)}, ${place}: ${what} (the row has ${cells} cells, the heading ${heading.length}).`;
    }
    default:
      return `Line ${String(lines)}: not a row of a CSV file (${code}).`;
  }
}

/** The first line after one that holds anything. */
function lineAfter(line: number, file: string): number {
  const found = file.split('\n').findIndex((text, i) => i >= line && text.trim() !== '');
  return found + 1;
}

/** What separates the heading's names, none of which holds a separator. */
function delimiterOf(file: string): string {
  return /[,;\t]/.exec(file.split('\n', 1)[0] ?? '')?.[0] ?? ',';
}

function expectDifferent(columns: readonly string[]): void {
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (repeated === undefined) return;
  throw new FormatError(
    `Line 1: the column ${repeated} is there twice.`,
    'Rename or remove one of them, then choose the file again; nothing was imported.',
  );
}

/** `completion_2` is entry 1 of the list `completions`. */
function listPlace(column: string): { one: string; list: string; index: number } | null {
  const [, one = '', index] = /^([a-z]+)_([1-9])$/.exec(column) ?? [];
  const list = LISTS[one];
  return list === undefined ? null : { one, list, index: Number(index) - 1 };
}

/** The column of a path in the row's object. */
function columnName(path: string): string {
  const [list, index, field] = path.split('.');
  if (path === 'ratings') return 'columns overall_1, flags_1, ...';
  if (list === 'ratings' && index !== undefined) {
    return field === undefined
      ? `columns overall_${Number(index) + 1} and flags_${Number(index) + 1}`
      : `column ${field}_${Number(index) + 1}`;
  }
  const one = Object.keys(LISTS).find((name) => LISTS[name] === list);
  if (one === undefined) return `column ${path}`;
  return index === undefined
    ? `columns ${one}_1, ${one}_2, ...`
    : `column ${one}_${Number(index) + 1}`;
}

/** A number where one belongs; what is no number stays text, for the validator to name. */
function valueOf(column: string, cell: string): string | number | boolean {
  if (column === 'repeat' && (cell === 'true' || cell === 'false')) return cell === 'true';
  return NUMBERS.has(column) && cell.trim() !== '' && Number.isFinite(Number(cell))
    ? Number(cell)
    : cell;
}

function objectOf(columns: readonly string[], record: readonly string[]): Record<string, unknown> {
  const row = new Map<string, unknown>();
  const lists = new Map<string, Cell[]>();
  columns.forEach((column, i) => {
    const cell = record[i] ?? '';
    if (cell === '') return;
    const place = listPlace(column);
    if (place === null) row.set(column, valueOf(column, cell));
    else listOf(lists, place.list)[place.index] = valueOf(place.one, cell);
  });
  const ratings = takeRatings(lists);
  if (ratings !== null) row.set('ratings', ratings);
  // Array.from: a cell left out inside of a list is an entry that the validator must see.
  for (const [list, cells] of lists) row.set(list, Array.from(cells));
  return Object.fromEntries(row);
}

/** The columns `overall_1`, `flags_1` and so on as the list that they are in a row's object; null without any. */
function takeRatings(lists: Map<string, Cell[]>): readonly unknown[] | null {
  const [overall, flags] = [lists.get('overall'), lists.get('flags')];
  if (overall === undefined && flags === undefined) return null;
  lists.delete('overall');
  lists.delete('flags');
  const counts = [lists.get('completions'), overall, flags].map((cells) => cells?.length ?? 0);
  return Array.from({ length: Math.max(...counts) }, (_, k) => {
    const [score, names] = [overall?.[k], flags?.[k]];
    if (score === undefined && names === undefined) return null;
    return { overall: score ?? null, flags: String(names ?? '').match(/\S+/g) ?? [] };
  });
}

function listOf(lists: Map<string, Cell[]>, name: string): Cell[] {
  const known = lists.get(name);
  if (known !== undefined) return known;
  const list: Cell[] = [];
  lists.set(name, list);
  return list;
}
