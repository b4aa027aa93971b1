/**
 * The project row: its settings and the newest checkpoint of each stage. One project is one laboratory of a person.
 */
import type { JsonValue } from '../records/run.ts';
import type { OwnText } from '../records/own-text.ts';
import type { Suite } from '../records/suite.ts';
import { StorageError } from './errors.ts';
import { writeDurably, type Database } from './open.ts';
import type { ProjectRow } from './schema.ts';
import { checkRow, ROW_CHECKS } from './validators.ts';

function checked(id: string, row: unknown): ProjectRow {
  const project = checkRow(ROW_CHECKS.projects, row);
  if (project !== null) return project;
  throw new StorageError(
    `Project "${id}" was saved in a form that this version cannot read: open another project.`,
  );
}

/** The project as stored, made with `settings` when there is none yet; durable on return. */
export async function openProject(
  db: Database,
  id: string,
  settings: JsonValue,
  now: number,
): Promise<ProjectRow> {
  const stored = await db.get('projects', id);
  if (stored !== undefined) return checked(id, stored);
  return writeDurably(db, ['projects'], async (tx) => {
    const project: ProjectRow = { id, settings, heads: {}, createdAt: now };
    await tx.objectStore('projects').put(project);
    return project;
  });
}

/** The project, or null when it was never made; for a tab that may not write. */
export async function readProject(db: Database, id: string): Promise<ProjectRow | null> {
  const stored = await db.get('projects', id);
  return stored === undefined ? null : checked(id, stored);
}

/** Replaces the settings; durable on return. Throws StorageError when there is no such project. */
export async function saveSettings(db: Database, id: string, settings: JsonValue): Promise<void> {
  await writeDurably(db, ['projects'], async (tx) => {
    const row = checked(id, await tx.objectStore('projects').get(id));
    await tx.objectStore('projects').put({ ...row, settings });
  });
}

/** Replaces the last judgement of a project; durable on return. */
export async function saveSuite(db: Database, project: string, value: Suite): Promise<void> {
  await writeDurably(db, ['suites'], async (tx) => {
    await tx.objectStore('suites').put({ project, value });
  });
}

/** Replaces the text that a base model is trained from; durable on return. */
export async function saveOwnText(db: Database, project: string, value: OwnText): Promise<void> {
  await writeDurably(db, ['texts'], async (tx) => {
    await tx.objectStore('texts').put({ project, value });
  });
}
