/** Model folders in Hugging Face's layout: config.json, tokenizer.json, model.safetensors. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors, type Dtype } from '../data/safetensors.ts';
import { parseStrictJson } from '../data/strict-json.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { configFromJson, configToJson } from '../model/config.ts';
import { Model, type Head } from '../model/parameters.ts';
import { UsageError } from './options.ts';

function readBytes(folder: string, name: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(join(folder, name)));
  } catch {
    throw new UsageError(`cannot read ${join(folder, name)}. Give a folder that holds a model.`);
  }
}

function readJson(folder: string, name: string): unknown {
  const text = new TextDecoder().decode(readBytes(folder, name));
  try {
    return parseStrictJson(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${join(folder, name)} is not valid JSON: ${reason}.`);
  }
}

export function loadTokenizer(folder: string): Tokenizer {
  return Tokenizer.fromJson(readJson(folder, 'tokenizer.json'));
}

/** Uploads the model; the caller disposes it. */
export function loadModel(folder: string, head: Head): Model {
  const config = configFromJson(readJson(folder, 'config.json'));
  return new Model(config, head, readSafetensors(readBytes(folder, 'model.safetensors')));
}

export async function saveModel(folder: string, model: Model, dtype: Dtype): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'config.json'),
    `${JSON.stringify(configToJson(model.config), null, 2)}\n`,
  );
  writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(await model.tensors(), dtype));
}
