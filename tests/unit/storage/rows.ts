/** Rows and databases for the storage tests; every database gets a name of its own. */
import 'fake-indexeddb/auto';
import type { Ranking } from '../../../src/records/ranking.ts';
import type { Run } from '../../../src/records/run.ts';
import { EMPTY_VIEW } from '../../../src/records/run-view.ts';
import { Connection, type Database } from '../../../src/storage/open.ts';
import { openProject } from '../../../src/storage/projects.ts';
import type { CheckpointWrite } from '../../../src/storage/checkpoints.ts';
import type { RunRow } from '../../../src/storage/schema.ts';

let made = 0;

export async function freshDatabase(): Promise<Database> {
  const connection = new Connection({ name: `test-${made++}` });
  const db = await connection.db();
  await openProject(db, 'p', {}, 0);
  return db;
}

export function runRow(id = 'r', step = 0): RunRow {
  const run: Run = {
    id,
    project: 'p',
    name: 'sft',
    stage: 'sft',
    seed: 1,
    backend: 'cpu',
    settings: {},
    startedAt: 1,
    status: 'running',
  };
  return { id, project: 'p', run, step, total: 10, inputs: 'a' };
}

export function checkpointWrite(step: number, bytes: Uint8Array, run = 'r'): CheckpointWrite {
  return {
    manifest: {
      id: `${run}-${step}`,
      project: 'p',
      run,
      stage: 'sft',
      name: `sft step ${step}`,
      step,
      finished: false,
      state: { cursor: step },
      createdAt: step,
    },
    kind: 'policy',
    bytes,
    run: runRow(run, step),
    metrics: [{ stage: 'sft', step, values: { loss: 1 / step } }],
    view: { ...EMPTY_VIEW, latest: { step, samples: [] } },
  };
}

export function ranking(id: string, labeler = 'person'): Ranking {
  const completion = (k: number) => ({
    id: `${id}-${k}`,
    text: `answer ${k}`,
    policy: 'sft',
    ended: true,
  });
  return {
    id,
    prompt: {
      id: `prompt-${id}`,
      text: 'Say something.',
      useCase: 'generation',
      kind: 'plain',
      userId: 'u1',
      split: 'train',
      source: 'world',
    },
    completions: [completion(0), completion(1), completion(2)],
    ranks: [2, 1, 2],
    labeler,
    shown: [2, 0, 1],
    at: 5,
  };
}
