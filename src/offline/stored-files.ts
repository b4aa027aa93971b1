/**
 * Whether each file of a version is stored with the very bytes that it was built with, and fetching those that are not.
 * Knows the store and the network only as they are handed in.
 */
import type { CheckedFile } from './messages.ts';

/** A file of the build. */
export interface BuiltFile {
  readonly url: string;
  /** SHA-256 of its bytes in lower-case hexadecimal. */
  readonly sha256: string;
}

export interface FileStore {
  /** What is stored under an address of the build, as it came from the host; undefined when nothing is. */
  read(url: string): Promise<Response | undefined>;
  write(url: string, response: Response): Promise<void>;
}

async function fingerprint(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Reads the file whole. Never rejects: what cannot be read is damaged. */
export async function checkFile(
  { url, sha256 }: BuiltFile,
  store: Pick<FileStore, 'read'>,
): Promise<CheckedFile> {
  try {
    const stored = await store.read(url);
    if (stored === undefined) return { url, state: 'missing', bytes: 0 };
    const bytes = await stored.arrayBuffer();
    const sound = (await fingerprint(bytes)) === sha256;
    return { url, state: sound ? 'stored' : 'damaged', bytes: bytes.byteLength };
  } catch {
    return { url, state: 'damaged', bytes: 0 };
  }
}

/** One after the other: the model alone is many megabytes. */
export async function checkFiles(
  files: readonly BuiltFile[],
  store: Pick<FileStore, 'read'>,
): Promise<CheckedFile[]> {
  const checked: CheckedFile[] = [];
  for (const file of files) checked.push(await checkFile(file, store));
  return checked;
}

/**
 * Fetches what is missing or damaged and gives how each file stands then. What the host sends is stored only if it is
 * the file of this version; otherwise what was there stays.
 */
export async function fetchFiles(
  files: readonly BuiltFile[],
  store: FileStore,
  load: (url: string) => Promise<Response>,
): Promise<CheckedFile[]> {
  const checked: CheckedFile[] = [];
  for (const file of files) {
    const before = await checkFile(file, store);
    if (before.state !== 'stored') await fetchFile(file, store, load);
    checked.push(before.state === 'stored' ? before : await checkFile(file, store));
  }
  return checked;
}

async function fetchFile(
  { url, sha256 }: BuiltFile,
  store: FileStore,
  load: (url: string) => Promise<Response>,
): Promise<void> {
  try {
    const response = await load(url);
    const bytes = await response.clone().arrayBuffer();
    if (!response.ok || (await fingerprint(bytes)) !== sha256) return;
    await store.write(url, response);
  } catch {
    // No network, or no room: the check that follows says that it is still missing.
  }
}
