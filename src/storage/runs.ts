/**
 * Writing and deleting runs. A run's metric series is a list of appended batches; each is written together with the
 * checkpoint that it leads up to (checkpoints.ts), so that after a crash both end at the same step.
 */
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

/** Removes a run, its series and its checkpoints in one transaction. */
export async function deleteRun(db: Database, project: string, id: string): Promise<void> {
  const checkpoints = await db.getAllFromIndex('checkpoints', 'project', project);
  const own = checkpoints.filter((row) => row.manifest.run === id).map((row) => row.id);
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
    const heads = Object.entries(row.heads).filter(([, head]) => !own.includes(head));
    await tx.objectStore('projects').put({ ...row, heads: Object.fromEntries(heads) });
  });
}
