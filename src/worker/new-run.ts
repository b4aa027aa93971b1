/** The row of a run that begins: a name that no other run bears, and all that it is begun with. Nothing is stored here. */
import type { Settings } from '../config/settings.ts';
import type { Run } from '../records/run.ts';
import type { RunRow } from '../storage/schema.ts';
import type { TrainingStage } from './protocol.ts';
import { inputsOf, madeBy, type ProjectRows } from './stage-graph.ts';
import { runName } from './stage-names.ts';

/** What a run is computed on. */
export type RunMachine = Pick<Run, 'backend'> & { readonly device: string };

export interface Beginning {
  readonly project: string;
  readonly stage: TrainingStage;
  readonly settings: Settings;
  readonly on: RunMachine;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** A run of a stage among those that there are. */
export function newRunRow(
  rows: ProjectRows,
  { project, stage, settings, on, startedAt }: Beginning,
): RunRow {
  const { runs } = rows;
  const kind = madeBy({ stage, settings });
  const names = new Set(runs.map(({ run }) => run.name));
  const called = (n: number) => `${runName(stage, settings)} ${n}`;
  let number = runs.filter((row) => madeBy(row.run) === kind).length + 1;
  // After a deletion the count may lead to a name that is still borne.
  while (names.has(called(number))) number += 1;
  const name = stage === 'ppo' ? settings.method.name : stage;
  const id = `${name}-${number}-${startedAt.toString(36)}`;
  const run: Run = {
    id,
    project,
    name: called(number),
    stage,
    seed: settings.general.seed,
    backend: on.backend,
    device: on.device,
    settings,
    startedAt,
    status: 'running',
  };
  return { id, project, run, step: 0, total: 0, inputs: inputsOf(rows, stage) };
}
