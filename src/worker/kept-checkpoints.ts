/**
 * Which checkpoints of a project stay and which go: decisions over its rows, pure. Deleting and rewriting them is
 * project.ts.
 */
import type { CheckpointManifest } from '../records/run.ts';
import { spreadSteps } from './spread-steps.ts';
import { madeBy, waitingCheckpoints, type ProjectRows } from './stage-graph.ts';

/** Checkpoints in the middle of a run that are kept for each stage: the newest and the one to fall back to. */
export const KEPT_UNFINISHED = 2;
/** Of the newest run of step 3 so many in all, spread over it, so that a person can go back to any part of it. */
const KEPT_TO_GO_BACK = 6;

type Checkpoints = Pick<ProjectRows, 'runs' | 'checkpoints'>;

/** Ids that are kept whatever came after them: where runs wait, and points to go back to. */
export function sparedCheckpoints(rows: ProjectRows): string[] {
  return [...waitingCheckpoints(rows), ...pointsToGoBackTo(rows)];
}

/** Checkpoints spread over the newest run of step 3, by whichever method. */
function pointsToGoBackTo({ runs, checkpoints }: Checkpoints): string[] {
  const newest = runs.findLast(({ run }) => run.stage === 'ppo');
  const own = checkpoints.filter(({ manifest }) => manifest.run === newest?.id);
  const steps = own.map(({ manifest }) => manifest.step);
  const kept = spreadSteps(steps, KEPT_TO_GO_BACK);
  return own.filter(({ manifest }) => kept.includes(manifest.step)).map(({ id }) => id);
}

export interface Superseded {
  /** Earlier ends of the same run: they go. */
  readonly gone: readonly string[];
  /** Ends of older runs that could still go on: they keep their models alone. */
  readonly stripped: readonly CheckpointManifest[];
}

/** What a finished model leaves behind it. In step 3 each method's runs are its own. */
export function supersededBy(
  { id, run }: Pick<CheckpointManifest, 'id' | 'run'>,
  { runs, checkpoints }: Checkpoints,
): Superseded {
  const makers = new Map(runs.map((row) => [row.id, madeBy(row.run)]));
  const older = checkpoints
    .map(({ manifest }) => manifest)
    .filter(
      (other) => other.finished && makers.get(other.run) === makers.get(run) && other.id !== id,
    );
  return {
    gone: older.filter((other) => other.run === run).map((other) => other.id),
    stripped: older.filter((other) => other.run !== run && other.state !== null),
  };
}

/** A checkpoint and what goes with it: with the model of an ended run those in its middle, which lead nowhere any more. */
export function deletedWith(id: string, { runs, checkpoints }: Checkpoints): string[] {
  const manifest = checkpoints.find((row) => row.id === id)?.manifest;
  const of = manifest?.run;
  const status = runs.find((row) => row.id === of)?.run.status;
  const ended = manifest?.finished === true && status !== 'running' && status !== 'paused';
  return checkpoints
    .filter((row) => row.id === id || (ended && row.manifest.run === of))
    .map((row) => row.id);
}
