/**
 * Checkpoints by the hash of what they hold, so that a link can name one that other browsers have under another name
 * and id. Read-only.
 */
import type { Stage } from '../records/run.ts';
import { listCheckpoints, sha256 } from './checkpoints.ts';
import type { Database } from './open.ts';

export interface HashedCheckpoint {
  readonly id: string;
  readonly run: string;
  readonly name: string;
  readonly stage: Stage;
  readonly step: number;
  readonly hash: string;
}

/** Of SHA-256: enough that no two checkpoints of a course meet, in a link that can still be read out. Hexadecimal. */
const HASH_DIGITS = 16;

/**
 * Every checkpoint of a project, oldest first. The hash is made of those of its parts, so nothing large is read; damage
 * that came later shows when the checkpoint itself is read.
 */
export async function listHashes(
  db: Database,
  project: string,
): Promise<readonly HashedCheckpoint[]> {
  const rows = await listCheckpoints(db, project);
  return Promise.all(
    rows.map(async ({ id, manifest: { run, name, stage, step }, chunks }) => {
      const text = chunks.map((chunk) => chunk.sha256).join('\n');
      const hash = await sha256(new TextEncoder().encode(text));
      return { id, run, name, stage, step, hash: hash.slice(0, HASH_DIGITS) };
    }),
  );
}
