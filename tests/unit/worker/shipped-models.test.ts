/** The model that comes with the page, when a file of it is damaged: what a visitor is told. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { ModelFileError } from '../../../src/model/config.ts';
import { fetchFile, loadModelFolder } from '../../../src/worker/shipped-models.ts';

const FOLDER = new URL('../../../public/', import.meta.url);

afterEach(() => {
  vi.unstubAllGlobals();
});

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

const read = (answer: () => Promise<Response>, signal?: AbortSignal) => {
  vi.stubGlobal('fetch', answer);
  return fetchFile(new URL('https://page.example/lab/'))('models/base/config.json', signal);
};

test('a file is fetched whole', async () => {
  expect(await read(() => Promise.resolve(new Response('abc')))).toEqual(
    new Uint8Array([97, 98, 99]),
  );
});

test.each([
  ['no network', () => Promise.reject(new TypeError('Failed to fetch')), /Check the connection/],
  ['not there', () => Promise.resolve(new Response('', { status: 404 })), /status 404/],
  [
    'a page instead',
    () => Promise.resolve(new Response('<p>', { headers: { 'content-type': 'text/html' } })),
    /is missing on this site/,
  ],
  [
    'cut off on the way',
    () => {
      const start = (body: ReadableStreamDefaultController): void => {
        body.enqueue(new Uint8Array(3));
        body.error(new TypeError('network error'));
      };
      return Promise.resolve(new Response(new ReadableStream({ start })));
    },
    /could not be fetched \(network error\)\. Check the connection/,
  ],
])('%s: a sentence with the file and what to do', async (_name, answer, words) => {
  const error: unknown = await read(answer).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelFileError);
  expect((error as Error).message).toMatch(words);
  expect((error as Error).message).toContain('models/base/config.json');
});

test('aborted: it ends at once', async () => {
  const wish = new AbortController();
  const answer = (_url: unknown, init?: RequestInit) =>
    new Promise<Response>((_, reject) => {
      init?.signal?.addEventListener('abort', () => {
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  const reading = read(answer as () => Promise<Response>, wish.signal);
  wish.abort();
  await expect(reading).rejects.toThrow(/could not be fetched \(aborted\)/);
});
