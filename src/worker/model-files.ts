/**
 * Models from files, checked whole before anything is stored, and stored as the result of a finished run. What a file is
 * called and where it came from is the callers' business: base-desk.ts, checkpoint-import.ts and trained-models.ts, with
 * which this is loaded.
 */
import type { Settings } from '../config/settings.ts';
import { FormatError } from '../data/format-error.ts';
import { writeSafetensors } from '../data/safetensors.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { configFromJson, ModelFileError, type ModelConfig } from '../model/config.ts';
import { parameterShapes, type Head } from '../model/parameters.ts';
import type { Run } from '../records/run.ts';
import { EMPTY_VIEW } from '../records/run-view.ts';
import type { TensorMap } from '../records/tensor.ts';
import { prefixed } from '../rlhf/loop.ts';
import { saveCheckpoint } from '../storage/checkpoints.ts';
import { deleteRun } from '../storage/runs.ts';
import type { RunRow } from '../storage/schema.ts';
import { InputError } from './failure.ts';
import { freeName } from './free-name.ts';
import { endedBecause } from './go-back.ts';
import { prefixOf } from './model-shelf.ts';
import type { RunMachine } from './new-run.ts';
import type { Project } from './project.ts';
import type { TrainingStage } from './protocol.ts';
import type { RunsSession } from './run-handlers.ts';
import { inputsOf, newestRun, type ProjectRows } from './stage-graph.ts';

/** A zip's files, and what a person can do when one of them is not as it has to be. */
export interface ModelArchive {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly action: string;
}

export function partOf({ files, action }: ModelArchive, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new FormatError(`The file ${name} is missing in the zip.`, action);
  return bytes;
}

