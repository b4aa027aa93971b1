/** Checkpoints: all or nothing, verified on reading, with a way back when one is damaged. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  CHUNK_BYTES,
  deleteCheckpoints,
  listCheckpoints,
  loadCheckpoint,
  pruneCheckpoints,
  readCheckpoint,
  saveCheckpoint,
} from '../../../src/storage/checkpoints.ts';
import { StorageError, StorageFullError } from '../../../src/storage/errors.ts';
import { readProject } from '../../../src/storage/projects.ts';
import { listMetrics, listRuns, readView } from '../../../src/storage/lists.ts';
import { deleteRun, saveRun } from '../../../src/storage/runs.ts';
import { failWrites } from './failing-writes.ts';
import { checkpointWrite, freshDatabase, runRow } from './rows.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const head = async (db: Awaited<ReturnType<typeof freshDatabase>>) =>
  (await readProject(db, 'p'))?.heads.sft;

describe('saveCheckpoint', () => {
  it('stores bytes over several chunks and gives them back', async () => {
    const db = await freshDatabase();
    const bytes = new Uint8Array(CHUNK_BYTES + 1000).map((_, i) => (i * 31) % 251);
    const row = await saveCheckpoint(db, checkpointWrite(1, bytes));
    expect(row.chunks.map((chunk) => chunk.byteLength)).toEqual([CHUNK_BYTES, 1000]);
    const { bytes: back } = await readCheckpoint(db, 'r-1');
    expect(Buffer.compare(back, bytes)).toBe(0);
  });

  it('stores only the viewed part of a larger buffer', async () => {
    const db = await freshDatabase();
    const view = new Uint8Array(new Uint8Array([9, 9, 1, 2, 3, 9]).buffer, 2, 3);
    await saveCheckpoint(db, checkpointWrite(1, view));
    expect([...(await readCheckpoint(db, 'r-1')).bytes]).toEqual([1, 2, 3]);
    const chunk = await db.get('chunks', ['r-1', 0]);
    expect(chunk?.bytes.buffer.byteLength).toBe(3);
  });

  it('moves the head, remembers the parent and writes run and metrics with it', async () => {
    const db = await freshDatabase();
    await saveCheckpoint(db, checkpointWrite(1, new Uint8Array([1])));
    const second = await saveCheckpoint(db, checkpointWrite(2, new Uint8Array([2])));
    expect(second.parent).toBe('r-1');
    expect(await head(db)).toBe('r-2');
    expect((await listMetrics(db, 'r')).map((record) => record.step)).toEqual([1, 2]);
    expect((await listRuns(db, 'p')).rows.map((row) => row.step)).toEqual([2]);
  });

  it('asks for strict durability', async () => {
    const db = await freshDatabase();
    const asked = vi.spyOn(db, 'transaction');
    await saveCheckpoint(db, checkpointWrite(1, new Uint8Array([1])));
    expect(asked.mock.calls[0]?.[2]).toEqual({ durability: 'strict' });
  });

  it.each(['chunks', 'checkpoints', 'metrics', 'runs', 'views', 'projects'])(
    'keeps nothing of it when the disk is full at the write to %s',
    async (store) => {
      const db = await freshDatabase();
      await saveCheckpoint(db, checkpointWrite(1, new Uint8Array([1])));
      failWrites((name) => name === store);
      await expect(saveCheckpoint(db, checkpointWrite(2, new Uint8Array([2])))).rejects.toThrow(
        StorageFullError,
      );
      vi.restoreAllMocks();
      expect(await head(db)).toBe('r-1');
      expect((await listCheckpoints(db, 'p')).map((row) => row.id)).toEqual(['r-1']);
      expect(await db.getAllKeys('chunks')).toEqual([['r-1', 0]]);
      expect((await listMetrics(db, 'r')).map((record) => record.step)).toEqual([1]);
      expect((await listRuns(db, 'p')).rows.map((row) => row.step)).toEqual([1]);
      expect((await readView(db, 'r'))?.latest?.step).toBe(1);
    },
  );

  it('says what to do when the disk is full, and calls any other failure "not saved"', async () => {
    const db = await freshDatabase();
    failWrites(() => true);
    await expect(saveCheckpoint(db, checkpointWrite(1, new Uint8Array(1)))).rejects.toThrow(
      /Delete old checkpoints/,
    );
    vi.restoreAllMocks();
    failWrites(() => true, new DOMException('the disk is on fire', 'UnknownError'));
    await expect(saveCheckpoint(db, checkpointWrite(1, new Uint8Array(1)))).rejects.toThrow(
      StorageError,
    );
  });
});

describe('loadCheckpoint', () => {
  it('falls back to the parent of a damaged one and says so', async () => {
    const db = await freshDatabase();
    await saveCheckpoint(db, checkpointWrite(1, new Uint8Array([1, 2])));
    await saveCheckpoint(db, checkpointWrite(2, new Uint8Array([3, 4])));
    await db.put('chunks', { checkpoint: 'r-2', index: 0, bytes: new Uint8Array([3, 5]) });
    const { loaded, notes } = await loadCheckpoint(db, 'r-2');
    expect(loaded?.row.id).toBe('r-1');
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/r-2 is damaged.*has changed.*one before/);
  });

  it.each([
    ['a missing part', { checkpoint: 'r-1', index: 7, bytes: new Uint8Array([1]) }],
    ['a shorter part', { checkpoint: 'r-1', index: 0, bytes: new Uint8Array(0) }],
  ])('notices %s', async (_name, chunk) => {
    const db = await freshDatabase();
    await saveCheckpoint(db, checkpointWrite(1, new Uint8Array([1])));
    await db.delete('chunks', ['r-1', 0]);
    await db.put('chunks', chunk);
    const { loaded, notes } = await loadCheckpoint(db, 'r-1');
    expect(loaded).toBeNull();
    expect(notes[0]).toMatch(/missing/);
  });
});

describe('pruning and deleting', () => {
  it('keeps the newest ones, finished ones, heads and pinned ones', async () => {
    const db = await freshDatabase();
    for (let step = 1; step <= 6; step++) {
      const write = checkpointWrite(step, new Uint8Array([step]));
      const manifest = { ...write.manifest, finished: step === 1 };
      await saveCheckpoint(db, { ...write, manifest });
    }
    expect(await pruneCheckpoints(db, 'p', 2, ['r-3'])).toBe(2);
    expect((await listCheckpoints(db, 'p')).map((row) => row.id)).toEqual([
      'r-1',
      'r-3',
      'r-5',
      'r-6',
    ]);
    expect(await db.count('chunks')).toBe(4);
  });

  it('moves the head back when the head is deleted', async () => {
    const db = await freshDatabase();
    for (const step of [1, 2, 3])
      await saveCheckpoint(db, checkpointWrite(step, new Uint8Array(1)));
    await deleteCheckpoints(db, 'p', ['r-3', 'r-2']);
    expect(await head(db)).toBe('r-1');
    await deleteCheckpoints(db, 'p', ['r-1']);
    expect(await head(db)).toBeUndefined();
    expect(await db.count('chunks')).toBe(0);
  });

  it('deletes a run with everything that belongs to it and nothing else', async () => {
    const db = await freshDatabase();
    await saveRun(db, runRow('other'));
    await saveCheckpoint(db, checkpointWrite(1, new Uint8Array(1)));
    await saveCheckpoint(db, checkpointWrite(1, new Uint8Array(1), 'r2'));
    await deleteRun(db, 'p', 'r2');
    expect((await listRuns(db, 'p')).rows.map((row) => row.id)).toEqual(['other', 'r']);
    expect((await listCheckpoints(db, 'p')).map((row) => row.id)).toEqual(['r-1']);
    expect(await listMetrics(db, 'r2')).toEqual([]);
    expect(await readView(db, 'r2')).toBeNull();
    expect(await readView(db, 'r')).not.toBeNull();
    expect(await listMetrics(db, 'r')).toHaveLength(1);
  });
});
