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
import type { CheckStored, StoredFiles } from './messages.ts';

interface PrecacheEntry {
  readonly url: string;
  readonly revision: string | null;
}

interface WorkerMessage {
  readonly data: CheckStored | { readonly type: 'SKIP_WAITING' };
  readonly ports: readonly MessagePort[];
  waitUntil(work: Promise<unknown>): void;
}

/** What is used of a service worker's global scope; the page's type library does not have it. */
declare const self: {
  /** The list of files; the build puts it here. */
  readonly __WB_MANIFEST: PrecacheEntry[];
  readonly location: Location;
  readonly caches: CacheStorage;
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

self.addEventListener('message', (event) => {
  switch (event.data.type) {
    case 'SKIP_WAITING':
      event.waitUntil(self.skipWaiting());
      return;
    case 'CHECK_STORED':
      event.waitUntil(storedFiles().then((stored) => event.ports[0]?.postMessage(stored)));
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
