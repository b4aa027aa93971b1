/** Philox4x32-10 against the known answers of Random123 1.14 (tests/kat_vectors). */
import { describe, expect, it } from 'vitest';
import { philox4x32, unitFloat, type Words4 } from '../../../src/data/philox.ts';

const ONES = 0xffffffff;

describe('philox4x32', () => {
  it.each<[string, Words4, [number, number], Words4]>([
    ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
    [
      'ones',
      [ONES, ONES, ONES, ONES],
      [ONES, ONES],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      'the digits of pi',
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('gives the known answer for %s', (_, counter, key, answer) => {
    expect(philox4x32(counter, key)).toEqual(answer);
  });
});

describe('unitFloat', () => {
  it('stays inside (0, 1), exactly in float32 too', () => {
    for (const word of [0, 1, 511, 512, 0x80000000, ONES - 1, ONES]) {
      const unit = unitFloat(word);
      expect(Math.fround(unit)).toBe(unit);
      expect(unit).toBeGreaterThan(0);
      expect(unit).toBeLessThan(1);
    }
  });
});
