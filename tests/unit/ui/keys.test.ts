/** The table of keys: every handler looks its keys up there, so the list that is shown is what the page does. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KEY_GROUPS, printed } from '../../../src/ui/key-words.ts';
import * as keys from '../../../src/ui/keys.ts';
import { actionOf, PAGE_KEYS, PROMPT_KEYS, RANK_KEYS, VOTE_KEYS } from '../../../src/ui/keys.ts';
import { PageKeys } from '../../../src/ui/page-keys.svelte.ts';

const UI = new URL('../../../src/ui/', import.meta.url);
const SOURCES = readdirSync(UI)
  .filter((name) => /\.(svelte|ts)$/.test(name))
  .map((name) => ({ name, text: readFileSync(new URL(name, UI), 'utf8') }));

const TABLES: readonly (readonly [string, keys.KeyTable<string>])[] = Object.entries(keys).flatMap(
  ([name, value]) => (typeof value === 'function' ? [] : [[name, value] as const]),
);

describe('looking up', () => {
  test('a key, with and without shift; nothing with a modifier of the browser', () => {
    expect(actionOf(VOTE_KEYS, { key: 'ArrowLeft' })).toBe('left');
    expect(actionOf(VOTE_KEYS, { key: 'T' })).toBe('tie');
    expect(actionOf(VOTE_KEYS, { key: 'ArrowLeft', altKey: true })).toBeNull();
    expect(actionOf(VOTE_KEYS, { key: 't', ctrlKey: true })).toBeNull();
    expect(actionOf(VOTE_KEYS, { key: 't', metaKey: true })).toBeNull();
    expect(actionOf(RANK_KEYS, { key: '9' })).toBe('place');
    expect(actionOf(RANK_KEYS, { key: '0' })).toBeNull();
    expect(actionOf(PAGE_KEYS, { key: '?' })).toBe('keys');
  });

  test('a key that needs Ctrl means nothing alone', () => {
    expect(actionOf(PROMPT_KEYS, { key: 'Enter' })).toBeNull();
    expect(actionOf(PROMPT_KEYS, { key: 'Enter', ctrlKey: true })).toBe('ask');
    expect(actionOf(PROMPT_KEYS, { key: 'Enter', metaKey: true })).toBe('ask');
  });
});

describe('the table', () => {
  test.each(TABLES)('%s gives no key two meanings', (_name, table) => {
    const all = table.flatMap((row) => row.keys.map((key) => `${row.control ?? false} ${key}`));
    expect(new Set(all).size).toBe(all.length);
  });

  test('is shown whole: every key of every table is in the list', () => {
    const shown = KEY_GROUPS.flatMap(({ rows }) => rows.map((row) => row.keys.join(' '))).sort();
    const declared = TABLES.flatMap(([, table]) =>
      table.map((row) => row.keys.map(printed).join(' ')),
    );
    expect(TABLES.length).toBeGreaterThan(7);
    expect(shown).toEqual(declared.sort());
  });

  test.each(TABLES)('%s is what some handler uses', (name) => {
    const users = SOURCES.filter(
      (file) => !file.name.startsWith('key') && file.text.includes(`actionOf(${name},`),
    );
    expect(users.length).toBe(1);
  });
});

test('no handler compares keys by itself', () => {
  const handlers = SOURCES.filter(({ text }) => text.includes('keydown'));
  expect(handlers.length).toBeGreaterThan(6);
  const strays = SOURCES.filter(
    ({ name, text }) =>
      name !== 'keys.ts' &&
      /case 'Arrow|event\.key(\.\w+\(\))? [!=]== '(?! ')|\bkey\.toLowerCase\(\) [!=]==/.test(text),
  );
  expect(strays.map(({ name }) => name)).toEqual([]);
});

test('keys that work anywhere can be turned off, which is remembered', () => {
  const rows = new Map<string, string>();
  const store = {
    getItem: (key: string) => rows.get(key) ?? null,
    setItem: (key: string, value: string) => void rows.set(key, value),
  };
  const pageKeys = new PageKeys(store);
  expect(pageKeys.on).toBe(true);
  pageKeys.turn(false);
  expect([pageKeys.on, new PageKeys(store).on]).toEqual([false, false]);
  pageKeys.turn(true);
  expect(new PageKeys(store).on).toBe(true);
});
