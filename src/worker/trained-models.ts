/**
 * The trained models that come with the page (`npm run reproduce -- --models`): fetched from its own origin when a person
 * asks for them, checked as strictly as a stranger's file and by their hashes, and stored as the results of steps 1, 2 and 3,
 * all or none. Loaded when first asked for. The base model is shipped-models.ts.
 */
import { parseSettings, type Settings } from '../config/settings.ts';
import { FormatError } from '../data/format-error.ts';
import { readSafetensors } from '../data/safetensors.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import { ModelFileError } from '../model/config.ts';
import {
  parseTrainedModels,
  TRAINED_FOLDER,
  TRAINED_MANIFEST,
  type TrainedModel,
  type TrainedModels,
} from '../records/trained-models.ts';
import { hashed, sha256 } from '../storage/checkpoints.ts';
import { InputError } from './failure.ts';
import {
  checkpointBytes,
  expectShapes,
  seenByPpo,
  storeModels,
  type ModelResult,
} from './model-files.ts';
import type { Project } from './project.ts';
import type { RunsSession } from './run-handlers.ts';
import { finishedCheckpoint, inputsOf } from './stage-graph.ts';

const TASK = 'Loading the trained models';
/** What computed them is not written down with them: it would tell of the machine and not of the models. */
const ELSEWHERE = { backend: 'trained before, shipped with the page', device: '' } as const;

type Described = TrainedModels & { readonly settings: Settings };

/** The reader's advice is for people who chose the file; a visitor did not, so the sentence says what is left to them. */
function damaged(file: string, problem: string): InputError {
  return new InputError(
    `The trained models that come with the page are damaged, in ${file}: ${problem} Nothing was loaded. ` +
      'If a second try says the same, whoever runs the site must put the files there again.',
  );
}

/** Throws InputError. */
function checked<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw damaged(file, error instanceof FormatError ? error.problem : (error as Error).message);
  }
}

/** Throws InputError when the file cannot be had. */
async function fetched(
  { workbench }: Pick<RunsSession, 'workbench'>,
  file: string,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await workbench.readFile(`${TRAINED_FOLDER}/${file}`, signal);
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    throw new InputError(
      `${error.message} Nothing was loaded: these models are fetched when they are asked for and are not among the ` +
        'files that the page keeps for use without a network.',
    );
  }
}

function describedBy(bytes: Uint8Array): Described {
  return checked(TRAINED_MANIFEST, () => {
    const models = parseTrainedModels(parseStrictJson(new TextDecoder().decode(bytes)));
    const settings = parseSettings(models.settings);
    if (settings.method.name !== 'ppo') throw new Error('Step 3 is not PPO.');
    return { ...models, settings };
  });
}

/** The words of the vocabulary as its file has them. Throws InputError. */
async function expectPagesVocabulary(
  session: RunsSession,
  { vocabulary }: Described,
): Promise<void> {
  const { tokenizer } = session.workbench.language();
  const text = `${JSON.stringify(tokenizer.toJson())}\n`;
  if ((await sha256(new TextEncoder().encode(text))) === vocabulary) return;
  throw damaged(TRAINED_MANIFEST, 'their vocabulary is not that of the page’s base model.');
}

/** Throws InputError when it is not the very file, or none of the base model's shape. */
async function modelIn(
  bytes: Uint8Array<ArrayBuffer>,
  { stage, name, file, step, ...expected }: TrainedModel,
  session: RunsSession,
  settings: Settings,
): Promise<ModelResult> {
  if (bytes.length !== expected.bytes) {
    throw damaged(file, `it has ${bytes.length} bytes instead of ${expected.bytes}.`);
  }
  if ((await sha256(bytes)) !== expected.sha256) {
    throw damaged(file, 'its content is not what was shipped.');
  }
  const { config } = session.workbench.language();
  const tensors = checked(file, () => {
    const read = readSafetensors(bytes);
    expectShapes(read, config, stage === 'reward' ? 'scalar' : 'language', '');
    return read;
  });
  return { stage, name, tensors, step, origin: { settings, on: ELSEWHERE } };
}

/** All of them, checked; nothing is stored. Throws InputError with a sentence for a visitor, also when it is aborted. */
async function fetchAll(
  session: RunsSession,
  signal: AbortSignal,
): Promise<readonly ModelResult[]> {
  const total = 4;
  let done = 0;
  const next = async (file: string) => {
    session.progress(TASK, done, total);
    const bytes = await fetched(session, file, signal);
    done += 1;
    return bytes;
  };
  try {
    const described = describedBy(await next(TRAINED_MANIFEST));
    await expectPagesVocabulary(session, described);
    const models: ModelResult[] = [];
    for (const model of described.models) {
      models.push(await modelIn(await next(model.file), model, session, described.settings));
    }
    return models;
  } finally {
    session.progress(TASK, total, total);
  }
}

/**
 * All of them, checked, or null when a person stopped it; nothing is stored. Throws InputError with a sentence for a visitor.
 */
export async function fetchTrainedModels(
  session: RunsSession,
  signal: AbortSignal,
): Promise<readonly ModelResult[] | null> {
  try {
    const models = await fetchAll(session, signal);
    return signal.aborted ? null : models;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** True when the model is the result of its stage already, and not stale. */
async function isHere(project: Project, model: ModelResult): Promise<boolean> {
  const rows = seenByPpo(project.rows);
  const result = finishedCheckpoint(rows, model.stage);
  const run = rows.runs.find(({ id }) => id === result?.manifest.run);
  if (result === undefined || run?.inputs !== inputsOf(rows, model.stage)) return false;
  const { summaries } = await hashed('', checkpointBytes(model));
  return (
    summaries.map((chunk) => chunk.sha256).join() ===
    result.chunks.map((chunk) => chunk.sha256).join()
  );
}

/**
 * Adds them as the results of their steps and gives their names; of those that are that already none is added twice. Throws
 * InputError or StorageError; then none was added.
 */
export async function takeTrainedModels(
  models: readonly ModelResult[],
  session: RunsSession,
): Promise<readonly string[]> {
  const project = session.project();
  const here = await Promise.all(models.map((model) => isHere(project, model)));
  // What comes after one that is new would rest on another model.
  const missing = here.includes(false) ? models.slice(here.indexOf(false)) : [];
  return storeModels(session, missing);
}
