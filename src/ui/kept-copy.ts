/**
 * The laboratory as it was before it was last started over: one zip in this browser's cache, so that it outlives the
 * tab. The next one takes its place. Not a backup: the browser may drop it when it runs short of space.
 */

const CACHE = 'rlhf-playground-kept';
/** Never fetched: only a name within the cache. */
const ADDRESS = 'kept/laboratory.zip';
const KEPT_AT = 'x-kept-at';
const RUNS = 'x-runs';

export interface KeptCopy {
  readonly file: Blob;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly runs: number;
}

/** Keeps it; there once this resolves. Rejects when there is no room; then the copy before is still there. */
export async function keepCopy(store: CacheStorage, { file, at, runs }: KeptCopy): Promise<void> {
  const headers = { [KEPT_AT]: String(at), [RUNS]: String(runs) };
  await (await store.open(CACHE)).put(ADDRESS, new Response(file, { headers }));
}

/** Null when there is none. */
export async function keptCopy(store: CacheStorage): Promise<KeptCopy | null> {
  if (!(await store.has(CACHE))) return null;
  const kept = await (await store.open(CACHE)).match(ADDRESS);
  if (kept === undefined) return null;
  const numbered = (name: string): number => Number(kept.headers.get(name) ?? 0);
  return { file: await kept.blob(), at: numbered(KEPT_AT), runs: numbered(RUNS) };
}

export async function dropCopy(store: CacheStorage): Promise<void> {
  await store.delete(CACHE);
}
