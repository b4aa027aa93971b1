/** Zips from anyone: what packing wrote comes back; sizes, paths and names are bounded before anything is unpacked. */
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/data/format-error.ts';
import { packFiles, unpackFiles } from '../../../src/data/zip-archive.ts';

const LIMITS = { files: 10, fileBytes: 10_000, totalBytes: 20_000 };

const bytesOf = (text: string) => new TextEncoder().encode(text);
/** A zip with this text in place of that one, of the same length: headers keep their offsets. */
function replaced(zip: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(zip).toString('latin1').replaceAll(from, to);
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

test('what was packed comes back, whatever its bytes are', () => {
  const name = fc.stringMatching(/^[a-z]{1,6}(\/[a-z]{1,6}\.(safetensors|jsonl))?$/);
  const files = fc.dictionary(name, fc.uint8Array({ maxLength: 500 }), { maxKeys: 8 });
  fc.assert(
    fc.property(files, (entries) => {
      const packed = packFiles(new Map(Object.entries(entries)));
      expect(Object.fromEntries(unpackFiles(packed, LIMITS))).toEqual({ ...entries });
    }),
  );
});

test('the same files give the same bytes', () => {
  const files = new Map([['a/b.jsonl', 'x'.repeat(1000)]]);
  expect(packFiles(files)).toEqual(packFiles(files));
});

describe('is refused with the name inside and the problem', () => {
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['one file too large', zipSync({ big: new Uint8Array(10_001) }), /big in it is larger than/],
    [
      'all together too large',
      zipSync({ a: new Uint8Array(9_000), b: new Uint8Array(9_000), c: new Uint8Array(9_000) }),
      /Unpacked it is larger than/,
    ],
    [
      'too many files',
      zipSync(Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`f${i}`, bytesOf('x')]))),
      /more than 10 files/,
    ],
    [
      'a name that comes twice',
      replaced(zipSync({ 'one.txt': bytesOf('1'), 'two.txt': bytesOf('2') }), 'two.txt', 'one.txt'),
      /holds one\.txt twice/,
    ],
    ['a path upwards', zipSync({ 'a/../../b': bytesOf('x') }), /not allowed: a\/\.\.\/\.\.\/b/],
    ['a path of Windows', zipSync({ 'C:\\b': bytesOf('x') }), /not allowed: C:\\b/],
    ['a hidden file', zipSync({ '.profile': bytesOf('x') }), /not allowed: \.profile/],
    [
      'a prototype',
      replaced(zipSync({ prototype: bytesOf('x') }), 'prototype', '__proto__'),
      /not allowed: __proto__/,
    ],
    ['no zip at all', bytesOf('PK but not really'), /no zip, or its end is missing/],
  ];

  test.each(cases)('%s', (_what, zip, words) => {
    expect(() => unpackFiles(zip, LIMITS)).toThrow(FormatError);
    expect(() => unpackFiles(zip, LIMITS)).toThrow(words);
  });

  test('a file that says it is smaller than it is', () => {
    const zip = zipSync({ a: [new Uint8Array(5_000).fill(7), { level: 0 }] });
    const view = new DataView(zip.buffer, zip.byteOffset);
    const central = Buffer.from(zip).indexOf(Buffer.from('PK\u0001\u0002', 'latin1'));
    view.setUint32(central + 24, 10, true);
    expect(() => unpackFiles(zip, LIMITS)).toThrow(/a in it is damaged/);
  });

  test('whatever is cut off or changed, nothing but a FormatError comes out', () => {
    const whole = packFiles(
      new Map([
        ['a.jsonl', 'text '.repeat(50)],
        ['b/c.safetensors', 'w'.repeat(90)],
      ]),
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const bytes = cut ? whole.slice(0, at) : whole.slice();
        if (!cut) bytes[at] = value;
        try {
          unpackFiles(bytes, LIMITS);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});
