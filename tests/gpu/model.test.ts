/** The model on WebGPU beside cpu: losses, gradients, sampling; and how often sampling waits for the device. */
import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenMean } from '../../src/kernels/masked-mean.ts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { streamKey } from '../../src/data/rng.ts';
import { gradientsOf } from '../../src/model/optimizer.ts';
import type { Model } from '../../src/model/parameters.ts';
import { sampleResponses } from '../../src/model/sample.ts';
import {
  disposeSequences,
  logProbabilitiesOf,
  responseScores,
  responseStatistics,
  uploadSequences,
  type SequenceBatch,
} from '../../src/rlhf/sequences.ts';
import {
  farthest,
  raggedSequences,
  relativeDistance,
  takeValues,
  TINY,
  tinyModel,
} from '../unit/model/tiny-model.ts';
import { deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

const shape = { promptLength: 6, responseLength: 8 };
const sequences = raggedSequences(9, 6, 8);
const prompts = sequences.map(({ prompt }) => prompt);
const settings = { ...shape, temperature: 0.9, key: streamKey(1, 'sampler') } as const;

beforeAll(async () => {
  await useWebGpu();
});
afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

async function lossAndGradients(
  head: 'language' | 'scalar',
  lossOf: (model: Model, batch: SequenceBatch) => tf.Scalar,
) {
  const model = tinyModel(head);
  const batch = uploadSequences(sequences, shape, TINY.padId);
  const { loss, gradients } = gradientsOf(model, () => lossOf(model, batch));
  const [value = NaN] = await loss.data();
  const plain = await takeValues(gradients);
  loss.dispose();
  disposeSequences(batch);
  model.dispose();
  return { value, plain };
}

describe('webgpu beside cpu', () => {
  test.each([
    [
      'language',
      (model: Model, batch: SequenceBatch) => {
        const { logProbability, entropy } = responseStatistics(model, batch, 0.9);
        return maskedTokenMean(tf.sub(tf.mul(entropy, 0.3), logProbability), batch.mask);
      },
    ],
    [
      'scalar',
      (model: Model, batch: SequenceBatch) =>
        tf.mean(tf.softplus(responseScores(model, batch))) as tf.Scalar,
    ],
  ] as const)('O17: loss and every gradient of the %s head', async (head, lossOf) => {
    await useCpu();
    const expected = await lossAndGradients(head, lossOf);
    await useWebGpu();
    const actual = await lossAndGradients(head, lossOf);
    expect(Math.abs(actual.value / expected.value - 1)).toBeLessThan(1e-5);
    expect([...actual.plain.keys()]).toEqual([...expected.plain.keys()]);
    for (const [name, gradient] of expected.plain) {
      expect(relativeDistance(actual.plain.get(name) ?? [], gradient), name).toBeLessThan(1e-4);
    }
  });

  test('D6, D1: the cached sampler equals a full forward pass, and draws the tokens that cpu draws', async () => {
    await useCpu();
    const onCpu = tinyModel();
    const expected = await sampleResponses(onCpu, prompts, settings);
    onCpu.dispose();
    await useWebGpu();
    const model = tinyModel();
    const before = tf.memory().numTensors;
    const sampled = await sampleResponses(model, prompts, settings);
    expect(tf.memory().numTensors).toBe(before);
    expect(sampled.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
    const drawn = sampled.map(({ tokens }, b) => ({ prompt: prompts[b] ?? [], response: tokens }));
    const full = await logProbabilitiesOf(model, drawn, shape, 0.9);
    const R = shape.responseLength;
    sampled.forEach(({ tokens, logProbabilities }, b) => {
      const row = full.subarray(b * R, b * R + tokens.length);
      expect(farthest(logProbabilities, row)).toBeLessThan(1e-4);
    });
    expect(await sampleResponses(model, prompts, settings)).toEqual(sampled);
    model.dispose();
  });

  test('greedy answers are those of cpu', async () => {
    await useCpu();
    const greedy = { ...settings, temperature: 'greedy' } as const;
    const onCpu = tinyModel();
    const expected = await sampleResponses(onCpu, prompts, greedy);
    onCpu.dispose();
    await useWebGpu();
    const model = tinyModel();
    const sampled = await sampleResponses(model, prompts, greedy);
    expect(sampled.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
    model.dispose();
  });

  test('D50: draws of the first row differ from key to key', async () => {
    const model = tinyModel();
    const first = new Set<number | undefined>();
    for (let seed = 0; seed < 8; seed++) {
      const one = { ...settings, responseLength: 1, key: streamKey(seed, 'first row') };
      const [row] = await sampleResponses(model, [[1]], one);
      first.add(row?.tokens[0]);
    }
    expect(first.size).toBeGreaterThan(2);
    model.dispose();
  });
});

test('a batch of responses is sampled with one read-back', async () => {
  const model = tinyModel();
  const waits = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
  await sampleResponses(model, prompts, settings);
  expect(waits).toHaveBeenCalledTimes(1);
  waits.mockRestore();
  model.dispose();
});
