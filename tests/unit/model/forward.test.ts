/** What the forward pass must not depend on (padding) and what it must depend on (the prompt). */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { disposeBatch, uploadBatch } from '../../../src/model/batch.ts';
import { hiddenStates } from '../../../src/model/forward.ts';
import {
  logProbabilitiesOf,
  scoreSequences,
  uploadSequences,
  disposeSequences,
  valuesOf,
} from '../../../src/rlhf/sequences.ts';
import { farthest, raggedSequences, start, TINY, tinyModel } from './tiny-model.ts';

const PROMPT = [3, 1, 4, 1, 5];

function logits(model: ReturnType<typeof tinyModel>, pads: number, padId: number): Float32Array {
  const ids = Int32Array.from([...new Array<number>(pads).fill(padId), ...PROMPT]);
  const batch = uploadBatch(ids, Int32Array.of(pads));
  const values = tf.tidy(() => {
    const live = tf.slice(hiddenStates(model, batch), [pads, 0], [PROMPT.length, TINY.width]);
    return tf.matMul(live, model.get('wte.weight'), false, true).dataSync<'float32'>().slice();
  });
  disposeBatch(batch);
  return values;
}

describe.each(['cpu', 'wasm'] as const)('forward on %s', (backend) => {
  beforeAll(() => start(backend));

  test('D4: a prompt alone and behind 1 to 7 pads has the same logits, whatever id the pads have', () => {
    const model = tinyModel();
    const alone = logits(model, 0, TINY.padId);
    for (let pads = 1; pads <= 7; pads++) {
      expect(farthest(logits(model, pads, TINY.padId), alone)).toBeLessThan(1e-4);
      expect(farthest(logits(model, pads, 2), alone)).toBeLessThan(1e-4);
    }
    model.dispose();
  });

  test('D4: padded rows of one batch do not touch each other', async () => {
    const model = tinyModel();
    const sequences = raggedSequences(7, 6, 5);
    const shape = { promptLength: 6, responseLength: 5 };
    const together = await logProbabilitiesOf(model, sequences, shape);
    const alone: number[] = [];
    for (const sequence of sequences)
      alone.push(...(await logProbabilitiesOf(model, [sequence], shape)));
    expect(farthest(together, alone)).toBeLessThan(1e-4);
    model.dispose();
  });

  test('D5: a score and the values are the same for any padding on either side', async () => {
    const model = tinyModel('scalar');
    const sequences = raggedSequences(6, 5, 4);
    const tight = await scoreSequences(model, sequences, { promptLength: 5, responseLength: 4 });
    const wide = await scoreSequences(model, sequences, { promptLength: 11, responseLength: 12 });
    expect(farthest(wide, tight)).toBeLessThan(1e-4);
    const values = await valuesOf(model, sequences, { promptLength: 5, responseLength: 4 });
    const wideValues = await valuesOf(model, sequences, { promptLength: 11, responseLength: 12 });
    const narrowed = wideValues.filter((_, i) => i % 12 < 4);
    expect(farthest(narrowed, values)).toBeLessThan(1e-4);
    model.dispose();
  });

  test('D7: scores and values see the prompt', async () => {
    const model = tinyModel('scalar');
    const shape = { promptLength: 4, responseLength: 3 };
    const response = [7, 8, TINY.eosId];
    const two = [
      { prompt: [1, 2, 3], response },
      { prompt: [4, 5, 6], response },
    ];
    const [a = NaN, b = NaN] = await scoreSequences(model, two, shape);
    expect(Math.abs(a - b)).toBeGreaterThan(1e-3);
    const values = await valuesOf(model, two, shape);
    expect(farthest(values.slice(0, 3), values.slice(3))).toBeGreaterThan(1e-3);
    model.dispose();
  });
});

test('causality: a later token changes no earlier log-probability', async () => {
  await start('wasm');
  const model = tinyModel();
  const shape = { promptLength: 3, responseLength: 4 };
  const rows = [8, 9].map((last) => ({ prompt: [1, 2, 3], response: [4, 5, 6, last] }));
  const values = await logProbabilitiesOf(model, rows, shape);
  expect(farthest(values.slice(0, 3), values.slice(4, 7))).toBe(0);
  expect(Math.abs((values[3] ?? NaN) - (values[7] ?? NaN))).toBeGreaterThan(1e-3);
  model.dispose();
});

test('rows that do not fit are refused', async () => {
  await start('wasm');
  const model = tinyModel();
  const long = uploadBatch(new Int32Array(TINY.contextLength + 1), new Int32Array(1));
  expect(() => tf.tidy(() => hiddenStates(model, long))).toThrow(/25 tokens do not fit/);
  disposeBatch(long);
  expect(() => uploadBatch(new Int32Array(7), new Int32Array(2))).toThrow(RangeError);
  const shape = { promptLength: 2, responseLength: 2 };
  const upload = (prompt: number[], response: number[]) => () => {
    disposeSequences(uploadSequences([{ prompt, response }], shape, TINY.padId));
  };
  expect(upload([1, 2, 3], [4])).toThrow(RangeError);
  expect(upload([1], [4, 5, 6])).toThrow(RangeError);
  expect(upload([1], [])).toThrow(/response 0 is empty/);
  model.dispose();
});
