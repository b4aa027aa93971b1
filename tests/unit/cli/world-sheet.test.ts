/** docs/world.md: its counts are the world's, its suites' levels are computed, and every file that it sends a reader to is there. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { planOf } from '../../../src/cli/reproduce/plan.ts';
import { itemSet } from '../../../src/cli/reproduce/suite-runs.ts';
import { suiteCells, suiteTable } from '../../../src/cli/suite-table.ts';
import { withTables, worldCounts } from '../../../src/cli/world-counts.ts';
import { documentKinds } from '../../../src/world/documents.ts';
import { ANIMAL_FORMS } from '../../../src/world/lexicon.ts';
import { personalDataIn } from '../../../src/world/personal-data.ts';
import { testPrompts, trainingPrompts } from '../../../src/world/prompt-sets.ts';
import { suites } from '../../../src/world/suites.ts';
import type { Suite } from '../../../src/world/suites/suite.ts';
import { presentUseCases } from '../../../src/world/use-cases.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${ROOT}docs/world.md`, 'utf8');

test('the counts are those of the world as it is; npm run world-sheet brings them up to date', () => {
  expect(page).toBe(withTables(page, 'counts', worldCounts()));
});

test('every suite is there with items, chance and ceiling as its answers are judged now', () => {
  const table = suiteTable();
  expect(page).toBe(withTables(page, 'suites', table));
  for (const { name, title } of suites) {
    expect(table).toMatch(
      new RegExp(`\\| ${name} +\\| ${title} +\\| \\d+ +\\| \\d+\\.\\d % +\\| \\d+\\.\\d % +\\|`),
    );
  }
  const stale = page.replace(/(\| sentiment .*?) 52\.\d %/, '$1 50.0 %');
  expect(stale).not.toBe(page);
  expect(withTables(stale, 'suites', table)).toBe(page);
}, 600_000);

test('suites whose count is rare stand with the items that the report asks of them, the others with the usual ones', () => {
  const { suiteItems, rareItems } = planOf('full').counts;
  expect(rareItems).toBeGreaterThan(suiteItems);
  const items = (name: string) =>
    new RegExp(`\\| ${name} +\\|[^|]+\\| (\\d+) +\\|`).exec(page)?.[1];
  expect(items('rude-prompts')).toBe(String(rareItems));
  expect(items('rude-prompts-polite')).toBe(String(rareItems));
  expect(items('truthful-qa')).toBe(String(suiteItems));
  const polite = suites.find(({ name }) => name === 'rude-prompts-polite')!;
  const lab = { seed: 1, counts: { ...planOf('full').counts, suiteItems: 2, rareItems: 5 } };
  expect(itemSet(lab, polite).items).toHaveLength(5);
});

test('chance and ceiling of a suite are mean scores over the items of all seeds', () => {
  // Items are numbers; the right answer is the number, a blind one is 1; the judge gives half a point to a 2.
  const suite: Suite = {
    name: 'numbers',
    title: 'A number',
    form: 'instruction',
    chance: 0,
    counts: {},
    items: (seed, count) =>
      [1, 2, 3, 4].slice(0, Math.min(count, 2 * seed)).map((n) => ({ id: `${n}`, prompt: `${n}` })),
    judge: ({ prompt }, response) => ({
      score: response !== prompt ? 0 : response === '2' ? 0.5 : 1,
      reasons: [],
      counts: {},
    }),
    ideal: ({ prompt }) => prompt,
    blind: () => '1',
  };
  // Seed 1: 1, 2. Seed 2: 1, 2, 3, 4. Two of six are 1; (1 + 0.5 + 1 + 0.5 + 1 + 1) / 6.
  expect(suiteCells(suite, [1, 2], 9)).toEqual(['numbers', 'A number', '2, 4', '33.3 %', '83.3 %']);
  expect(suiteCells(suite, [2], 3)).toEqual(['numbers', 'A number', '3', '33.3 %', '83.3 %']);
});

test('another count, another share or a kind too few makes the page stale', () => {
  const counts = worldCounts();
  expect(counts).toMatch(new RegExp(`\\| animals +\\| ${ANIMAL_FORMS.length} +\\|`));
  for (const name of [...documentKinds, ...presentUseCases]) {
    expect(counts).toMatch(new RegExp(`\\| ${name} +\\| \\d+\\.\\d % +\\|`));
  }
  const stale = page.replace(/\| animals +\| \d+/, (cell) => cell.replace(/\d+$/, '999'));
  expect(stale).not.toBe(page);
  expect(withTables(stale, 'counts', counts)).toBe(page);
  expect(() => withTables('no marks', 'counts', counts)).toThrow(/counts begin/);
});

test('the draws with personal data are found as it says: those of training people are in no prompt, the others are', () => {
  const table = page.slice(page.indexOf('filtered begin'), page.indexOf('filtered end'));
  const rows = [...table.matchAll(/\| (training|test) +\| `([^`]+)` +\| (\w+) +\| (\w+) +\|/g)];
  expect(rows.map(([, split]) => split)).toEqual(['training', 'training', 'test', 'test']);
  const asked = { training: trainingPrompts(1), test: testPrompts(1, 1000) };
  const sent = (split: 'training' | 'test', text: string) =>
    asked[split].some((prompt) => prompt.text === text);
  for (const [, split, text = '', kind, fate] of rows) {
    expect(personalDataIn(text), text).toEqual([kind]);
    expect(sent(split === 'test' ? 'test' : 'training', text), text).toBe(fate === 'stays');
    expect(fate, text).toBe(split === 'test' ? 'stays' : 'dropped');
  }
});

test('every file that it names exists', () => {
  const named = [...page.matchAll(/`((?:src|tests|docs)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(new Set(named).size).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(ROOT + path))).toEqual([]);
});
