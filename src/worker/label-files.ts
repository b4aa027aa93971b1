/**
 * Prompts and labels of an open project as JSONL files, in and out. A file is read whole before anything is stored, so a bad one
 * changes nothing. The format is data/jsonl.ts; choosing and saving files is the page's.
 */
import {
  readDemonstrations,
  readPrompts,
  readRankings,
  writeDemonstrations,
  writePreferences,
  writePrompts,
  writeRankings,
} from '../data/jsonl.ts';
import { IMPORTED, sourceOf } from '../records/ranking.ts';
import { isSimulated } from '../world/labelers.ts';
import type { Project } from './project.ts';
import type { CommandMap } from './protocol.ts';

/** Stores the rows of a file and gives their number. Throws FormatError with line and field, or StorageError. */
export async function importLabels(
  project: Project,
  { kind, text }: CommandMap['labels.import']['args'],
  now: number,
): Promise<number> {
  switch (kind) {
    case 'prompts': {
      const rows = readPrompts(text);
      await project.addPrompts(rows);
      return rows.length;
    }
    case 'demonstrations': {
      const rows = readDemonstrations(text);
      await project.addDemonstrations(rows);
      return rows.length;
    }
    case 'rankings': {
      const rows = readRankings(text, now).map((row) => ({ ...row, labeler: named(row.labeler) }));
      await project.addRankings(rows);
      return rows.length;
    }
  }
  return kind satisfies never;
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
