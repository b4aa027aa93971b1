/** Packing of halves: every finite half comes back, rounding is to the nearest and to even; and where it is refused. */
import { beforeAll, expect, test } from 'vitest';
import { packHalves, packs, readsHalves, unpackHalves } from '../../../src/kernels/halves.ts';
import { start, tinyModel } from '../model/tiny-model.ts';

beforeAll(() => start('wasm'));

const through = (...values: number[]): number[] => [
  ...unpackHalves(packHalves(Float32Array.from(values))),
];

test('every finite half comes back as the same bits', () => {
  const words = Int32Array.from({ length: 1 << 15 }, (_, i) => (2 * i) | ((2 * i + 1) << 16));
  const finite = words.filter((word) =>
    [word, word >>> 16].every((half) => (half & 0x7c00) !== 0x7c00),
  );
  expect(finite.length).toBe((1 << 15) - (1 << 10));
  expect(packHalves(unpackHalves(finite))).toEqual(finite);
});

test('known values, low bits first', () => {
  expect([...packHalves(Float32Array.of(1, -2))]).toEqual([0x3c00 | (0xc000 << 16)]);
  // Smallest normal and subnormal, and the largest: IEEE 754, binary16.
  expect(through(2 ** -14, 2 ** -24, 65504, -0)).toEqual([2 ** -14, 2 ** -24, 65504, -0]);
});

test('numbers between two halves go to the nearer one, those in the middle to the even one', () => {
  const step = 2 ** -10;
  expect(through(1 + 0.49 * step, 1 + 0.51 * step)).toEqual([1, 1 + step]);
  expect(through(1 + 0.5 * step, 1 + 1.5 * step)).toEqual([1, 1 + 2 * step]);
  expect(through(2 - step / 4, -(2 - step / 4))).toEqual([2, -2]);
  const tiny = 2 ** -24;
  expect(through(0.5 * tiny, 1.5 * tiny)).toEqual([0, 2 * tiny]);
  expect(through(0.51 * tiny, 2 ** -14 - tiny / 4)).toEqual([tiny, 2 ** -14]);
  let worst = 0;
  for (let x = 1e-4; x < 1e4; x *= 1.01) {
    worst = Math.max(worst, Math.abs((through(x, 0)[0] ?? NaN) / Math.fround(x) - 1));
  }
  expect(worst).toBeGreaterThan(2 ** -12);
  expect(worst).toBeLessThanOrEqual(2 ** -11);
});

test('only matrices that divide by four and lie within the range are packed', () => {
  const ones = (count: number) => new Float32Array(count).fill(1);
  expect(packs([4, 8], ones(32))).toBe(true);
  expect(packs([4, 6], ones(24))).toBe(false);
  expect(packs([1, 8], ones(8))).toBe(false);
  expect(packs([8], ones(8))).toBe(false);
  expect(packs([4, 4], ones(16).fill(65505))).toBe(false);
});

test('where no kernel reads halves, a frozen model is float32 to the bit', async () => {
  expect(readsHalves()).toBe(false);
  const model = tinyModel();
  const frozen = await model.frozen('float16');
  expect(await frozen.tensors()).toEqual(await model.tensors());
  model.dispose();
  frozen.dispose();
});
