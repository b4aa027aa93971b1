/**
 * Weights of frozen models as halves on WebGPU: beside float32 weights that were rounded to halves, which is the same
 * arithmetic, and beside float32 weights as they were, within what rounding moves.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { streamKey } from '../../src/data/rng.ts';
import { Model } from '../../src/model/parameters.ts';
import { sampleResponses } from '../../src/model/sample.ts';
import { logProbabilitiesOf, scoreSequences } from '../../src/rlhf/sequences.ts';
import { useSubgroups } from '../../src/kernels/webgpu/gpu.ts';
import {
  farthest,
  raggedSequences,
  relativeDistance,
  tinyTensors,
} from '../unit/model/tiny-model.ts';
import { TOLERANCE } from './own-kernels.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

/** A vocabulary that packs, and one that does not: its table stays float32 beside packed layers. */
const CONFIGS = [
  { vocabularySize: 32, width: 16, layers: 2, heads: 2 },
  { vocabularySize: 29, width: 12, layers: 1, heads: 1 },
].map((shape) => ({
  ...shape,
  contextLength: 24,
  layerNormEpsilon: 1e-5,
  padId: 27,
  eosId: 28,
}));

/** Log-probabilities of weights near 0.2 and scores may move by this much, relative to all of them. */
const ROUNDING = 2e-3;

const shape = { promptLength: 6, responseLength: 8 };

beforeAll(async () => {
  await useWebGpu();
});
afterAll(() => {
  useSubgroups(true);
  expect(deviceErrors()).toEqual([]);
});

describe.each(CONFIGS)('vocabulary $vocabularySize, width $width', (config) => {
  const sequences = raggedSequences(5, 6, 8, 1, config);
  const prompts = sequences.map(({ prompt }) => prompt);

  test.each([
    ['language', logProbabilitiesOf],
    ['scalar', scoreSequences],
  ] as const)('%s model, with and without subgroups', async (head, read) => {
    for (const subgroups of [true, false]) {
      useSubgroups(subgroups);
      const model = new Model(config, head, tinyTensors(head, 3, config));
      const before = tf.memory().numTensors;
      const halves = await model.frozen('float16');
      const rounded = new Model(config, head, await halves.tensors());
      const [own, same, plain] = [
        await read(halves, sequences, shape),
        await read(rounded, sequences, shape),
        await read(model, sequences, shape),
      ];
      expect(relativeDistance(own, same)).toBeLessThan(TOLERANCE);
      expect(relativeDistance(own, plain)).toBeLessThan(ROUNDING);
      expect(farthest(own, plain)).toBeGreaterThan(1e-6);
      expect(await read(halves, sequences, shape)).toEqual(own);
      rounded.dispose();
      halves.dispose();
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    }
  });

  test('the cached sampler draws what rounded float32 weights draw', async () => {
    useSubgroups(true);
    const model = new Model(config, 'language', tinyTensors('language', 3, config));
    const halves = await model.frozen('float16');
    const rounded = new Model(config, 'language', await halves.tensors());
    const settings = { ...shape, temperature: 0.9, key: streamKey(1, 'halves') };
    const own = await sampleResponses(halves, prompts, settings);
    const same = await sampleResponses(rounded, prompts, settings);
    expect(own.map(({ tokens }) => tokens)).toEqual(same.map(({ tokens }) => tokens));
    for (const each of [model, halves, rounded]) each.dispose();
  });
});

test('matrices take half of the bytes; vectors and the scalar head stay float32', async () => {
  const [config] = CONFIGS;
  const model = new Model(config!, 'scalar', tinyTensors('scalar', 3, config));
  const halves = await model.frozen('float16');
  const bytes = (of: Model) =>
    [...of.variables].map(([name, { size }]) => [name, 4 * size] as const);
  const whole = new Map(bytes(model));
  for (const [name, size] of bytes(halves)) {
    const matrix = model.get(name).rank === 2 && name !== 'score.weight';
    expect(size, name).toBe((whole.get(name) ?? NaN) / (matrix ? 2 : 1));
  }
  expect([...(await halves.tensors()).keys()]).toEqual([...(await model.tensors()).keys()]);
  model.dispose();
  halves.dispose();
});
