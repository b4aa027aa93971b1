/**
 * Models from files, checked whole before anything is stored, and stored as the result of a finished run. What a file is
 * called and where it came from is the callers' business: base-desk.ts and checkpoint-import.ts, with which this is loaded.
 */
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
import { freeName } from './free-name.ts';
import type { RunsSession } from './run-handlers.ts';

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
  readonly stage: 'pretrain' | 'sft' | 'reward';
  /** What the run is to be called; another run may bear the name already. */
  readonly name: string;
  readonly tensors: TensorMap;
  /** Steps that it was trained for, as far as is known. */
  readonly step: number;
}

/** Adds a model as the result of a finished run of its own, all or nothing, and gives that run. Throws StorageError. */
export async function storeModel(
  session: RunsSession,
  { stage, name: wished, tensors, step }: ModelResult,
): Promise<Run> {
  const project = session.project();
  const made = project.newRun(stage, session.machinery());
  const name = freeName(wished, new Set(project.rows.runs.map(({ run }) => run.name)));
  const run = {
    ...{ ...made, step, total: step },
    run: { ...made.run, name, status: 'finished' as const },
  };
  const manifest = {
    ...{ id: `${made.id}/finished-${step}`, project: project.id, run: made.id },
    ...{ stage, name, step, finished: true },
    ...{ state: null, createdAt: session.now() },
  };
  const bytes = writeSafetensors(new Map(prefixed(tensors, 'model.')), 'F32');
  const kind = stage === 'reward' ? ('reward' as const) : ('policy' as const);
  const write = { manifest, kind, bytes, run, metrics: [], view: EMPTY_VIEW };
  await saveCheckpoint(await project.database(), write);
  await project.refreshTraining();
  return run.run;
}
