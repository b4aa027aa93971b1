/** A text file's bytes: what passes, and each thing that is wrong with one named by line and column. */
import { describe, expect, it, test } from 'vitest';
import {
  expectTextSize,
  LARGEST_TEXT,
  readPlainText,
  SMALLEST_TEXT,
} from '../../../src/data/plain-text.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const LONG = 'a line of text.\n'.repeat(100);

/** Bytes of texts and numbers, one after another. */
function file(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...bytes(part)] : [...part])),
  );
}

it('reads UTF-8 without its mark and with one kind of line break', () => {
  const read = readPlainText(file([0xef, 0xbb, 0xbf], 'é\r\nb\rc\t😀\n', LONG));
  expect(read).toBe(`é\nb\nc\t😀\n${LONG}`);
});

describe('what is no UTF-8 is named by the line and column of its first byte', () => {
  test.each([
    ['a byte that begins nothing', file('one\ntwo', [0xff], LONG), 'Line 2, column 4'],
    [
      'a character cut short by another',
      file('é\r\nü\r\n😀x', [0xe2, 0x82], LONG),
      'Line 3, column 3',
    ],
    ['a character cut by the end', file(LONG, [0xf0, 0x9f]), 'Line 101, column 1'],
    ['the very first byte', file([0xe9], LONG), 'Line 1, column 1'],
  ])('%s', (_what, content, place) => {
    expect(() => readPlainText(content)).toThrow(`${place}: the bytes here are not UTF-8.`);
  });

  it('and UTF-16 by its name, which other programs write', () => {
    expect(() => readPlainText(file([0xff, 0xfe], LONG))).toThrow(/in UTF-16.*in UTF-8/);
  });
});

test('a control character is named with its code; tabs and line breaks are none', () => {
  const read = (control: string) => () =>
    readPlainText(bytes(`first\n\tse${control}cond\n${LONG}`));
  expect(read('\u0000')).toThrow(/^Line 2, column 4: U\+0000 is a control character/);
  expect(read('\u001B')).toThrow(/Line 2, column 4: U\+001B/);
  expect(read('\u0085')).toThrow(/Line 2, column 4: U\+0085/);
  expect(read('\t')).not.toThrow();
});

test('too small and too large are refused with both numbers', () => {
  const least = 'x'.repeat(SMALLEST_TEXT);
  expect(readPlainText(bytes(least))).toBe(least);
  expect(() => readPlainText(bytes(`${least.slice(1)}   \n\n`))).toThrow(
    /has 999 characters; at least 1,000/,
  );
  expect(() => expectTextSize(LARGEST_TEXT)).not.toThrow();
  expect(() => expectTextSize(LARGEST_TEXT + 200_000)).toThrow(/has 4.2 MB; at most 4 /);
  expect(() => readPlainText(new Uint8Array(LARGEST_TEXT + 1))).toThrow(/at most 4 /);
});
