/** docs/fidelity.md against the sources that it speaks of: every row is there, every test, file and default too. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultSettings, SETTING_ENTRIES, settingValue } from '../../../src/config/settings.ts';
import { testTitles } from './test-titles.ts';

const PAGE = readFileSync('docs/fidelity.md', 'utf8');

const range = (letter: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${letter}${from + i}`);

const D_ROWS = [...range('D', 1, 43), ...range('D', 50, 54)];
const O_ROWS = [...range('O', 1, 18), 'O6b'];
const S_ROWS = [
  ...[...range('S', 1, 11), ...range('S', 20, 26), ...range('S', 30, 41)],
  ...[...range('S', 50, 68), ...range('S', 70, 83)],
];

/** Cells of each table row below a heading, up to the next heading of any level; header and rule left out. */
function tableBelow(page: string, heading: string): string[][] {
  const lines = page.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`no heading "${heading}" in docs/fidelity.md`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith('#'));
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

const withoutTicks = (cell: string): string => cell.replace(/^`(.*)`$/, '$1');

interface Proof {
  readonly row: string;
  readonly title: string;
  readonly file: string;
}

const PROOFS: readonly Proof[] = tableBelow(PAGE, '## What proves each detail').map(
  ([row = '', title = '', file = '']) => ({
    row,
    title: withoutTicks(title),
    file: withoutTicks(file),
  }),
);
const REASONS = new Map(
  tableBelow(PAGE, '### Rows without a test, or proved in part').map(([row = '', why = '']) => [
    row,
    why,
  ]),
);

/** What is wrong with a listed test, or nothing. */
function problemOf({ row, title, file }: Proof, read: (file: string) => string): string[] {
  const [ids = ''] = title.split(':', 1);
  if (!ids.split(', ').includes(row)) return [`${title}: does not begin with ${row}`];
  return testTitles(read(file)).includes(title) ? [] : [`${file} has no test "${title}"`];
}

const readTest = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

describe('details and oracles', () => {
  test.each([...D_ROWS, ...O_ROWS])('%s has a test that bears its id, or a reason', (row) => {
    const listed = PROOFS.some((proof) => proof.row === row);
    expect(listed || (REASONS.get(row) ?? '').length > 20).toBe(true);
  });

  test('every listed test exists in its file under its title', () => {
    expect(PROOFS.length).toBeGreaterThan(D_ROWS.length + O_ROWS.length);
    expect(PROOFS.flatMap((proof) => problemOf(proof, readTest))).toEqual([]);
  });

  test('rows that do not exist in the reference are not listed', () => {
    const known = new Set([...D_ROWS, ...O_ROWS]);
    const listed = [...PROOFS.map(({ row }) => row), ...REASONS.keys()];
    expect(listed.filter((row) => !known.has(row))).toEqual([]);
  });

  test('a title that is gone, that is only a comment, or that bears another id is found', () => {
    const source = "// test('D1: gone', f);\ntest('D2: here', f);\nit.each([1])('D3: %s', f);";
    const at = (row: string, title: string) =>
      problemOf({ row, title, file: 'some.test.ts' }, () => source);
    expect(at('D2', 'D2: here')).toEqual([]);
    expect(at('D3', 'D3: %s')).toEqual([]);
    expect(at('D1', 'D1: gone')).toEqual(['some.test.ts has no test "D1: gone"']);
    expect(at('D4', 'D2: here')).toEqual(['D2: here: does not begin with D4']);
  });
});

test('what the paper has and the reference does not has a place and a test that exist', () => {
  const table = tableBelow(PAGE, '### Of the paper, without a row in the reference');
  expect(table.map(([paper = '']) => paper.includes('steps 2 and 3'))).toContain(true);
  for (const [, ours = '', ...rest] of table) {
    const [where = '', title = '', file = ''] = rest.map(withoutTicks);
    expect(ours.length).toBeGreaterThan(20);
    expect(existsSync(where), where).toBe(true);
    expect(testTitles(readTest(file)), file).toContain(title);
  }
});

describe("the paper's values", () => {
  const table = tableBelow(PAGE, "## The paper's values and ours");

  test('every row of the reference is there once, with all five cells', () => {
    expect(table.map(([row]) => row)).toEqual(S_ROWS);
    for (const cells of table) {
      expect(cells).toHaveLength(5);
      expect(cells.every((cell) => cell.length > 0)).toBe(true);
    }
  });

  test('a setting named with a value has that default', () => {
    const defaults = defaultSettings();
    const keys = new Set(SETTING_ENTRIES.map(({ key }) => key));
    const named = table.flatMap(([, , ours = '']) =>
      [...ours.matchAll(/`([a-z]+\.[A-Za-z]+)` ([^\s,;]+)/g)].map(
        ([, key = '', value = '']) => [key, value] as const,
      ),
    );
    expect(named.length).toBeGreaterThan(30);
    for (const [key, value] of named) {
      expect(keys, key).toContain(key);
      expect(value, key).toBe(String(settingValue(defaults, key)));
    }
  });

  test('every setting of the algorithm is somewhere in the table', () => {
    const text = table.flat().join(' ');
    const missing = SETTING_ENTRIES.filter(
      ({ group, key }) => ['sft', 'reward', 'ppo'].includes(group) && !text.includes(`\`${key}\``),
    );
    expect(missing.map(({ key }) => key)).toEqual([]);
  });

  test('the place where a value is set exists', () => {
    const keys = new Set(SETTING_ENTRIES.map(({ key }) => key));
    for (const [row, , , where = ''] of table) {
      const places = [...where.matchAll(/`([^`]+)`/g)].map(([, place = '']) => place);
      expect(places.length, row).toBeGreaterThan(0);
      for (const place of places) {
        expect(keys.has(place) || existsSync(place), `${row}: ${place}`).toBe(true);
      }
    }
  });
});
