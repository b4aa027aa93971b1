/** The browser's service worker as the page uses it: install, check what is stored, take a new version. */
import { Workbox } from 'workbox-window';
import {
  CHECK_STORED,
  FETCH_MISSING,
  VERIFY_STORED,
  type CheckedFiles,
  type StoredFiles,
} from '../offline/messages.ts';

export interface OfflineService {
  /**
   * Installs the service worker; resolves when it is active. `onUpdate` is called when a new version waits,
   * `onReplaced` when one has taken over, in this tab or in another.
   * @throws Error when the browser refuses.
   */
  install(onUpdate: () => void, onReplaced: () => void): Promise<void>;
  check(): Promise<StoredFiles>;
  /** Reads every file and compares it with what was built; `fetch` gets what is missing or damaged first. */
  verify(fetch: boolean): Promise<CheckedFiles>;
  /** Lets the waiting version take over. */
  update(): void;
}

/** How often a page that stays open asks for a new version. Milliseconds. */
const ASK_EVERY = 3_600_000;

/** Null where the browser has no service workers (an insecure address, some private windows). */
export function browserOfflineService(page: Window): OfflineService | null {
  if (!('serviceWorker' in page.navigator)) return null;
  const workbox = new Workbox(new URL('service-worker.js', page.document.baseURI).href);
  return {
    install: async (onUpdate, onReplaced) => {
      workbox.addEventListener('waiting', onUpdate);
      workbox.addEventListener('controlling', ({ isUpdate }) => {
        if (isUpdate === true) onReplaced();
      });
      await workbox.register();
      await page.navigator.serviceWorker.ready;
      page.setInterval(() => {
        // Without a network there is no new version to find.
        workbox.update().catch(() => undefined);
      }, ASK_EVERY);
    },
    check: () => workbox.messageSW(CHECK_STORED) as Promise<StoredFiles>,
    verify: (fetch) =>
      workbox.messageSW(fetch ? FETCH_MISSING : VERIFY_STORED) as Promise<CheckedFiles>,
    update: () => {
      workbox.messageSkipWaiting();
    },
  };
}
