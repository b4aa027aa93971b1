/** The weights format: what is written is read back; whatever is damaged is refused, with FormatError only. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/data/format-error.ts';
import {
  readSafetensors,
  writeSafetensors,
  type NamedArray,
} from '../../../src/data/safetensors.ts';

const TENSORS = new Map<string, NamedArray>([
  ['wte.weight', { shape: [3, 2], data: Float32Array.of(1, -2, 0.5, 0, 1024, -0.125) }],
  ['ln_f.bias', { shape: [2], data: Float32Array.of(0.25, -0.75) }],
  ['scale', { shape: [], data: Float32Array.of(3) }],
]);

/** A file with any header text and data. */
function fileOf(header: string, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

describe('safetensors', () => {
  it.each(['F32', 'F16'] as const)('reads back what it wrote in %s', (dtype) => {
    const read = readSafetensors(writeSafetensors(TENSORS, dtype));
    expect(new Map([...read].sort())).toEqual(new Map([...TENSORS].sort()));
  });

  it('reads back any names, shapes and finite values exactly', () => {
    const tensor = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }).chain((shape) => {
      const size = shape.reduce((product, n) => product * n, 1);
      const value = fc.float({ noNaN: true, noDefaultInfinity: true });
      return fc.record({
        shape: fc.constant(shape),
        data: fc.array(value, { minLength: size, maxLength: size }),
      });
    });
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('__proto__', 'constructor', '7'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor)), (rows) => {
        const tensors = new Map(
          rows.map(([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data) }]),
        );
        const read = readSafetensors(writeSafetensors(tensors, 'F32'));
        expect(new Map([...read].sort())).toEqual(new Map([...tensors].sort()));
      }),
      { numRuns: 60 },
    );
  });

  it('reads a view into a larger buffer at an odd offset', () => {
    const bytes = writeSafetensors(TENSORS, 'F32');
    const memory = new Uint8Array(bytes.length + 9);
    memory.set(bytes, 3);
    const view = memory.subarray(3, 3 + bytes.length);
    expect(readSafetensors(view)).toEqual(readSafetensors(bytes));
  });

  it('writes the same bytes for the same tensors in any order, data aligned to 8', () => {
    const bytes = writeSafetensors(TENSORS, 'F16');
    expect(writeSafetensors(new Map([...TENSORS].reverse()), 'F16')).toEqual(bytes);
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
  });

  it('refuses to write what is not finite in the asked precision, naming the tensor', () => {
    const one = (value: number): Map<string, NamedArray> =>
      new Map([['h.0.attn', { shape: [1], data: Float32Array.of(value) }]]);
    expect(() => writeSafetensors(one(NaN), 'F32')).toThrow(/"h\.0\.attn" holds NaN/);
    expect(() => writeSafetensors(one(70000), 'F16')).toThrow(/full precision/);
    expect(() =>
      writeSafetensors(new Map([['a', { shape: [2], data: new Float32Array(3) }]]), 'F32'),
    ).toThrow(RangeError);
  });
});

describe('damaged safetensors', () => {
  const eight = new Uint8Array(8);
  const cases: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /shorter than 8/],
    ['a header beyond the file', fileOf('{}', eight).subarray(0, 9), /ends within its header/],
    ['a huge header', Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0), /longer than 1 MiB/],
    [
      'a 64-bit header length',
      Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0, 123, 125),
      /longer than 1 MiB/,
    ],
    ['a header that starts with a space', fileOf(' {}', eight.subarray(0, 0)), /does not start/],
    ['no JSON', fileOf('{"a":', eight), /not valid JSON/],
    ['invalid UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff), /not valid JSON/],
    [
      'a name twice',
      fileOf(
        entries([
          ['a', [1], 0, 4],
          ['a', [1], 4, 8],
        ]),
        eight,
      ),
      /"a" is there twice/,
    ],
    [
      'an escaped name twice',
      fileOf(entries([['a', [1], 0, 4]]).replace('}}', '},"\\u0061":1}'), eight),
      /twice/,
    ],
    ['a hole', fileOf(entries([['a', [1], 4, 8]]), eight), /does not start where/],
    [
      'an overlap',
      fileOf(
        entries([
          ['a', [2], 0, 8],
          ['b', [1], 4, 8],
        ]),
        eight,
      ),
      /does not start where/,
    ],
    ['bytes left over', fileOf(entries([['a', [1], 0, 4]]), eight), /longer or shorter/],
    [
      'missing bytes',
      fileOf(
        entries([
          ['a', [1], 0, 4],
          ['b', [2], 4, 12],
        ]),
        eight,
      ),
      /longer or shorter/,
    ],
    ['the wrong size', fileOf(entries([['a', [3], 0, 8]]), eight), /larger than the file/],
    ['the wrong shape', fileOf(entries([['a', [1], 0, 8]]), eight), /bytes of its shape/],
    [
      'a zero size',
      fileOf(entries([['a', [0], 0, 0]]), eight.subarray(0, 0)),
      /Entry "a", shape\.0/,
    ],
    ['a fractional size', fileOf(entries([['a', [0.5], 0, 2]]), eight), /Entry "a", shape\.0/],
    ['a negative offset', fileOf(entries([['a', [1], -4, 0]]), eight), /data_offsets\.0/],
    [
      'an overflowing shape',
      fileOf(entries([['a', [2 ** 20, 2 ** 20, 2 ** 20], 0, 8]]), eight),
      /larger than the file/,
    ],
    ['too long an axis', fileOf(entries([['a', [2 ** 20 + 1], 0, 8]]), eight), /shape\.0/],
    [
      'another dtype',
      fileOf(entries([['a', [1], 0, 8]]).replace('F32', 'I64'), eight),
      /only F32 and F16/,
    ],
    [
      'an unknown key',
      fileOf(entries([['a', [1], 0, 4]]).replace('"dtype"', '"x":1,"dtype"'), eight),
      /Entry "a"/,
    ],
    [
      'metadata that is no text',
      fileOf('{"__metadata__":{"a":1}}', eight.subarray(0, 0)),
      /__metadata__/,
    ],
    [
      'a weight that is not finite',
      fileOf(entries([['h.w', [2], 0, 8]]), Uint8Array.of(0, 0, 0, 0, 0, 0, 192, 127)),
      /"h\.w" holds NaN at position 1/,
    ],
    [
      'too many tensors',
      fileOf(
        entries(Array.from({ length: 4097 }, (_, i) => [`t${i}`, [1], 4 * i, 4 * i + 4])),
        eight,
      ),
      /more than 4096/,
    ],
  ];

  function entries(rows: [string, number[], number, number][]): string {
    const texts = rows.map(
      ([name, shape, begin, end]) =>
        `${JSON.stringify(name)}:{"dtype":"F32","shape":[${shape.join()}],"data_offsets":[${begin},${end}]}`,
    );
    return `{${texts.join()}}`;
  }

  it.each(cases)('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(FormatError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  it('throws nothing but FormatError for any bytes and any corruption', () => {
    const good = writeSafetensors(TENSORS, 'F16');
    const corrupted = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .chain((edits) =>
        fc.nat(good.length).map((cut) => {
          const bytes = good.slice(0, cut < 20 ? good.length : cut);
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          return bytes;
        }),
      );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), corrupted), (bytes) => {
        try {
          for (const { shape, data } of readSafetensors(bytes).values()) {
            expect(data.length).toBe(shape.reduce((product, n) => product * n, 1));
            expect(data.every(Number.isFinite)).toBe(true);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
