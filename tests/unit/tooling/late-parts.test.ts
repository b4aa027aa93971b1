/** Whatever a component fetches when it is needed says so in its place when it cannot be fetched. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const FOLDER = new URL('../../../src/ui/', import.meta.url);

const blocks = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.svelte'))
  .flatMap((file) =>
    [
      ...readFileSync(new URL(file, FOLDER), 'utf8').matchAll(
        /\{#await (?:import\(|LATE).*?\{\/await\}/gs,
      ),
    ].map(([block]) => ({ file, block })),
  );

test('there are such parts, none inside another', () => {
  expect(blocks.length).toBeGreaterThan(20);
  for (const { block } of blocks) expect(block.split('{#await')).toHaveLength(2);
});

test('every one has a word for the case that it could not be loaded', () => {
  const silent = blocks.filter(
    ({ block }) => !/\{:catch\}\s*(?:<NotLoaded \/>|<p class="error" role="alert">)/.test(block),
  );
  expect(silent).toEqual([]);
});
