/**
 * Everything that a project holds, read at once and added at once: what a laboratory file is made from and what becomes
 * of one. Adding is one strict transaction: all of it is kept or nothing.
 */
import { hashed, listCheckpoints } from './checkpoints.ts';
import { StorageError } from './errors.ts';
import {
  listDemonstrations,
  listEvaluations,
  listPrompts,
  listRankings,
  listVotes,
} from './labels.ts';
import {
  listMetrics,
  listRuns,
  readEvaluationSitting,
  readOwnText,
  readSitting,
  readSuite,
  readView,
} from './lists.ts';
import { writeDurably, type Database } from './open.ts';
import type { CheckpointRow, MetricsRow, RunRow, ViewRow } from './schema.ts';
import type { EvaluationSitting } from '../records/human-evaluation.ts';
import type { OwnText } from '../records/own-text.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { JsonValue } from '../records/run.ts';
import type { Suite } from '../records/suite.ts';
import type { Sitting, Vote } from '../records/vote.ts';

/** The rows of a project; the bytes of its checkpoints are apart. */
export interface LabRows {
  readonly prompts: readonly Prompt[];
  readonly demonstrations: readonly Demonstration[];
  readonly rankings: readonly Ranking[];
  readonly votes: readonly Vote[];
  readonly evaluations: readonly Ranking[];
  /** Oldest first. */
  readonly runs: readonly RunRow[];
  readonly metrics: readonly MetricsRow[];
  readonly views: readonly ViewRow[];
  /** Oldest first. */
  readonly checkpoints: readonly CheckpointRow[];
  /** None or one. */
  readonly suites: readonly Suite[];
  readonly sittings: readonly Sitting[];
  readonly evaluationSittings: readonly EvaluationSitting[];
  readonly texts: readonly OwnText[];
}

/** Rows that do not pass their check are left out and counted. */
export async function readLab(
  db: Database,
  project: string,
): Promise<{ rows: LabRows; damaged: number }> {
  const [prompts, demonstrations, rankings, votes, evaluations, runs] = await Promise.all([
    listPrompts(db, project),
    listDemonstrations(db, project),
    listRankings(db, project),
    listVotes(db, project),
    listEvaluations(db, project),
    listRuns(db, project),
  ]);
  const metrics = await Promise.all(
    runs.rows.map(async ({ id }) => ({ run: id, from: 0, records: await listMetrics(db, id) })),
  );
  const views = await Promise.all(
    runs.rows.map(async ({ id }) => ({ run: id, view: await readView(db, id) })),
  );
  const suite = await readSuite(db, project);
  const sitting = await readSitting(db, project);
  const evaluation = await readEvaluationSitting(db, project);
  const text = await readOwnText(db, project);
  return {
    rows: {
      prompts: prompts.rows,
      demonstrations: demonstrations.rows,
      rankings: rankings.rows,
      votes: votes.rows,
      evaluations: evaluations.rows,
      runs: runs.rows,
      metrics: metrics.filter(({ records }) => records.length > 0),
      views: views.flatMap(({ run, view }) => (view === null ? [] : [{ run, view }])),
      checkpoints: await listCheckpoints(db, project),
      suites: suite === null ? [] : [suite],
      sittings: sitting === null ? [] : [sitting],
      evaluationSittings: evaluation === null ? [] : [evaluation],
      texts: text === null ? [] : [text],
    },
    damaged: [prompts, demonstrations, rankings, votes, evaluations, runs].reduce(
      (n, of) => n + of.damaged,
      0,
    ),
  };
}

export interface LabWrite {
  readonly rows: LabRows;
  /** Bytes of each checkpoint by its id. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  /** Null leaves the project's as they are. */
  readonly settings: JsonValue | null;
}

/**
 * Adds rows to a project, whose ids must be new to it; durable on return. A head is set where a stage has none. Throws
 * StorageError, then nothing of it was kept.
 */
export async function writeLab(
  db: Database,
  project: string,
  { rows, bytes, settings }: LabWrite,
): Promise<void> {
  const checkpoints = await Promise.all(
    rows.checkpoints.map(async (row) => {
      const held = bytes.get(row.id);
      if (held === undefined)
        throw new StorageError(`The bytes of ${row.manifest.name} are missing.`);
      const { chunks, summaries } = await hashed(row.id, held);
      return { chunks, row: { ...row, byteLength: held.length, chunks: summaries } };
    }),
  );
  const stores = [
    ...(['projects', 'prompts', 'demonstrations', 'rankings', 'votes', 'runs'] as const),
    ...(['evaluations', 'evaluationSittings'] as const),
    ...(['metrics', 'views', 'suites', 'sittings', 'texts', 'checkpoints', 'chunks'] as const),
  ];
  await writeDurably(db, stores, async (tx) => {
    const stored = await tx.objectStore('projects').get(project);
    if (stored === undefined) throw new StorageError('The project is gone: reload the page.');
    const newest = Object.fromEntries(rows.checkpoints.map((row) => [row.manifest.stage, row.id]));
    const heads = { ...newest, ...stored.heads };
    const changed = settings === null ? stored : { ...stored, settings };
    await tx.objectStore('projects').put({ ...changed, heads });
    const own = <T extends { readonly id: string }>(value: T) => ({ project, id: value.id, value });
    for (const row of rows.prompts) await tx.objectStore('prompts').add(own(row));
    for (const row of rows.demonstrations) await tx.objectStore('demonstrations').add(own(row));
    for (const row of rows.rankings) await tx.objectStore('rankings').add(own(row));
    for (const row of rows.votes) await tx.objectStore('votes').add(own(row));
    for (const row of rows.evaluations) await tx.objectStore('evaluations').add(own(row));
    for (const row of rows.runs) await tx.objectStore('runs').add(row);
    for (const row of rows.metrics) await tx.objectStore('metrics').add(row);
    for (const row of rows.views) await tx.objectStore('views').add(row);
    for (const value of rows.suites) await tx.objectStore('suites').put({ project, value });
    for (const value of rows.sittings) await tx.objectStore('sittings').put({ project, value });
    for (const value of rows.evaluationSittings) {
      await tx.objectStore('evaluationSittings').put({ project, value });
    }
    for (const value of rows.texts) await tx.objectStore('texts').put({ project, value });
    for (const { row, chunks } of checkpoints) {
      await tx.objectStore('checkpoints').add(row);
      for (const chunk of chunks) await tx.objectStore('chunks').put(chunk);
    }
  });
}
