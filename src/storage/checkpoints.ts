/**
 * Checkpoints: a manifest and opaque bytes in hashed chunks, written with the run, its series, its view and the project's
 * head in one strict transaction, so that a crash leaves the old state or the new one and never a mixture.
 * What the bytes mean is the caller's business.
 */
import type { CheckpointManifest, MetricRecord } from '../records/run.ts';
import type { RunView } from '../records/run-view.ts';
import { DamagedCheckpointError, StorageError } from './errors.ts';
import { writeDurably, type Database } from './open.ts';
import { metricsRange } from './runs.ts';
import type { CheckpointRow, ChunkRow, RunRow } from './schema.ts';
import { checkRow, checkRows, ROW_CHECKS } from './validators.ts';

/** Small enough for every browser's limit on one value. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

export interface CheckpointWrite {
  readonly manifest: CheckpointManifest;
  readonly kind: CheckpointRow['kind'];
  readonly bytes: Uint8Array;
  readonly run: RunRow;
  /** Records since the last checkpoint of this run. */
  readonly metrics: readonly MetricRecord[];
  /** What the run shows at this step. */
  readonly view: RunView;
}

/** SHA-256 as lower-case hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function chunkRange(checkpoint: string): IDBKeyRange {
  return IDBKeyRange.bound([checkpoint], [checkpoint, []]);
}

/**
 * Copies of the parts of `bytes`: a stored view would drag its whole buffer along, and would not notice when the
 * caller goes on writing to it.
 */
function cut(checkpoint: string, bytes: Uint8Array): ChunkRow[] {
  const count = Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES));
  return Array.from({ length: count }, (_, index) => ({
    checkpoint,
    index,
    bytes: bytes.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  }));
}

/** The parts of `bytes` as rows, and what the manifest's row says of them. */
export async function hashed(id: string, bytes: Uint8Array) {
  const chunks = cut(id, bytes);
  const hashes = await Promise.all(chunks.map((chunk) => sha256(new Uint8Array(chunk.bytes))));
  const summaries = chunks.map((chunk, i) => ({
    byteLength: chunk.bytes.length,
    sha256: hashes[i] ?? '',
  }));
  return { chunks, summaries };
}

/**
 * Saves a checkpoint and moves the project's head of its stage to it; durable on return. Everything is serialised
 * and hashed before the transaction opens. Throws StorageError (StorageFullError on a full disk); then nothing of
 * it was kept and the head is where it was.
 */
export async function saveCheckpoint(db: Database, write: CheckpointWrite): Promise<CheckpointRow> {
  const { manifest, kind, bytes, run, metrics, view } = write;
  const { chunks, summaries } = await hashed(manifest.id, bytes);
  const stores = ['chunks', 'checkpoints', 'projects', 'runs', 'metrics', 'views'] as const;
  return writeDurably(db, [...stores], async (tx) => {
    const project = await tx.objectStore('projects').get(manifest.project);
    if (project === undefined) throw new StorageError('The project of this checkpoint is gone.');
    const row: CheckpointRow = {
      id: manifest.id,
      project: manifest.project,
      manifest,
      kind,
      parent: project.heads[manifest.stage] ?? null,
      byteLength: bytes.length,
      chunks: summaries,
    };
    for (const chunk of chunks) await tx.objectStore('chunks').put(chunk);
    await tx.objectStore('checkpoints').put(row);
    const first = metrics[0];
    if (first !== undefined) {
      const batch = { run: run.id, from: first.step, records: metrics };
      await tx.objectStore('metrics').delete(metricsRange(run.id, first.step));
      await tx.objectStore('metrics').put(batch);
    }
    await tx.objectStore('runs').put(run);
    await tx.objectStore('views').put({ run: run.id, view });
    const heads = { ...project.heads, [manifest.stage]: manifest.id };
    await tx.objectStore('projects').put({ ...project, heads });
    return row;
  });
}

/**
 * Puts other bytes and another manifest of the same id in the place of a checkpoint's; durable on return. Throws
 * StorageError, then the checkpoint is as it was.
 */
export async function rewriteCheckpoint(
  db: Database,
  manifest: CheckpointManifest,
  bytes: Uint8Array,
): Promise<void> {
  const { id } = manifest;
  const { chunks, summaries } = await hashed(id, bytes);
  await writeDurably(db, ['chunks', 'checkpoints'], async (tx) => {
    const row = await tx.objectStore('checkpoints').get(id);
    if (row === undefined) throw new StorageError('The checkpoint is gone.');
    await tx.objectStore('chunks').delete(chunkRange(id));
    for (const chunk of chunks) await tx.objectStore('chunks').put(chunk);
    const changed = { ...row, manifest, byteLength: bytes.length, chunks: summaries };
    await tx.objectStore('checkpoints').put(changed);
  });
}

