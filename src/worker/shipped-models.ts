/**
 * The models that come with the page, in Hugging Face's layout under `models/<name>/`, fetched from the page's own
 * origin. Files are checked as if they came from a stranger.
 */
import { FormatError } from '../data/format-error.ts';
import { readSafetensors } from '../data/safetensors.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { configFromJson, ModelFileError, type ModelConfig } from '../model/config.ts';
import type { TensorMap } from '../records/tensor.ts';
import type { ReportProgress } from './stages.ts';

export interface ModelFiles {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly tensors: TensorMap;
}

/** Reads a file of the page by its path below the page's folder. Throws {@link ModelFileError}, also when it is aborted. */
export type ReadFile = (path: string, signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;

/** Reads files by HTTP below `root`, the address of the page's folder. */
export function fetchFile(root: URL): ReadFile {
  const read = async (path: string, init: RequestInit): Promise<Uint8Array<ArrayBuffer>> => {
    const response = await fetch(new URL(path, root), init);
    const html = response.headers.get('content-type')?.startsWith('text/html') === true;
    if (!response.ok || html) {
      throw new ModelFileError(
        `The model file ${path} is missing on this site (status ${response.status}). ` +
          'Whoever runs the site must put the models folder beside the page.',
      );
    }
    return new Uint8Array(await response.arrayBuffer());
  };
  return async (path, signal) => {
    try {
      return await read(path, signal ? { signal } : {});
    } catch (error) {
      if (error instanceof ModelFileError) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      throw new ModelFileError(
        `The model file ${path} could not be fetched (${detail}). Check the connection and try again.`,
      );
    }
  };
}

/** Throws SyntaxError. */
function jsonOf(bytes: Uint8Array): unknown {
  return parseStrictJson(new TextDecoder().decode(bytes));
}

/**
 * What a file of the folder holds. The readers' advice is for people who chose the file; a visitor did not, so the
 * sentence says what is left to them.
 */
function checked<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const problem = error instanceof FormatError ? error.problem : (error as Error).message;
    throw new ModelFileError(
      `The model that comes with the page is damaged, in ${path}: ${problem} ` +
        'If a second try says the same, whoever runs the site must put the file there again.',
    );
  }
}

/** A whole model folder. Throws {@link ModelFileError} with a sentence about the file that is wrong. */
export async function loadModelFolder(
  name: string,
  read: ReadFile,
  report: ReportProgress,
): Promise<ModelFiles> {
  const task = 'Loading the model';
  let done = 0;
  const file = async (path: string) => {
    const bytes = await read(`models/${name}/${path}`);
    report(task, ++done, 4);
    return bytes;
  };
  report(task, 0, 4);
  const [config, tokenizer, weights] = await Promise.all([
    file('config.json'),
    file('tokenizer.json'),
    file('model.safetensors'),
  ]);
  const files = {
    config: checked('config.json', () => configFromJson(jsonOf(config))),
    tokenizer: checked('tokenizer.json', () => Tokenizer.fromJson(jsonOf(tokenizer))),
    tensors: checked('model.safetensors', () => readSafetensors(weights)),
  };
  report(task, 4, 4);
  return files;
}
