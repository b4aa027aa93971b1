/**
 * Reading what training and judging have left behind: runs, their series and views, the last suite, the
 * sittings, the own text. Read-only, for the page and the worker;
 * rows that do not pass their check are left out.
 */
import type { EvaluationSitting } from '../records/human-evaluation.ts';
import type { MetricRecord } from '../records/run.ts';
import type { OwnText } from '../records/own-text.ts';
import type { RunView } from '../records/run-view.ts';
import type { Suite } from '../records/suite.ts';
import type { Sitting } from '../records/vote.ts';
import type { Database } from './open.ts';
import { metricsRange } from './runs.ts';
import type { RunRow } from './schema.ts';
import { checkRow, checkRows, ROW_CHECKS, type CheckedRows } from './validators.ts';

/** Runs of a project, oldest first. */
export async function listRuns(db: Database, project: string): Promise<CheckedRows<RunRow>> {
  const { rows, damaged } = checkRows(
    ROW_CHECKS.runs,
    await db.getAllFromIndex('runs', 'project', project),
  );
  const byStart = [...rows].sort(
    (a, b) => a.run.startedAt - b.run.startedAt || (a.id < b.id ? -1 : 1),
  );
  return { rows: byStart, damaged };
}

/** The whole series of a run in the order of its steps. Batches that do not pass the check are left out. */
export async function listMetrics(db: Database, run: string): Promise<readonly MetricRecord[]> {
  const { rows } = checkRows(ROW_CHECKS.metrics, await db.getAll('metrics', metricsRange(run)));
  return rows.flatMap((row) => row.records);
}

/** What a run showed at its last checkpoint; null when there is none or it does not pass its check. */
export async function readView(db: Database, run: string): Promise<RunView | null> {
  return checkRow(ROW_CHECKS.views, await db.get('views', run))?.view ?? null;
}

/** The last judgement of the gold judges; null when there is none or it does not pass its check. */
export async function readSuite(db: Database, project: string): Promise<Suite | null> {
  return checkRow(ROW_CHECKS.suites, await db.get('suites', project))?.value ?? null;
}

/** The blind sitting under way; null when there is none or it does not pass its check. */
export async function readSitting(db: Database, project: string): Promise<Sitting | null> {
  return checkRow(ROW_CHECKS.sittings, await db.get('sittings', project))?.value ?? null;
}

/** The evaluation under way or just over; null when there is none or it does not pass its check. */
export async function readEvaluationSitting(
  db: Database,
  project: string,
): Promise<EvaluationSitting | null> {
  const row = checkRow(ROW_CHECKS.evaluationSittings, await db.get('evaluationSittings', project));
  return row?.value ?? null;
}

/** The text that a base model is trained from; null when there is none or it does not pass its check. */
export async function readOwnText(db: Database, project: string): Promise<OwnText | null> {
  return checkRow(ROW_CHECKS.texts, await db.get('texts', project))?.value ?? null;
}
