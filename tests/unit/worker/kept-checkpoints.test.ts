/** Which checkpoints stay and which go, on rows made by hand: what a finished model and a deletion take with them. */
import { expect, test } from 'vitest';
import type { CheckpointManifest, Run } from '../../../src/records/run.ts';
import type { CheckpointRow, RunRow } from '../../../src/storage/schema.ts';
import { deletedWith, supersededBy } from '../../../src/worker/kept-checkpoints.ts';
import { checkpointWrite, runRow } from '../storage/rows.ts';

function run(id: string, status: Run['status'], stage: Run['stage'] = 'sft'): RunRow {
  const row = runRow(id);
  return { ...row, run: { ...row.run, status, stage } };
}

function checkpoint(of: string, step: number, over: Partial<CheckpointManifest>): CheckpointRow {
  const { manifest, kind } = checkpointWrite(step, new Uint8Array(), of);
  const own = { ...manifest, ...over };
  return { id: own.id, project: 'p', manifest: own, kind, parent: null, byteLength: 0, chunks: [] };
}

test('a finished model takes earlier ends of its run away, and of older runs all but the model', () => {
  const earlier = checkpoint('new', 2, { finished: true });
  const middle = checkpoint('new', 3, {});
  const end = checkpoint('new', 4, { finished: true });
  const older = checkpoint('old', 4, { finished: true });
  const bare = checkpoint('oldest', 4, { finished: true, state: null });
  const other = checkpoint('reward', 4, { finished: true, stage: 'reward' });
  const rows = {
    runs: [
      ...[run('oldest', 'finished'), run('old', 'finished'), run('new', 'finished')],
      run('reward', 'finished', 'reward'),
    ],
    checkpoints: [bare, older, other, earlier, middle, end],
  };
  expect(supersededBy(end.manifest, rows)).toEqual({
    gone: [earlier.id],
    stripped: [older.manifest],
  });
});

test.each([
  ['finished', ['a-2', 'a-4']],
  ['stopped', ['a-2', 'a-4']],
  ['paused', ['a-4']],
  ['running', ['a-4']],
] as const)('with the model of a run that is %s go %j', (status, gone) => {
  const rows = {
    runs: [run('a', status), run('b', 'finished')],
    checkpoints: [
      ...[checkpoint('a', 2, {}), checkpoint('b', 2, {})],
      checkpoint('a', 4, { finished: true }),
    ],
  };
  expect(deletedWith('a-4', rows)).toEqual(gone);
  // One in the middle goes alone, whatever has become of the run.
  expect(deletedWith('a-2', rows)).toEqual(['a-2']);
});
