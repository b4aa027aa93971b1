/**
 * A person's own text and the base models trained from one, in and out: the text from a file, a model with its tokenizer
 * as one zip in the Hugging Face layout. Files are checked whole before anything is stored. Loaded when first asked for.
 */
import { FormatError } from '../data/format-error.ts';
import { expectTextSize, readPlainText } from '../data/plain-text.ts';
import { streamKey } from '../data/rng.ts';
import { readSafetensors, writeSafetensors } from '../data/safetensors.ts';
import { documentsOf, splitTokens, tokenStream } from '../data/text-rows.ts';
import { packFiles, unpackFiles, type ArchiveLimits } from '../data/zip-archive.ts';
import { configToJson } from '../model/config.ts';
import type { OwnText, OwnTextFacts } from '../records/own-text.ts';
import { unprefixed } from '../rlhf/loop.ts';
import { saveOwnText } from '../storage/projects.ts';
import { InputError } from './failure.ts';
import {
  expectShapes,
  expectVocabulary,
  jsonOf,
  partOf,
  sharedConfig,
  storeModels,
} from './model-files.ts';
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

function stepsOf(json: unknown): number {
  const steps =
    typeof json === 'object' && json !== null && 'trained_steps' in json ? json.trained_steps : 0;
  return typeof steps === 'number' && Number.isSafeInteger(steps) && steps > 0 ? steps : 0;
}

/** Adds the model of a zip as a finished base model of its own run. Throws FormatError, InputError or StorageError; then nothing changed. */
export async function importBase(
  { name, file }: CommandMap['base.import']['args'],
  session: RunsSession,
): Promise<void> {
  if (file.size > LARGEST_ZIP) throw new FormatError('The zip is larger than 200 MB.', ACTION);
  const files = unpackFiles(new Uint8Array(await file.arrayBuffer()), LIMITS);
  const { config, tokenizer } = session.workbench.language();
  const archive = { files, action: ACTION };
  const json = jsonOf(archive, CONFIG);
  const shape = sharedConfig(json, config, ACTION);
  expectVocabulary(jsonOf(archive, TOKENIZER), tokenizer, ACTION);
  const tensors = readSafetensors(partOf(archive, WEIGHTS));
  expectShapes(tensors, shape, 'language', ACTION);
  await storeModels(session, [{ stage: 'pretrain', name, tensors, step: stepsOf(json) }]);
}