/** All checkpoints of a project, oldest first; damaged manifests are left out. */
export async function listCheckpoints(
  db: Database,
  project: string,
): Promise<readonly CheckpointRow[]> {
  const { rows } = checkRows(
    ROW_CHECKS.checkpoints,
    await db.getAllFromIndex('checkpoints', 'project', project),
  );
  return [...rows].sort(
    (a, b) => a.manifest.createdAt - b.manifest.createdAt || (a.id < b.id ? -1 : 1),
  );
}

export interface LoadedCheckpoint {
  readonly row: CheckpointRow;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The checkpoint named, with every chunk's hash verified. Throws {@link DamagedCheckpointError}. */
export async function readCheckpoint(db: Database, id: string): Promise<LoadedCheckpoint> {
  const row = checkRow(ROW_CHECKS.checkpoints, await db.get('checkpoints', id));
  if (row === null) throw new DamagedCheckpointError(id, 'its manifest is missing or unreadable');
  const total = row.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (total !== row.byteLength) throw new DamagedCheckpointError(id, 'its length is wrong');
  const { rows } = checkRows(ROW_CHECKS.chunks, await db.getAll('chunks', chunkRange(id)));
  const bytes = new Uint8Array(row.byteLength);
  let offset = 0;
  for (const [index, summary] of row.chunks.entries()) {
    const chunk = rows.find((candidate) => candidate.index === index);
    if (chunk?.bytes.length !== summary.byteLength) {
      throw new DamagedCheckpointError(id, `part ${index + 1} of ${row.chunks.length} is missing`);
    }
    const part = new Uint8Array(chunk.bytes);
    if ((await sha256(part)) !== summary.sha256) {
      throw new DamagedCheckpointError(id, `part ${index + 1} of ${row.chunks.length} has changed`);
    }
    bytes.set(part, offset);
    offset += part.length;
  }
  return { row, bytes };
}

export interface FoundCheckpoint {
  readonly loaded: LoadedCheckpoint | null;
  /** A sentence for each checkpoint that was passed over. */
  readonly notes: readonly string[];
}

/**
 * The checkpoint named or, when it is damaged, the newest sound one among its parents; null when there is none.
 */
export async function loadCheckpoint(db: Database, id: string): Promise<FoundCheckpoint> {
  const notes: string[] = [];
  const seen = new Set<string>();
  let next: string | null = id;
  while (next !== null && !seen.has(next)) {
    seen.add(next);
    try {
      return { loaded: await readCheckpoint(db, next), notes };
    } catch (error) {
      if (!(error instanceof DamagedCheckpointError)) throw error;
      notes.push(`${error.message} Went back to the one before it.`);
      next = checkRow(ROW_CHECKS.checkpoints, await db.get('checkpoints', next))?.parent ?? null;
    }
  }
  return { loaded: null, notes };
}

/**
 * Deletes old checkpoints of a project in a transaction of its own: keeps every finished one, every head, every
 * id in `pinned`, and the newest `keep` of each stage. Returns how many were deleted.
 */
export async function pruneCheckpoints(
  db: Database,
  project: string,
  keep: number,
  pinned: readonly string[] = [],
): Promise<number> {
  const rows = [...(await listCheckpoints(db, project))].reverse();
  const heads = Object.values((await db.get('projects', project))?.heads ?? {});
  const kept = new Map<string, number>();
  const doomed = rows.filter(({ id, manifest }) => {
    const rank = kept.get(manifest.stage) ?? 0;
    kept.set(manifest.stage, rank + 1);
    return !manifest.finished && rank >= keep && !heads.includes(id) && !pinned.includes(id);
  });
  if (doomed.length === 0) return 0;
  await deleteCheckpoints(
    db,
    project,
    doomed.map((row) => row.id),
  );
  return doomed.length;
}

/** Deletes checkpoints by id; a head that is deleted moves to its nearest parent that is left. */
export async function deleteCheckpoints(
  db: Database,
  project: string,
  ids: readonly string[],
): Promise<void> {
  await writeDurably(db, ['chunks', 'checkpoints', 'projects'], async (tx) => {
    const checkpoints = tx.objectStore('checkpoints');
    const row = await tx.objectStore('projects').get(project);
    const heads: Record<string, string> = {};
    for (const [stage, head] of Object.entries(row?.heads ?? {})) {
      let next: string | null = head;
      while (next !== null && ids.includes(next)) {
        next = (await checkpoints.get(next))?.parent ?? null;
      }
      if (next !== null && (await checkpoints.get(next)) !== undefined) heads[stage] = next;
    }
    for (const id of ids) {
      await checkpoints.delete(id);
      await tx.objectStore('chunks').delete(chunkRange(id));
    }
    if (row !== undefined) await tx.objectStore('projects').put({ ...row, heads });
  });
}
