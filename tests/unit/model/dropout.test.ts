/** Residual dropout: its rate, its scale, and where it must not be. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { dropsByName } from '../../../src/kernels/dropout.ts';
import { dropoutMask, residualDropout } from '../../../src/model/dropout.ts';
import { uploadBatch, disposeBatch } from '../../../src/model/batch.ts';
import { hiddenStates } from '../../../src/model/forward.ts';
import { farthest, start, tinyModel } from './tiny-model.ts';

beforeAll(() => start('wasm'));

test('a mask drops the rounded rate and keeps the mean', () => {
  const mask = dropoutMask(40_000, 0.2, [1, 2], 3, 4);
  const dropped = mask.filter((x) => x === 0).length / mask.length;
  expect(Math.abs(dropped - 51 / 256)).toBeLessThan(4 * Math.sqrt(0.16 / 40_000));
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(256 / 205)]));
});

test('masks differ by step and by site, and are the same when asked again', () => {
  const mask = (step: number, site: number) => dropoutMask(64, 0.5, [1, 2], step, site).join();
  expect(mask(0, 0)).toBe(mask(0, 0));
  expect(new Set([mask(0, 0), mask(0, 1), mask(1, 0)]).size).toBe(3);
});

test('D32: forwards without dropout are bit-equal, with dropout they differ from step to step', () => {
  const model = tinyModel();
  const batch = uploadBatch(Int32Array.from([1, 2, 3, 4, 5, 6]), new Int32Array(2));
  const forward = (step: number | null) =>
    tf.tidy(() =>
      hiddenStates(model, batch, step === null ? undefined : residualDropout(0.2, [1, 2], step))
        .dataSync()
        .slice(),
    );
  expect(farthest(forward(null), forward(null))).toBe(0);
  expect(farthest(forward(3), forward(3))).toBe(0);
  expect(farthest(forward(3), forward(4))).toBeGreaterThan(0.01);
  expect(farthest(forward(3), forward(null))).toBeGreaterThan(0.01);
  disposeBatch(batch);
  model.dispose();
});

test.each([
  [1, 1, 0, 0.2],
  [3, 5, 0, 0.5],
  [16, 80, 7, 0.1],
  // Ends and begins inside a block of the stream.
  [33, 31, 3, 0.9],
])(
  'the own kernel drops and scales [%i, %i] after %i rows at rate %f, its gradient too, as the mask does',
  (rows, columns, skipped, rate) => {
    const key = [0xfedcba98, 0x89abcdef] as const;
    expect(dropsByName()).toBe(true);
    const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i) - 0.3);
    const [value, gradient] = tf.tidy(() => {
      const x = tf.tensor2d(values, [rows, columns]);
      const f = (x: tf.Tensor) => residualDropout(rate, key, 5, skipped).apply(x as tf.Tensor2D, 2);
      return [f(x), tf.grad(f)(x, x)].map((result) => result.dataSync().slice());
    });
    const mask = dropoutMask(values.length, rate, key, 5, 2, skipped * columns);
    const expected = values.map((x, i) => x * (mask[i] ?? NaN));
    expect(value).toEqual(expected);
    expect(gradient).toEqual(expected);
  },
);

test('the kernel leaves no tensor behind', () => {
  const before = tf.memory().numTensors;
  const x = tf.ones<tf.Rank.R2>([4, 9]);
  residualDropout(0.5, [1, 2], 0).apply(x, 0).dispose();
  x.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test.each([-0.1, 1, NaN])('a rate of %s is refused', (rate) => {
  expect(() => residualDropout(rate, [1, 2], 0)).toThrow(RangeError);
});