export function jsonOf(archive: ModelArchive, name: string): unknown {
  const text = new TextDecoder().decode(partOf(archive, name));
  try {
    return parseStrictJson(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${name} is not valid JSON (${detail}).`, archive.action);
  }
}

/** The shape of what is imported. Throws FormatError when it is not one that fits beside the shipped model. */
export function sharedConfig(json: unknown, own: ModelConfig, action: string): ModelConfig {
  let config: ModelConfig;
  try {
    config = configFromJson(json);
  } catch (error) {
    if (error instanceof ModelFileError) throw new FormatError(error.message, action);
    throw error;
  }
  const shared = ['vocabularySize', 'contextLength', 'heads', 'padId', 'eosId'] as const;
  const other = shared.find((key) => config[key] !== own[key]);
  if (other === undefined) return config;
  throw new FormatError(
    `config.json: ${other} is ${config[other]}; models of this page have ${own[other]}.`,
    action,
  );
}

/** Throws FormatError for the JSON of a tokenizer that is not the one that all models of this page share. */
export function expectVocabulary(json: unknown, own: Tokenizer, action: string): void {
  const words = Tokenizer.fromJson(json).toJson();
  if (JSON.stringify(words) === JSON.stringify(own.toJson())) return;
  throw new FormatError(
    'tokenizer.json is not the vocabulary of this page, which all its models share.',
    action,
  );
}

/** Throws FormatError when a weight is missing, of another shape, or none of such a model. */
export function expectShapes(
  tensors: TensorMap,
  config: ModelConfig,
  head: Head,
  action: string,
): void {
  const shapes = parameterShapes(config, head);
  const unknown = [...tensors.keys()].find((name) => !shapes.has(name));
  if (unknown !== undefined) throw new FormatError(`Unknown weight "${unknown}".`, action);
  for (const [name, shape] of shapes) {
    if (tensors.get(name)?.shape.join() === shape.join()) continue;
    throw new FormatError(`Weight "${name}" is missing or not [${shape.join(', ')}].`, action);
  }
}

export interface ModelResult {
  readonly stage: TrainingStage;
  /** What the run is to be called; another run may bear the name already. */
  readonly name: string;
  readonly tensors: TensorMap;
  /** Steps that it was trained for, as far as is known. */
  readonly step: number;
  /** How it was trained, where that is known: else the run has the present settings and machinery. */
  readonly origin?: { readonly settings: Settings; readonly on: RunMachine };
}

/** A model as the bytes of a checkpoint: of PPO the policy alone. */
export function checkpointBytes({ stage, tensors }: Pick<ModelResult, 'stage' | 'tensors'>) {
  const prefix = prefixOf({ stage, average: false });
  return writeSafetensors(new Map(prefixed(tensors, prefix)), 'F32');
}

/**
 * A project as one sees it who looks at models that were trained from the shipped base, by PPO: whatever is chosen now,
 * they rest on those.
 */
export function seenByPpo(rows: ProjectRows): ProjectRows {
  const { settings } = rows;
  const base = { ...settings.base, model: 'shipped' as const };
  return { ...rows, settings: { ...settings, base, method: { ...settings.method, name: 'ppo' } } };
}

/** Of a known origin, trained from what comes with the page and not from what is chosen here. */
function beginning(session: RunsSession, { stage, origin }: ModelResult): RunRow {
  const project = session.project();
  if (origin === undefined) return project.newRun(stage, session.machinery());
  const made = project.newRun(stage, origin.on, origin.settings);
  return { ...made, inputs: inputsOf(seenByPpo(project.rows), stage) };
}

/** Adds a model as the result of a finished run of its own, all or nothing, and gives that run. Throws StorageError. */
async function storeModel(session: RunsSession, model: ModelResult): Promise<Run> {
  const { stage, name: wished, step } = model;
  const project = session.project();
  const made = beginning(session, model);
  const name = freeName(wished, new Set(project.rows.runs.map(({ run }) => run.name)));
  const run = {
    ...{ ...made, step, total: step },
    run: { ...made.run, name, status: 'finished' as const },
  };
  const manifest = {
    ...{ id: `${made.id}/finished-${step}`, project: project.id, run: made.id },
    ...{ stage, name, step, finished: true },
    ...{ state: null, createdAt: session.now() },
    ...(stage === 'ppo' && { withoutAverage: true as const }),
  };
  const bytes = checkpointBytes(model);
  const kind = stage === 'reward' ? ('reward' as const) : ('policy' as const);
  const write = { manifest, kind, bytes, run, metrics: [], view: EMPTY_VIEW };
  await saveCheckpoint(await project.database(), write);
  await project.refreshTraining();
  return run.run;
}

/**
 * Throws InputError when a run that waits to go on would no longer be the newest of its stage. One that failed is kept
 * among the runs and can go on from there.
 */
function expectNoneWaits(project: Project, { stage, origin }: ModelResult): void {
  const rows = origin === undefined ? project.rows : seenByPpo(project.rows);
  const run = newestRun(rows, stage);
  const last = run && project.lastOf(run);
  if (last === undefined || run === undefined) return;
  const { name, status } = run.run;
  if (status !== 'paused' && status !== 'running') return;
  if (endedBecause(project.rows, run, last, stage) !== null) return;
  throw new InputError(
    `${name} is not finished: let it finish or stop it first, so that it is kept. Nothing was loaded.`,
  );
}

/** Adds models in their order, all or none, and gives their names. Throws InputError or StorageError. */
export async function storeModels(
  session: RunsSession,
  models: readonly ModelResult[],
): Promise<readonly string[]> {
  for (const model of models) expectNoneWaits(session.project(), model);
  const stored: Run[] = [];
  try {
    for (const model of models) stored.push(await storeModel(session, model));
  } catch (error) {
    // A disk that was full for one of them has room for no more, and half of them is nothing to go on from.
    await takeBack(session, stored);
    throw error;
  }
  return stored.map((run) => run.name);
}

async function takeBack(session: RunsSession, runs: readonly Run[]): Promise<void> {
  const project = session.project();
  for (const { id } of runs) await deleteRun(await project.database(), project.id, id);
  await project.refreshTraining();
}
