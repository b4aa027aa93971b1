/**
 * A person's own text and the base models trained from one, in and out: the text from a file, a model with its tokenizer
 * as one zip in the Hugging Face layout. Files are checked whole before anything is stored. Loaded when first asked for.
 */
import { FormatError } from '../data/format-error.ts';
import { expectTextSize, readPlainText } from '../data/plain-text.ts';
import { streamKey } from '../data/rng.ts';
import { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import { documentsOf, splitTokens, tokenStream } from '../data/text-rows.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { packFiles, unpackFiles, type ArchiveLimits } from '../data/zip-archive.ts';
import { configFromJson, configToJson, ModelFileError, type ModelConfig } from '../model/config.ts';
import { parameterShapes } from '../model/parameters.ts';
import type { OwnText, OwnTextFacts } from '../records/own-text.ts';
import { EMPTY_VIEW } from '../records/run-view.ts';
import type { TensorMap } from '../records/tensor.ts';
import { prefixed, unprefixed } from '../rlhf/loop.ts';
import { saveCheckpoint } from '../storage/checkpoints.ts';
import { saveOwnText } from '../storage/projects.ts';
import { InputError } from './failure.ts';
import { freeName } from './free-name.ts';
import { configOf } from './model-shelf.ts';
import type { CommandMap } from './protocol.ts';
import type { RunsSession } from './run-handlers.ts';

const LIMITS: ArchiveLimits = { files: 8, fileBytes: 200e6, totalBytes: 210e6 };
const LARGEST_ZIP = 200e6;
const CONFIG = 'config.json';
const TOKENIZER = 'tokenizer.json';
const WEIGHTS = 'model.safetensors';
const ACTION = 'Choose a zip that this page exported from a base model; nothing was imported.';

export function factsOf(
  { name, text }: OwnText,
  { workbench }: Pick<RunsSession, 'workbench'>,
): OwnTextFacts {
  return {
    name,
    characters: text.length,
    lines: text.trimEnd().split('\n').length,
    documents: documentsOf(text).length,
    tokens: tokenStream(text, workbench.language().tokenizer).length,
  };
}

function printOf(text: string): string {
  return streamKey(0, 'own text', text)
    .map((word) => word.toString(16).padStart(8, '0'))
    .join('');
}

/**
 * Stores the text of a file in the place of the one before. Throws FormatError with line and column, or what of its size
 * is wrong, or StorageError; then nothing has changed.
 */
export async function takeText(
  { name, file }: CommandMap['base.take']['args'],
  session: RunsSession,
): Promise<OwnTextFacts> {
  const project = session.project();
  expectTextSize(file.size);
  const text = readPlainText(new Uint8Array(await file.arrayBuffer()));
  const { heldOutShare, passageTokens } = project.rows.settings.base;
  splitTokens(
    tokenStream(text, session.workbench.language().tokenizer),
    heldOutShare,
    passageTokens,
  );
  const row = { name, text, print: printOf(text), at: session.now() };
  await saveOwnText(await project.database(), project.id, row);
  await project.refreshLabels();
  return factsOf(row, session);
}

/** The model of a checkpoint with all that other programs need to run it. Throws InputError. */
export async function exportBase(session: RunsSession, checkpoint: string): Promise<Blob> {
  const source = session.project().source(checkpoint);
  const { summary } = source;
  if (summary.stage !== 'pretrain') {
    throw new InputError(`${summary.name} is no base model: export it under Runs.`);
  }
  const { config, tokenizer } = session.workbench.language();
  const tensors = unprefixed((await source.load()).tensors, 'model.');
  const described = { ...configToJson(configOf(tensors, config)), trained_steps: summary.step };
  const files = new Map<string, Uint8Array | string>([
    [CONFIG, `${JSON.stringify(described, null, 2)}\n`],
    [TOKENIZER, `${JSON.stringify(tokenizer.toJson())}\n`],
    [WEIGHTS, writeSafetensors(tensors, 'F32', { format: 'pt', name: summary.name })],
  ]);
  return new Blob([packFiles(files)], { type: 'application/zip' });
}

function partOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new FormatError(`The file ${name} is missing in the zip.`, ACTION);
  return bytes;
}

