/**
 * A person's own text as a file's bytes: checked to be UTF-8 of a usable size without control characters, and made
 * plain. What is wrong is named with its line and column. Knows nothing of tokens: see text-rows.ts.
 */
import { FormatError } from './format-error.ts';

export const SMALLEST_TEXT = 1_000;
export const LARGEST_TEXT = 4_000_000;

const NOTHING = 'nothing was changed.';
const AS_UTF8 = `Save it as plain text in UTF-8, then choose it again; ${NOTHING}`;

/** What Unicode calls control, but for tab and line break. */
const CONTROL = /[^\P{Cc}\t\n]/u;

/** `Line 3, column 7`, both from 1, of what follows `before`; a column is a character. */
function placeAfter(before: string): string {
  const from = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return `Line ${line}, column ${[...before.slice(from)].length + 1}`;
}

function decodes(bytes: Uint8Array, whole: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !whole });
    return true;
  } catch {
    return false;
  }
}

/** The text before the first byte that belongs to no character. */
function soundPart(bytes: Uint8Array): string {
  let sound = 0;
  let broken = bytes.length + 1;
  while (broken - sound > 1) {
    const middle = Math.floor((sound + broken) / 2);
    if (decodes(bytes.subarray(0, middle), false)) sound = middle;
    else broken = middle;
  }
  // A character that was begun and not ended is left out by the stream.
  return new TextDecoder().decode(bytes.subarray(0, sound), { stream: true });
}

/** @throws FormatError when a file of so many bytes is too large to be read at all */
export function expectTextSize(bytes: number): void {
  if (bytes > LARGEST_TEXT) {
    throw new FormatError(
      `The text has ${megabytes(bytes)} MB; at most ${megabytes(LARGEST_TEXT)} can be used.`,
      `Cut it, then choose it again; ${NOTHING}`,
    );
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1).replace(/\.0$/, '');

function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/**
 * The text of a file, without a byte-order mark, with `\n` as its only line break.
 * @throws FormatError naming line and column, or the size, and what to do
 */
export function readPlainText(bytes: Uint8Array): string {
  expectTextSize(bytes.length);
  if (isUtf16(bytes)) throw new FormatError('The text is in UTF-16.', AS_UTF8);
  if (!decodes(bytes, true)) {
    const place = placeAfter(soundPart(bytes).replace(/\r\n?/g, '\n'));
    throw new FormatError(`${place}: the bytes here are not UTF-8.`, AS_UTF8);
  }
  const text = new TextDecoder().decode(bytes).replace(/\r\n?/g, '\n');
  const control = CONTROL.exec(text);
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    throw new FormatError(
      `${placeAfter(text.slice(0, control.index))}: U+${code} is a control character and no text.`,
      `Remove it, or choose a plain text file instead of a document; ${NOTHING}`,
    );
  }
  if (text.trim().length < SMALLEST_TEXT) {
    throw new FormatError(
      `The text has ${text.trim().length.toLocaleString('en-US')} characters; at least ${SMALLEST_TEXT.toLocaleString('en-US')} are needed.`,
      `Choose a longer one; ${NOTHING}`,
    );
  }
  return text;
}
