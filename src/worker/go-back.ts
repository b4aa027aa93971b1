/**
 * Going back to a checkpoint in the middle of a run of step 3: which checkpoints are kept for it, which can be gone on
 * from, and the run that does. The writing is the project's.
 */
import type { CheckpointRow, RunRow } from '../storage/schema.ts';
import { InputError } from './failure.ts';
import { settingsOfRun } from './project.ts';
import type { KeptCheckpoint, TrainingStage } from './protocol.ts';
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

/** Why no training can go on from a checkpoint of a run, in a sentence; null when it can. */
export function endedBecause(
  rows: ProjectRows,
  run: RunRow,
  { manifest }: CheckpointRow,
  stage: TrainingStage,
): string | null {
  if (manifest.state === null) {
    return 'Of an older run only the model is kept: it can be taken as the result of its step again.';
  }
  const settings = settingsOfRun(run);
  if (settings === null) return 'Its settings are of another version of this program.';
  if (inputsOf({ ...rows, settings }, stage) !== run.inputs) {
    return 'What it was trained from (labels, or the model before it) has changed since.';
  }
  return null;
}

/** The run of a checkpoint to go back to. Throws InputError with a sentence when none can go on from there. */
export function runToGoBackIn(rows: ProjectRows, id: string): RunRow {
  const checkpoint = rows.checkpoints.find((row) => row.id === id);
  const run = checkpoint && runOf(rows, checkpoint);
  if (checkpoint === undefined || run === undefined || checkpoint.manifest.stage !== 'ppo') {
    throw new InputError('This checkpoint does not exist (any more): choose another.');
  }
  const ended = endedBecause(rows, run, checkpoint, 'ppo');
  if (ended !== null) throw new InputError(`${ended} Choose another checkpoint, or train again.`);
  return run;
}
