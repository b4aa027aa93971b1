// How much JavaScript the built page loads before its engine, and the worker before it computes; without a
// browser. Weights, WASM binaries and the backends that load when they are chosen are not counted.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const ASSETS = fileURLToPath(new URL('../../dist/assets', import.meta.url));
/** Most kB (1000 bytes) with gzip. */
const BUDGETS = { page: 200, worker: 265 };

function textOf(name: string): string {
  return readFileSync(join(ASSETS, name), 'utf8');
}

/** A chunk and those that it imports statically, however deep. */
function loadedWith(entry: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const [, name = ''] of textOf(entry).matchAll(
    /(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g,
  )) {
    loadedWith(name, seen);
  }
  return seen;
}

function kilobytes(names: ReadonlySet<string>): number {
  return [...names].reduce((sum, name) => sum + gzipSync(textOf(name)).length, 0) / 1000;
}

/** The one chunk whose name begins so. */
function chunk(start: string): string {
  const found = readdirSync(ASSETS).filter(
    (name) => name.startsWith(start) && name.endsWith('.js'),
  );
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${start}: ${found.join(', ')}`);
  return only;
}

/** The chunk that the page begins with; others may have names that begin alike. */
function pageEntry(): string {
  const page = readFileSync(join(ASSETS, '../index.html'), 'utf8');
  const entry = /<script type="module"[^>]* src="\.\/assets\/([^"]+)"/.exec(page)?.[1];
  if (entry === undefined) throw new Error('index.html loads no module.');
  return entry;
}

test.each([
  ['page', pageEntry],
  ['worker', () => chunk('main-')],
] as const)('the %s stays within its budget', (what, entry) => {
  const chunks = loadedWith(entry());
  const size = kilobytes(chunks);
  process.stderr.write(`${what}: ${size.toFixed(0)} kB gzip in ${chunks.size} files\n`);
  expect(size).toBeGreaterThan(50);
  expect(size).toBeLessThan(BUDGETS[what]);
});
