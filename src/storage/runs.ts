/**
 * Writing and deleting runs. A run's metric series is a list of appended batches; each is written together with the
 * checkpoint that it leads up to (checkpoints.ts), so that after a crash both end at the same step.
 */
import { StorageError } from './errors.ts';
import { writeDurably, type Database } from './open.ts';
import type { RunRow } from './schema.ts';

/** Every key `[run, from]` of a run from a step on. */
export function metricsRange(run: string, from = 0): IDBKeyRange {
  return IDBKeyRange.bound([run, from], [run, Number.POSITIVE_INFINITY]);
}

/** Adds or replaces a run; durable on return. */
export async function saveRun(db: Database, row: RunRow): Promise<void> {
  await writeDurably(db, ['runs'], async (tx) => {
    await tx.objectStore('runs').put(row);
  });
}

/**
 * Gives a run another name, and those of its checkpoints that begin with the old one; durable on return. Throws
 * StorageError when there is no such run.
 */
export async function renameRun(
  db: Database,
  project: string,
  id: string,
  name: string,
): Promise<void> {
  const checkpoints = await db.getAllFromIndex('checkpoints', 'project', project);
  await writeDurably(db, ['runs', 'checkpoints'], async (tx) => {
    const row = await tx.objectStore('runs').get(id);
    if (row === undefined) throw new StorageError('This run does not exist any more.');
    await tx.objectStore('runs').put({ ...row, run: { ...row.run, name } });
    const old = row.run.name;
    for (const checkpoint of checkpoints) {
      const { manifest } = checkpoint;
      if (manifest.run !== id || !manifest.name.startsWith(old)) continue;
      const renamed = { ...manifest, name: `${name}${manifest.name.slice(old.length)}` };
      await tx.objectStore('checkpoints').put({ ...checkpoint, manifest: renamed });
    }
  });
}

/**
 * Removes a run, its series, its view and its checkpoints in one transaction; a head among them moves to the
 * newest checkpoint of its stage that is left, since those between may have been pruned.
 */
export async function deleteRun(db: Database, project: string, id: string): Promise<void> {
  const checkpoints = await db.getAllFromIndex('checkpoints', 'project', project);
  const own = checkpoints.filter((row) => row.manifest.run === id).map((row) => row.id);
  const left = checkpoints
    .filter((row) => row.manifest.run !== id)
    .sort((a, b) => a.manifest.createdAt - b.manifest.createdAt);
  const stores = ['projects', 'runs', 'metrics', 'views', 'checkpoints', 'chunks'] as const;
  await writeDurably(db, [...stores], async (tx) => {
    await tx.objectStore('runs').delete(id);
    await tx.objectStore('metrics').delete(metricsRange(id));
    await tx.objectStore('views').delete(id);
    for (const checkpoint of own) {
      await tx.objectStore('checkpoints').delete(checkpoint);
      await tx.objectStore('chunks').delete(IDBKeyRange.bound([checkpoint], [checkpoint, []]));
    }
    const row = await tx.objectStore('projects').get(project);
    if (row === undefined) return;
    const heads = Object.entries(row.heads).flatMap(([stage, head]) => {
      if (!own.includes(head)) return [[stage, head] as const];
      const newest = left.findLast(({ manifest }) => manifest.stage === stage);
      return newest === undefined ? [] : [[stage, newest.id] as const];
    });
    await tx.objectStore('projects').put({ ...row, heads: Object.fromEntries(heads) });
  });
}
