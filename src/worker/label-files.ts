/**
 * Prompts and labels of an open project as files: JSONL and CSV in, JSONL out. A file is read whole before anything is
 * stored, so a bad one changes nothing. The formats are data/jsonl.ts and data/csv.ts; choosing and saving files is the
 * page's.
 */
import { FormatError } from '../data/format-error.ts';
import {
  jsonlRows,
  writeDemonstrations,
  writePreferences,
  writePrompts,
  writeRankings,
} from '../data/jsonl.ts';
import {
  readDemonstrations,
  readPrompts,
  readRankings,
  type FileRows,
} from '../data/label-rows.ts';
import { IMPORTED, sourceOf, type Ranking } from '../records/ranking.ts';
import { isSimulated } from '../world/labelers.ts';
import type { Project } from './project.ts';
import type { CommandMap } from './protocol.ts';

type ImportArgs = CommandMap['labels.import']['args'];
type LabelFile = ImportArgs['files'][number];

/**
 * Stores the rows of all files, or nothing, and gives their number.
 * Throws FormatError with file, line and field, or StorageError.
 */
export async function importLabels(
  project: Project,
  { kind, files, classmates }: ImportArgs,
  now: number,
): Promise<number> {
  switch (kind) {
    case 'prompts': {
      const rows = await readAll(files, readPrompts);
      await project.addPrompts(rows);
      return rows.length;
    }
    case 'demonstrations': {
      const rows = await readAll(files, readDemonstrations);
      await project.addDemonstrations(rows);
      return rows.length;
    }
    case 'rankings': {
      const rows = await readAll(files, (file, name) =>
        readRankings(file, now).map((row) =>
          classmates ? ofClassmate(row, name) : { ...row, labeler: named(row.labeler) },
        ),
      );
      await project.addRankings(rows);
      return rows.length;
    }
  }
  return kind satisfies never;
}

/** The rows of all files, before any is stored; of several files, an error says which. */
async function readAll<Row extends { readonly id: string }>(
  files: readonly LabelFile[],
  read: (rows: FileRows, name: string) => readonly Row[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, format, text } of files) {
    try {
      rows.push(...read(await rowsOf(format, text), name));
    } catch (error) {
      if (files.length === 1 || !(error instanceof FormatError)) throw error;
      throw new FormatError(`${name}: ${error.problem}`, error.action);
    }
  }
  // What the simulated class said may stand in the files of several people: once is enough.
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** CSV is read by a library that is loaded for it. */
async function rowsOf(format: 'jsonl' | 'csv', text: string): Promise<FileRows> {
  if (format === 'jsonl') return jsonlRows(text);
  return (await import('../data/csv.ts')).csvRows(text);
}

/**
 * A person's own row in the file of a classmate belongs to the classmate; what simulated labelers said stays theirs.
 * The id says whose it is: two who began from one link have rows of the same ids.
 */
function ofClassmate(row: Ranking, classmate: string): Ranking {
  if (isSimulated(row.labeler)) return row;
  return { ...row, id: `${classmate}/${row.id}`, labeler: `${IMPORTED}:${classmate}` };
}

/** A labeler in a file is the person, one of the class, or a stranger, who must not count as either. */
function named(labeler: string): string {
  const known = isSimulated(labeler) || sourceOf(labeler) !== 'class';
  return known ? labeler : `${IMPORTED}:${labeler}`;
}

/** The stored rows as a file; `preferences` are TRL's prompt, chosen, rejected. */
export function exportLabels(
  { rows }: Project,
  kind: CommandMap['labels.export']['args']['kind'],
): CommandMap['labels.export']['reply'] {
  switch (kind) {
    case 'prompts':
      return { text: writePrompts(rows.prompts) };
    case 'demonstrations':
      return { text: writeDemonstrations(rows.demonstrations) };
    case 'rankings':
      return { text: writeRankings(rows.rankings) };
    case 'preferences':
      return { text: writePreferences(rows.rankings) };
  }
  return kind satisfies never;
}
