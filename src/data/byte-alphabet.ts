/**
 * GPT-2's byte alphabet: each of the 256 bytes gets a printable character, so that tokens are plain strings in JSON.
 * Not an encoding of text: text becomes UTF-8 bytes first, and only then characters of this alphabet.
 */

/** The bytes in GPT-2's order (those printable in Latin-1 first), which is also their order of token ids. */
export const BYTE_ORDER: readonly number[] = (() => {
  const printable: number[] = [];
  for (let byte = 0x21; byte <= 0x7e; byte++) printable.push(byte);
  for (let byte = 0xa1; byte <= 0xac; byte++) printable.push(byte);
  for (let byte = 0xae; byte <= 0xff; byte++) printable.push(byte);
  const rest: number[] = [];
  for (let byte = 0; byte < 256; byte++) if (!printable.includes(byte)) rest.push(byte);
  return [...printable, ...rest];
})();

/** `CHARACTER_OF_BYTE[byte]`; unprintable bytes take the code points from U+0100 on. */
export const CHARACTER_OF_BYTE: readonly string[] = (() => {
  const characters: string[] = Array.from({ length: 256 }, () => '');
  const printableCount = 188;
  BYTE_ORDER.forEach((byte, i) => {
    characters[byte] = String.fromCharCode(i < printableCount ? byte : 0x100 + i - printableCount);
  });
  return characters;
})();

const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  CHARACTER_OF_BYTE.map((character, byte) => [character, byte]),
);

const encoder = new TextEncoder();

/** UTF-8 bytes of a text as characters of the alphabet. A lone surrogate becomes U+FFFD. */
export function toAlphabet(text: string): string {
  let result = '';
  for (const byte of encoder.encode(text)) result += CHARACTER_OF_BYTE[byte] ?? '';
  return result;
}

/** Bytes behind a string of the alphabet, or undefined when a character is outside it. */
export function bytesOfAlphabet(characters: string): Uint8Array | undefined {
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) {
    const byte = BYTE_OF_CHARACTER.get(characters.charAt(i));
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
