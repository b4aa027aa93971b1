/**
 * Reading what training has left behind: runs and their metric series. Read-only, for the page and the worker;
 * rows that do not pass their check are left out.
 */
import type { MetricRecord } from '../records/run.ts';
import type { Database } from './open.ts';
import { metricsRange } from './runs.ts';
import type { RunRow } from './schema.ts';
import { checkRows, ROW_CHECKS, type CheckedRows } from './validators.ts';

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
