/**
 * Going back to a checkpoint in the middle of a run of step 3: which checkpoints are kept for it, which can be gone on
 * from, and the run that does. The writing is the project's.
 */
import type { CheckpointRow, RunRow } from '../storage/schema.ts';
import { InputError } from './failure.ts';
import { settingsOfRun } from './project.ts';
import type { KeptCheckpoint } from './protocol.ts';
import { inputsOf, methodOf, type ProjectRows } from './stage-graph.ts';

function runOf({ runs }: ProjectRows, { manifest }: CheckpointRow): RunRow | undefined {
  return runs.find((row) => row.id === manifest.run);
}

/** Checkpoints of step 3 by the method chosen that a run can go on from, newest first. */
export function keptCheckpoints(rows: ProjectRows): KeptCheckpoint[] {
  const kept = rows.checkpoints.flatMap((row): KeptCheckpoint[] => {
    const { id, stage, state, step, createdAt } = row.manifest;
    const run = runOf(rows, row);
    if (stage !== 'ppo' || state === null || run === undefined) return [];
    if (methodOf(run.run) !== rows.settings.method.name) return [];
    return [{ id, run: run.id, name: run.run.name, step, createdAt, bytes: row.byteLength }];
  });
  return kept.reverse();
}

/** The run of a checkpoint to go back to. Throws InputError with a sentence when none can go on from there. */
export function runToGoBackIn(rows: ProjectRows, id: string): RunRow {
  const checkpoint = rows.checkpoints.find((row) => row.id === id);
  const run = checkpoint && runOf(rows, checkpoint);
  if (checkpoint === undefined || run === undefined || checkpoint.manifest.stage !== 'ppo') {
    throw new InputError('This checkpoint does not exist (any more): choose another.');
  }
  if (checkpoint.manifest.state === null) {
    throw new InputError('Of this run only the model is left: choose a checkpoint of a newer run.');
  }
  const settings = settingsOfRun(run);
  if (settings === null || inputsOf({ ...rows, settings }, 'ppo') !== run.inputs) {
    throw new InputError(
      'What this run was trained from has changed since, so it cannot go on: train again.',
    );
  }
  return run;
}
