/** docs/world.md: its counts are the world's, and every file that it sends a reader to is there. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { withCounts, worldCounts } from '../../../src/cli/world-counts.ts';
import { documentKinds } from '../../../src/world/documents.ts';
import { ANIMAL_FORMS } from '../../../src/world/lexicon.ts';
import { presentUseCases } from '../../../src/world/use-cases.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${ROOT}docs/world.md`, 'utf8');

test('the counts are those of the world as it is; npm run world-sheet brings them up to date', () => {
  expect(page).toBe(withCounts(page, worldCounts()));
});

test('another count, another share or a kind too few makes the page stale', () => {
  const counts = worldCounts();
  expect(counts).toMatch(new RegExp(`\\| animals +\\| ${ANIMAL_FORMS.length} +\\|`));
  for (const name of [...documentKinds, ...presentUseCases]) {
    expect(counts).toMatch(new RegExp(`\\| ${name} +\\| \\d+\\.\\d % +\\|`));
  }
  const stale = page.replace(/\| animals +\| \d+/, (cell) => cell.replace(/\d+$/, '999'));
  expect(stale).not.toBe(page);
  expect(withCounts(stale, counts)).toBe(page);
  expect(() => withCounts('no marks', counts)).toThrow(/counts begin/);
});

test('every file that it names exists', () => {
  const named = [...page.matchAll(/`((?:src|tests|docs)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(new Set(named).size).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(ROOT + path))).toEqual([]);
});
