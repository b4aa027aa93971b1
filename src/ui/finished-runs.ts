/** The finished runs of a project with their records, read from the browser's database for the goals of scenarios. */
import type { FinishedRun } from '../config/scenarios/play.ts';
import { parseSettings, SettingsError, type Settings } from '../config/settings.ts';
import type { JsonValue } from '../records/run.ts';
import { listMetrics, listRuns } from '../storage/lists.ts';
import type { Connection } from '../storage/open.ts';

/** Null for settings of another version that no longer pass. */
function settingsOf(stored: JsonValue): Settings | null {
  try {
    return parseSettings(stored);
  } catch (error) {
    if (error instanceof SettingsError) return null;
    throw error;
  }
}

/** Reads them, oldest first; the series of a run that was read before is not read again. */
export function runReader(
  connection: Connection,
  project: string,
): () => Promise<readonly FinishedRun[]> {
  const known = new Map<string, FinishedRun>();
  return async () => {
    const db = await connection.db();
    const { rows } = await listRuns(db, project);
    const finished: FinishedRun[] = [];
    for (const { id, step, run } of rows) {
      const { stage } = run;
      if (run.status !== 'finished' || (stage !== 'reward' && stage !== 'ppo')) continue;
      const settings = settingsOf(run.settings);
      if (settings === null) continue;
      const key = `${id} ${step}`;
      const read = known.get(key) ?? { stage, settings, records: await listMetrics(db, id) };
      known.set(key, read);
      finished.push(read);
    }
    return finished;
  };
}
