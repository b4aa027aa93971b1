/** Text of files that may be packed: whole or not at all, packed or unpacked on the way, never more than is asked for. */
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { unpackText } from '../../../src/ui/gunzip.ts';

const TEXT = `${'frogs are green and '.repeat(4000)}ü € 𝄞`;
const PLAIN = new TextEncoder().encode(TEXT);
const packedOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(bytes));
const PACKED = packedOf(PLAIN);
const ROOM = 1_000_000;

/** A copy with one bit of a byte turned; the place counts from the end where it is negative. */
function flipped(bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const place = at < 0 ? copy.length + at : at;
  copy[place] = copy[place]! ^ 1;
  return copy;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the text of a file', () => {
  test('comes whole from packed bytes, and from bytes that a host has unpacked already', async () => {
    expect(await unpackText(PACKED, ROOM)).toEqual({ text: TEXT, problem: null });
    expect(await unpackText(PLAIN, ROOM)).toEqual({ text: TEXT, problem: null });
    expect(await unpackText(new Uint8Array(), ROOM)).toEqual({ text: '', problem: null });
  });

  test.each([
    ['cut in half', PACKED.slice(0, PACKED.length / 2)],
    ['without its last byte', PACKED.slice(0, -1)],
    ['no more than its first two bytes', PACKED.slice(0, 2)],
    ['of another packing', flipped(PACKED, 2)],
    ['with another checksum', flipped(PACKED, -8)],
    ['with another length', flipped(PACKED, -4)],
    ['packed and no UTF-8', packedOf(new Uint8Array([0x66, 0xff, 0x66]))],
    ['no UTF-8', new Uint8Array([0x66, 0xff, 0x66])],
    ['UTF-8 that ends inside a character', PLAIN.slice(0, -1)],
  ])('%s: damaged', async (_name, bytes) => {
    expect(await unpackText(bytes, ROOM)).toEqual({ text: null, problem: 'damaged' });
  });

  test('is as large as is asked for at most, however small its file', async () => {
    for (const bytes of [PACKED, PLAIN]) {
      expect((await unpackText(bytes, PLAIN.length)).problem).toBeNull();
      expect(await unpackText(bytes, PLAIN.length - 1)).toEqual({
        text: null,
        problem: 'too large',
      });
    }
    const bomb = packedOf(new Uint8Array(20_000_000));
    expect(bomb.length).toBeLessThan(30_000);
    expect((await unpackText(bomb, ROOM)).problem).toBe('too large');
  });

  test('a browser that cannot unpack reads what a host has unpacked, and says so of the rest', async () => {
    vi.stubGlobal('DecompressionStream', undefined);
    expect((await unpackText(PLAIN, ROOM)).text).toBe(TEXT);
    expect(await unpackText(PACKED, ROOM)).toEqual({ text: null, problem: 'no unpacker' });
  });
});
