/**
 * Labels of an open project as JSONL files, in and out. A file is read whole before anything is stored, so a bad one
 * changes nothing. The format is data/jsonl.ts; choosing and saving files is the page's.
 */
import {
  readDemonstrations,
  readRankings,
  writeDemonstrations,
  writePreferences,
  writeRankings,
} from '../data/jsonl.ts';
import type { Project } from './project.ts';
import type { CommandMap } from './protocol.ts';

/** Stores the rows of a file and gives their number. Throws FormatError with line and field, or StorageError. */
export async function importLabels(
  project: Project,
  { kind, text }: CommandMap['labels.import']['args'],
  now: number,
): Promise<number> {
  if (kind === 'demonstrations') {
    const rows = readDemonstrations(text);
    await project.addDemonstrations(rows);
    return rows.length;
  }
  kind satisfies 'rankings';
  const rows = readRankings(text, now);
  await project.addRankings(rows);
  return rows.length;
}

/** The stored rows as a file; `preferences` are TRL's prompt, chosen, rejected. */
export function exportLabels(
  { rows }: Project,
  kind: CommandMap['labels.export']['args']['kind'],
): CommandMap['labels.export']['reply'] {
  switch (kind) {
    case 'demonstrations':
      return { text: writeDemonstrations(rows.demonstrations) };
    case 'rankings':
      return { text: writeRankings(rows.rankings) };
    case 'preferences':
      return { text: writePreferences(rows.rankings) };
  }
  return kind satisfies never;
}
