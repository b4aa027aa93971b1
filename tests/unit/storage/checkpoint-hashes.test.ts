/** A checkpoint's hash names what it holds: the same under another name, another for other bytes. */
import { expect, test } from 'vitest';
import { listHashes } from '../../../src/storage/checkpoint-hashes.ts';
import { saveCheckpoint } from '../../../src/storage/checkpoints.ts';
import { checkpointWrite, freshDatabase } from './rows.ts';

test('equal bytes have one hash in every database, whatever they are called', async () => {
  const [here, there] = [await freshDatabase(), await freshDatabase()];
  await saveCheckpoint(here, checkpointWrite(1, new Uint8Array([1, 2, 3])));
  await saveCheckpoint(here, checkpointWrite(2, new Uint8Array([1, 2, 4])));
  await saveCheckpoint(there, checkpointWrite(7, new Uint8Array([1, 2, 3]), 'other'));
  const rows = await listHashes(here, 'p');
  const [other] = await listHashes(there, 'p');
  expect(rows.map(({ id, step }) => [id, step])).toEqual([
    ['r-1', 1],
    ['r-2', 2],
  ]);
  expect(rows[0]?.hash).toMatch(/^[0-9a-f]{16}$/);
  expect(other).toMatchObject({ id: 'other-7', hash: rows[0]?.hash });
  expect(rows[1]?.hash).not.toBe(rows[0]?.hash);
  expect(await listHashes(here, 'nobody')).toEqual([]);
});
