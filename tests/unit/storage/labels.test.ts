/** Labels: durable before reported, told apart by project and labeler, and never a reason to lose others. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StorageFullError } from '../../../src/storage/errors.ts';
import {
  addDemonstrations,
  addPrompts,
  addRankings,
  listDemonstrations,
  listPrompts,
  listRankings,
  listVotes,
  removeDemonstrations,
  removeRankings,
  saveSitting,
} from '../../../src/storage/labels.ts';
import { readSitting } from '../../../src/storage/lists.ts';
import { failWrites } from './failing-writes.ts';
import { freshDatabase, ranking } from './rows.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('labels', () => {
  it('come back as they were, and undo removes one', async () => {
    const db = await freshDatabase();
    await addRankings(db, 'p', [ranking('b'), ranking('a', 'class-3')]);
    await addRankings(db, 'other', [ranking('c')]);
    expect((await listRankings(db, 'p')).rows).toEqual([ranking('a', 'class-3'), ranking('b')]);
    await removeRankings(db, 'p', ['b']);
    expect((await listRankings(db, 'p')).rows.map((row) => row.id)).toEqual(['a']);
    expect((await listRankings(db, 'other')).rows).toHaveLength(1);
  });

  it('are written strictly', async () => {
    const db = await freshDatabase();
    const asked = vi.spyOn(db, 'transaction');
    await addRankings(db, 'p', [ranking('a')]);
    expect(asked.mock.calls[0]?.[2]).toEqual({ durability: 'strict' });
  });

  it('are refused as a whole when the disk is full, and those before stay', async () => {
    const db = await freshDatabase();
    await addRankings(db, 'p', [ranking('a')]);
    failWrites((_store, call) => call === 2);
    await expect(addRankings(db, 'p', [ranking('b'), ranking('c')])).rejects.toThrow(
      StorageFullError,
    );
    vi.restoreAllMocks();
    expect((await listRankings(db, 'p')).rows.map((row) => row.id)).toEqual(['a']);
  });

  it('that are damaged are counted and left out, the rest stays usable', async () => {
    const db = await freshDatabase();
    const bad = { ...ranking('x'), ranks: [1] };
    const grown = { ...ranking('y'), extra: 1 };
    await addRankings(db, 'p', [ranking('a'), bad, grown]);
    const { rows, damaged } = await listRankings(db, 'p');
    expect(rows.map((row) => row.id)).toEqual(['a']);
    expect(damaged).toBe(2);
  });

  it('a vote and the sitting that it moves on are stored together or not at all', async () => {
    const db = await freshDatabase();
    const { prompt, completions } = ranking('a');
    const [left, right] = completions;
    if (left === undefined || right === undefined) throw new Error('two completions expected');
    const pair = { id: 'pair', prompt, left, right };
    const begun = { first: 'x', second: 'y', pairs: [pair], at: 0, revealed: false };
    await saveSitting(db, 'p', begun, null);
    expect(await readSitting(db, 'p')).toEqual(begun);
    expect(await readSitting(db, 'other')).toBeNull();
    const vote = { id: 'v', prompt, left, right, choice: 'left', at: 1 } as const;
    failWrites((store) => store === 'votes');
    await expect(saveSitting(db, 'p', { ...begun, at: 1 }, vote)).rejects.toThrow(StorageFullError);
    vi.restoreAllMocks();
    expect(await readSitting(db, 'p')).toEqual(begun);
    await saveSitting(db, 'p', { ...begun, at: 1, revealed: true }, vote);
    expect((await readSitting(db, 'p'))?.at).toBe(1);
    expect((await listVotes(db, 'p')).rows).toEqual([vote]);
  });

  it('votes, demonstrations and prompts come back; demonstrations can be removed', async () => {
    const db = await freshDatabase();
    const { prompt, completions } = ranking('a');
    const [left, right] = completions;
    if (left === undefined || right === undefined) throw new Error('two completions expected');
    const vote = { id: 'v', prompt, left, right, choice: 'both-bad', at: 1 } as const;
    const sitting = { first: 'x', second: 'y', pairs: [], at: 0, revealed: true };
    await saveSitting(db, 'p', sitting, vote);
    expect((await listVotes(db, 'p')).rows).toEqual([vote]);
    const demonstration = { id: 'd', prompt, response: 'An answer.', author: 'person' };
    await addDemonstrations(db, 'p', [demonstration]);
    expect((await listDemonstrations(db, 'p')).rows).toEqual([demonstration]);
    await removeDemonstrations(db, 'p', ['d']);
    expect((await listDemonstrations(db, 'p')).rows).toEqual([]);
    await addPrompts(db, 'p', [prompt]);
    expect((await listPrompts(db, 'p')).rows).toEqual([prompt]);
  });
});
