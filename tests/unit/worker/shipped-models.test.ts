/** The model that comes with the page, when a file of it is damaged: what a visitor is told. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ModelFileError } from '../../../src/model/config.ts';
import { loadModelFolder } from '../../../src/worker/shipped-models.ts';

const FOLDER = new URL('../../../public/', import.meta.url);

/** The shipped folder with the text of one file changed. */
const load = (damaged: string, change: (text: string) => string) =>
  loadModelFolder(
    'base',
    (path) => {
      const bytes = new Uint8Array(readFileSync(new URL(path, FOLDER)));
      if (!path.endsWith(damaged)) return Promise.resolve(bytes);
      return Promise.resolve(new TextEncoder().encode(change(new TextDecoder().decode(bytes))));
    },
    () => undefined,
  );

test.each([
  ['model.safetensors', () => 'not a model at all', /longer than 1 MiB/],
  ['model.safetensors', () => '', /shorter than 8 bytes/],
  ['tokenizer.json', (text: string) => text.slice(0, 500), /JSON/],
  ['config.json', (text: string) => text.replace('gpt2', 'gpt9'), /"model_type"/],
  ['config.json', (text: string) => text.replace(/"n_layer": \d+/, '"n_layer": 0'), /"n_layer"/],
])('%s: what is wrong, and nothing that a visitor cannot do', async (file, change, problem) => {
  const error: unknown = await load(file, change).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelFileError);
  const { message } = error as ModelFileError;
  expect(message).toMatch(problem);
  expect(message).toContain(`in ${file}: `);
  expect(message).toContain('whoever runs the site');
  expect(message).not.toMatch(/choose|export|download/i);
});
