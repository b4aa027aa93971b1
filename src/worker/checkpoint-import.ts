/**
 * Checkpoints that this page exported, back in: one safetensors file, or the models of a bundle for TRL. Everything in the
 * file is checked before anything is stored. Zips of base models are base-desk.ts's. Loaded when first asked for.
 */
import { FormatError } from '../data/format-error.ts';
import { readSafetensors, safetensorsMetadata } from '../data/safetensors.ts';
import { unpackFiles, type ArchiveLimits } from '../data/zip-archive.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Head } from '../model/parameters.ts';
import type { TensorMap } from '../records/tensor.ts';
import {
  expectShapes,
  expectVocabulary,
  jsonOf,
  partOf,
  sharedConfig,
  storeModels,
  type ModelArchive,
  type ModelResult,
} from './model-files.ts';
import { configOf } from './model-shelf.ts';
import type { CommandMap } from './protocol.ts';
import type { RunsSession } from './run-handlers.ts';

const LARGEST = 200e6;
const LIMITS: ArchiveLimits = { files: 64, fileBytes: LARGEST, totalBytes: 2 * LARGEST };
const ACTION =
  'Choose a .safetensors file or a bundle for TRL that this page exported; nothing was imported.';
/** Of GPT-2's largest relatives; nothing that runs in a tab is near. */
const MOST = { width: 4096, layers: 64 } as const;

const FULL = 'transformer.';
const SCORE_BIAS = 'score.bias';
/** Models of a bundle, the one that step 2 and 3 are to start from last. */
const ROLES = ['policy', 'sft', 'reward'] as const;

/** GPT-2's short names, and a bias of the score where `transformers` has no place for one. */
function shortNames(tensors: TensorMap): TensorMap {
  const short = new Map(
    [...tensors].map(([name, tensor]) => [
      name.startsWith(FULL) ? name.slice(FULL.length) : name,
      tensor,
    ]),
  );
  const scored = short.has('score.weight') && !short.has(SCORE_BIAS);
  if (scored) short.set(SCORE_BIAS, { shape: [1], data: new Float32Array(1) });
  return short;
}

function expectModel(tensors: TensorMap, own: ModelConfig): Head {
  const table = tensors.get('wte.weight');
  if (table?.shape.length !== 2) {
    throw new FormatError('It holds no table of tokens ("wte.weight"): it is no GPT-2.', ACTION);
  }
  const [tokens, width = 0] = table.shape;
  if (tokens !== own.vocabularySize) {
    throw new FormatError(
      `Its vocabulary has ${tokens} tokens; models of this page have ${own.vocabularySize}.`,
      ACTION,
    );
  }
  const { layers } = configOf(tensors, own);
  if (width % own.heads !== 0 || width > MOST.width || layers < 1 || layers > MOST.layers) {
    throw new FormatError(
      `It has ${layers} layers of width ${width}: models of this page have up to ${MOST.layers}, of a width up to ` +
        `${MOST.width} that ${own.heads} heads can share.`,
      ACTION,
    );
  }
  const head = tensors.has('score.weight') ? 'scalar' : 'language';
  expectShapes(tensors, { ...own, width, layers }, head, ACTION);
  return head;
}

/** A file of weights as the result of the step that such a model comes from. Throws FormatError. */
function modelOf(bytes: Uint8Array, name: string, own: ModelConfig): ModelResult {
  const tensors = shortNames(readSafetensors(bytes));
  const stage = expectModel(tensors, own) === 'scalar' ? 'reward' : 'sft';
  const step = Number(safetensorsMetadata(bytes)['step'] ?? 0);
  return { stage, name, tensors, step: Number.isSafeInteger(step) && step > 0 ? step : 0 };
}

/** The models of a bundle. Throws FormatError. */
function modelsOf(
  bytes: Uint8Array,
  name: string,
  { config, tokenizer }: ReturnType<RunsSession['workbench']['language']>,
): ModelResult[] {
  const archive: ModelArchive = { files: unpackFiles(bytes, LIMITS), action: ACTION };
  if (archive.files.has('model.safetensors')) {
    throw new FormatError(
      'This is the zip of a base model.',
      'Import it under Model, "A base model from your own text"; nothing was imported.',
    );
  }
  const found = ROLES.filter((role) => archive.files.has(`models/${role}/model.safetensors`));
  if (found.length === 0) throw new FormatError('The zip holds no model.', ACTION);
  return found.map((role) => {
    const folder = `models/${role}`;
    sharedConfig(jsonOf(archive, `${folder}/config.json`), config, ACTION);
    expectVocabulary(jsonOf(archive, `${folder}/tokenizer.json`), tokenizer, ACTION);
    return modelOf(partOf(archive, `${folder}/model.safetensors`), `${name}, ${role}`, config);
  });
}

/**
 * Adds the models of a file, each as the result of a finished run of its own: what writes as that of step 1, what scores
 * as the reward model. Gives their names. Throws FormatError, InputError or StorageError; then none was
 * added.
 */
export async function importCheckpoint(
  { name, file }: CommandMap['checkpoint.import']['args'],
  session: RunsSession,
): Promise<readonly string[]> {
  if (file.size > LARGEST) throw new FormatError('The file is larger than 200 MB.', ACTION);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const language = session.workbench.language();
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const models = isZip ? modelsOf(bytes, name, language) : [modelOf(bytes, name, language.config)];
  return storeModels(session, models);
}
