/**
 * Stores every file of this version of the page when it is first opened and serves them from then on, so that the
 * page works without a network. A new version waits until the page asks for it (SKIP_WAITING): it never takes over
 * by itself. No data of the user passes through here.
 */
import {
  addPlugins,
  cleanupOutdatedCaches,
  getCacheKeyForURL,
  precacheAndRoute,
} from 'workbox-precaching';
import type { CheckStored, FetchMissing, StoredFiles, VerifyStored } from './messages.ts';
import { checkFiles, fetchFiles, type BuiltFile, type FileStore } from './stored-files.ts';

interface PrecacheEntry {
  readonly url: string;
  /** SHA-256 of the file's bytes (vite.config.ts). */
  readonly revision: string;
}

interface WorkerMessage {
  readonly data: CheckStored | VerifyStored | FetchMissing | { readonly type: 'SKIP_WAITING' };
  readonly ports: readonly MessagePort[];
  waitUntil(work: Promise<unknown>): void;
}

/** What is used of a service worker's global scope; the page's type library does not have it. */
declare const self: {
  /** The list of files; the build puts it here. */
  readonly __WB_MANIFEST: PrecacheEntry[];
  readonly location: Location;
  readonly caches: CacheStorage;
  readonly registration: { readonly scope: string };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'message', listener: (event: WorkerMessage) => void): void;
};

const files = self.__WB_MANIFEST;

async function storedFiles(): Promise<StoredFiles> {
  const found = await Promise.all(
    files.map(async ({ url }) => {
      const key = getCacheKeyForURL(url);
      return key !== undefined && (await self.caches.match(key)) !== undefined;
    }),
  );
  return { files: files.length, missing: files.flatMap(({ url }, i) => (found[i] ? [] : [url])) };
}

const built: readonly BuiltFile[] = files.map(({ url, revision }) => ({ url, sha256: revision }));

function keyOf(url: string): string {
  const key = getCacheKeyForURL(url);
  if (key === undefined) throw new Error(`${url} is not a file of this version.`);
  return key;
}

/** The cache that workbox made for these files, known as it knows its own when it cleans up. */
async function precache(): Promise<string> {
  const { scope } = self.registration;
  const names = await self.caches.keys();
  const own = names.find((name) => name.includes('-precache-') && name.endsWith(scope));
  if (own === undefined) throw new Error('The files of this version have no cache.');
  return own;
}

const store: FileStore = {
  read: (url) => self.caches.match(keyOf(url)),
  write: async (url, response) => {
    await (await self.caches.open(await precache())).put(keyOf(url), response);
  },
};

/** Past the browser's own cache, which may hold what is damaged. */
const load = (url: string): Promise<Response> =>
  fetch(new URL(url, self.location.href), { cache: 'reload', credentials: 'same-origin' });

self.addEventListener('message', (event) => {
  switch (event.data.type) {
    case 'SKIP_WAITING':
      event.waitUntil(self.skipWaiting());
      return;
    case 'CHECK_STORED':
      event.waitUntil(storedFiles().then((stored) => event.ports[0]?.postMessage(stored)));
      return;
    case 'VERIFY_STORED':
      event.waitUntil(checkFiles(built, store).then((all) => event.ports[0]?.postMessage(all)));
      return;
    case 'FETCH_MISSING':
      event.waitUntil(
        fetchFiles(built, store, load).then((all) => event.ports[0]?.postMessage(all)),
      );
      return;
    default:
      event.data satisfies never;
  }
});

/**
 * The page is cross-origin isolated, which shared memory and so WASM's threads need, on hosts that send no headers too;
 * and all files agree about it, whenever each was stored: an isolated page may not start a worker that is not.
 */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
} as const;

function isolated(response: Response): Response {
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  return new Response(body, { status, statusText, headers });
}

addPlugins([{ handlerWillRespond: ({ response }) => Promise.resolve(isolated(response)) }]);
cleanupOutdatedCaches();
precacheAndRoute(files);
