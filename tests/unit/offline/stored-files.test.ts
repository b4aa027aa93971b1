/** What is stored for use without a network: compared byte for byte, and fetched only when it is the very file. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  checkFiles,
  fetchFiles,
  type BuiltFile,
  type FileStore,
} from '../../../src/offline/stored-files.ts';

const built = (url: string, text: string): BuiltFile => ({
  url,
  sha256: createHash('sha256').update(text).digest('hex'),
});
const FILES = [built('index.html', 'page'), built('a.js', 'code'), built('m.wasm', 'wasm')];

function storeOf(
  texts: Readonly<Record<string, string>>,
): FileStore & { rows: Map<string, string> } {
  const rows = new Map(Object.entries(texts));
  return {
    rows,
    read: (url) => {
      const text = rows.get(url);
      if (text === 'broken') return Promise.reject(new Error('the disk says no'));
      return Promise.resolve(text === undefined ? undefined : new Response(text));
    },
    write: async (url, response) => {
      rows.set(url, await response.text());
    },
  };
}

describe('checking', () => {
  test('tells stored, missing and damaged apart', async () => {
    const store = storeOf({ 'index.html': 'page', 'a.js': 'codf' });
    expect(await checkFiles(FILES, store)).toEqual([
      { url: 'index.html', state: 'stored', bytes: 4 },
      { url: 'a.js', state: 'damaged', bytes: 4 },
      { url: 'm.wasm', state: 'missing', bytes: 0 },
    ]);
  });

  test('a file that cannot be read is damaged, and the others are still looked at', async () => {
    const store = storeOf({ 'index.html': 'broken', 'a.js': 'code' });
    const states = (await checkFiles(FILES, store)).map(({ state }) => state);
    expect(states).toEqual(['damaged', 'stored', 'missing']);
  });
});

describe('fetching', () => {
  const host = (texts: Readonly<Record<string, string>>) => {
    const asked: string[] = [];
    const load = (url: string): Promise<Response> => {
      asked.push(url);
      const text = texts[url];
      if (text === 'offline') return Promise.reject(new TypeError('no network'));
      return Promise.resolve(
        text === undefined ? new Response('not here', { status: 404 }) : new Response(text),
      );
    };
    return { asked, load };
  };

  test('gets what is missing or damaged and nothing else', async () => {
    const store = storeOf({ 'index.html': 'page', 'a.js': 'codf' });
    const { asked, load } = host({ 'a.js': 'code', 'm.wasm': 'wasm' });
    const checked = await fetchFiles(FILES, store, load);
    expect(checked.map(({ state }) => state)).toEqual(['stored', 'stored', 'stored']);
    expect(asked).toEqual(['a.js', 'm.wasm']);
    expect(await checkFiles(FILES, store)).toEqual(checked);
  });

  test('stores no file of another version, no error page, and goes on without a network', async () => {
    const store = storeOf({ 'a.js': 'codf' });
    const { load } = host({ 'a.js': 'newer code', 'm.wasm': 'offline' });
    const checked = await fetchFiles(FILES, store, load);
    expect(checked.map(({ state }) => state)).toEqual(['missing', 'damaged', 'missing']);
    expect([...store.rows]).toEqual([['a.js', 'codf']]);
  });

  test('an error page with the right bytes is no file', async () => {
    const [, file] = FILES;
    if (file === undefined) throw new Error('The table is empty.');
    const store = storeOf({});
    const load = () => Promise.resolve(new Response('code', { status: 500 }));
    expect((await fetchFiles([file], store, load))[0]?.state).toBe('missing');
  });

  test('a full store leaves the file missing', async () => {
    const { load } = host({ 'index.html': 'page', 'a.js': 'code', 'm.wasm': 'wasm' });
    const full: FileStore = {
      ...storeOf({}),
      write: () => Promise.reject(new DOMException('full', 'QuotaExceededError')),
    };
    const states = (await fetchFiles(FILES, full, load)).map(({ state }) => state);
    expect(states).toEqual(['missing', 'missing', 'missing']);
  });
});