function jsonOf(files: ReadonlyMap<string, Uint8Array>, name: string): unknown {
  const text = new TextDecoder().decode(partOf(files, name));
  try {
    return parseStrictJson(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new FormatError(`${name} is not valid JSON (${detail}).`, ACTION);
  }
}

/** The shape of what is imported. Throws FormatError when it is not one that fits beside the shipped model. */
function sharedConfig(json: unknown, own: ModelConfig): ModelConfig {
  let config: ModelConfig;
  try {
    config = configFromJson(json);
  } catch (error) {
    if (error instanceof ModelFileError) throw new FormatError(error.message, ACTION);
    throw error;
  }
  const shared = ['vocabularySize', 'contextLength', 'heads', 'padId', 'eosId'] as const;
  const other = shared.find((key) => config[key] !== own[key]);
  if (other === undefined) return config;
  throw new FormatError(
    `config.json: ${other} is ${config[other]}; models of this page have ${own[other]}.`,
    ACTION,
  );
}

function expectShapes(tensors: TensorMap, config: ModelConfig): void {
  const shapes = parameterShapes(config, 'language');
  const unknown = [...tensors.keys()].find((name) => !shapes.has(name));
  if (unknown !== undefined) throw new FormatError(`Unknown weight "${unknown}".`, ACTION);
  for (const [name, shape] of shapes) {
    if (tensors.get(name)?.shape.join() === shape.join()) continue;
    throw new FormatError(`Weight "${name}" is missing or not [${shape.join(', ')}].`, ACTION);
  }
}

function stepsOf(json: unknown): number {
  const steps =
    typeof json === 'object' && json !== null && 'trained_steps' in json ? json.trained_steps : 0;
  return typeof steps === 'number' && Number.isSafeInteger(steps) && steps > 0 ? steps : 0;
}

/** Adds the model of a zip as a finished base model of its own run. Throws FormatError or StorageError; then nothing changed. */
export async function importBase(
  { name, file }: CommandMap['base.import']['args'],
  session: RunsSession,
): Promise<void> {
  if (file.size > LARGEST_ZIP) throw new FormatError('The zip is larger than 200 MB.', ACTION);
  const files = unpackFiles(new Uint8Array(await file.arrayBuffer()), LIMITS);
  const { config, tokenizer } = session.workbench.language();
  const json = jsonOf(files, CONFIG);
  const shape = sharedConfig(json, config);
  const words = Tokenizer.fromJson(jsonOf(files, TOKENIZER)).toJson();
  if (JSON.stringify(words) !== JSON.stringify(tokenizer.toJson())) {
    throw new FormatError(
      'tokenizer.json is not the vocabulary of this page, which all its models share.',
      ACTION,
    );
  }
  const tensors = readSafetensors(partOf(files, WEIGHTS));
  expectShapes(tensors, shape);
  await store(session, name, tensors, stepsOf(json));
}

async function store(
  session: RunsSession,
  wished: string,
  tensors: TensorMap,
  step: number,
): Promise<void> {
  const project = session.project();
  const made = project.newRun('pretrain', session.machinery());
  const name = freeName(wished, new Set(project.rows.runs.map(({ run }) => run.name)));
  const run = {
    ...{ ...made, step, total: step },
    run: { ...made.run, name, status: 'finished' as const },
  };
  const manifest = {
    ...{ id: `${made.id}/finished-${step}`, project: project.id, run: made.id },
    ...{ stage: 'pretrain' as const, name, step, finished: true },
    ...{ state: null, createdAt: session.now() },
  };
  const bytes = writeSafetensors(new Map(prefixed(tensors, 'model.')), 'F32');
  const write = { manifest, kind: 'policy' as const, bytes, run, metrics: [], view: EMPTY_VIEW };
  await saveCheckpoint(await project.database(), write);
  await project.refreshTraining();
}
