/**
 * What people made: rankings, votes, demonstrations, prompts. Each call that adds or removes resolves only when the
 * change is on disk, so the page may say "saved". Used by the page and by the worker.
 */
import type { StoreKey, StoreValue } from 'idb';
import type { EvaluationSitting } from '../records/human-evaluation.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { Sitting, Vote } from '../records/vote.ts';
import { asStorageError } from './errors.ts';
import { writeDurably, type Database } from './open.ts';
import type { LaboratorySchema, OwnedRow } from './schema.ts';
import { checkRows, ROW_CHECKS, type CheckedRows } from './validators.ts';

type OwnedStore = 'prompts' | 'demonstrations' | 'rankings' | 'votes' | 'evaluations';
type AnyOwnedRow = StoreValue<LaboratorySchema, OwnedStore>;

/** Every key `[project, id]` of a project; as a key, an array sorts after every string. */
function projectRange(project: string): IDBKeyRange {
  return IDBKeyRange.bound([project], [project, []]);
}

function owned<T extends { readonly id: string }>(
  project: string,
  values: readonly T[],
): OwnedRow<T>[] {
  return values.map((value) => ({ project, id: value.id, value }));
}

async function put(db: Database, store: OwnedStore, rows: readonly AnyOwnedRow[]): Promise<void> {
  await writeDurably(db, [store], async (tx) => {
    for (const row of rows) await tx.objectStore(store).put(row);
  });
}

async function remove(
  db: Database,
  store: OwnedStore,
  keys: readonly StoreKey<LaboratorySchema, OwnedStore>[],
): Promise<void> {
  await writeDurably(db, [store], async (tx) => {
    for (const key of keys) await tx.objectStore(store).delete(key);
  });
}

function values<T>(checked: CheckedRows<OwnedRow<T>>): CheckedRows<T> {
  return { rows: checked.rows.map((row) => row.value), damaged: checked.damaged };
}

async function readAll(db: Database, store: OwnedStore, project: string): Promise<unknown[]> {
  try {
    return await db.getAll(store, projectRange(project));
  } catch (error) {
    throw asStorageError(error);
  }
}

/** Adds or replaces rankings by id; durable on return. Throws StorageError, then none of them was kept. */
export async function addRankings(
  db: Database,
  project: string,
  rankings: readonly Ranking[],
): Promise<void> {
  await put(db, 'rankings', owned(project, rankings));
}

/** Undo of {@link addRankings}. */
export async function removeRankings(
  db: Database,
  project: string,
  ids: readonly string[],
): Promise<void> {
  await remove(
    db,
    'rankings',
    ids.map((id): [string, string] => [project, id]),
  );
}

/** All rankings of a project in the order of their ids; the person's and the class's, told apart by `labeler`. */
export async function listRankings(db: Database, project: string): Promise<CheckedRows<Ranking>> {
  return values(checkRows(ROW_CHECKS.rankings, await readAll(db, 'rankings', project)));
}

/** Stores a sitting with the vote that moved it on, if one did: both or neither; durable on return. */
export async function saveSitting(
  db: Database,
  project: string,
  sitting: Sitting,
  vote: Vote | null,
): Promise<void> {
  await writeDurably(db, ['sittings', 'votes'], async (tx) => {
    await tx.objectStore('sittings').put({ project, value: sitting });
    if (vote !== null) await tx.objectStore('votes').put({ project, id: vote.id, value: vote });
  });
}

/** The same for an evaluation of several checkpoints at once, with the judgement that moved it on. */
export async function saveEvaluation(
  db: Database,
  project: string,
  sitting: EvaluationSitting,
  judgement: Ranking | null,
): Promise<void> {
  await writeDurably(db, ['evaluationSittings', 'evaluations'], async (tx) => {
    await tx.objectStore('evaluationSittings').put({ project, value: sitting });
    if (judgement === null) return;
    await tx.objectStore('evaluations').put({ project, id: judgement.id, value: judgement });
  });
}

/** A person's judgements of several checkpoints' outputs, in the order of their ids. */
export async function listEvaluations(
  db: Database,
  project: string,
): Promise<CheckedRows<Ranking>> {
  return values(checkRows(ROW_CHECKS.evaluations, await readAll(db, 'evaluations', project)));
}

export async function listVotes(db: Database, project: string): Promise<CheckedRows<Vote>> {
  return values(checkRows(ROW_CHECKS.votes, await readAll(db, 'votes', project)));
}

/** Adds or replaces the person's own demonstrations by id; durable on return. */
export async function addDemonstrations(
  db: Database,
  project: string,
  demonstrations: readonly Demonstration[],
): Promise<void> {
  await put(db, 'demonstrations', owned(project, demonstrations));
}

export async function removeDemonstrations(
  db: Database,
  project: string,
  ids: readonly string[],
): Promise<void> {
  await remove(
    db,
    'demonstrations',
    ids.map((id): [string, string] => [project, id]),
  );
}

export async function listDemonstrations(
  db: Database,
  project: string,
): Promise<CheckedRows<Demonstration>> {
  return values(checkRows(ROW_CHECKS.demonstrations, await readAll(db, 'demonstrations', project)));
}

/** Adds or replaces prompts typed or imported by the person; durable on return. */
export async function addPrompts(
  db: Database,
  project: string,
  prompts: readonly Prompt[],
): Promise<void> {
  await put(db, 'prompts', owned(project, prompts));
}

export async function listPrompts(db: Database, project: string): Promise<CheckedRows<Prompt>> {
  return values(checkRows(ROW_CHECKS.prompts, await readAll(db, 'prompts', project)));
}
