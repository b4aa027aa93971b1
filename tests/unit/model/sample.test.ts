/** The cached sampler: its distribution, what it says about its draws, and what it must not depend on. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { streamKey } from '../../../src/data/rng.ts';
import { sampleResponses, type Sampled, type SampleSettings } from '../../../src/model/sample.ts';
import { Model } from '../../../src/model/parameters.ts';
import { logProbabilitiesOf } from '../../../src/rlhf/sequences.ts';
import { farthest, raggedSequences, start, TINY, tinyModel, tinyTensors } from './tiny-model.ts';

const shape = { promptLength: 6, responseLength: 8 };
const settings: SampleSettings = { ...shape, temperature: 1, key: streamKey(1, 'sampler') };
const prompts = raggedSequences(9, 6, 1).map(({ prompt }) => prompt);

/** Every token equally likely, always. */
function uniformModel(): Model {
  const tensors = new Map(tinyTensors('language'));
  tensors.set('wte.weight', { shape: [29, 16], data: new Float32Array(29 * 16) });
  return new Model(TINY, 'language', tensors);
}

/** Log-probabilities of the sampled tokens by full forward passes at `temperature`. */
async function byFullForward(model: Model, sampled: readonly Sampled[], temperature: number) {
  const sequences = sampled.map(({ tokens }, b) => ({
    prompt: prompts[b] ?? [],
    response: tokens,
  }));
  const flat = await logProbabilitiesOf(model, sequences, shape, temperature);
  const R = shape.responseLength;
  return sampled.flatMap(({ tokens }, b) => [...flat.subarray(b * R, b * R + tokens.length)]);
}

const stored = (sampled: readonly Sampled[]) => sampled.flatMap((row) => row.logProbabilities);
const texts = (sampled: readonly Sampled[]) => sampled.map(({ tokens }) => tokens.join(' '));

/** Pearson's statistic of counts against equal shares. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

/** 99.9 % point of chi-square with 28 degrees of freedom. */
const CHI_SQUARE_28 = 56.9;

function countTokens(sampled: readonly Sampled[]): number[] {
  const counts = new Array<number>(29).fill(0);
  for (const { tokens } of sampled) {
    const [first = -1] = tokens;
    counts[first] = (counts[first] ?? NaN) + 1;
  }
  return counts;
}

describe.each(['cpu', 'wasm'] as const)('sampling on %s', (backend) => {
  beforeAll(() => start(backend));

  test('D6: the cached sampler equals a full forward pass on ragged prompts', async () => {
    const model = tinyModel();
    const sampled = await sampleResponses(model, prompts, settings);
    expect(farthest(stored(sampled), await byFullForward(model, sampled, 1))).toBeLessThan(1e-4);
    expect(new Set(sampled.map(({ tokens }) => tokens.length)).size).toBeGreaterThan(1);
    model.dispose();
  });

  test('D1: stored log-probabilities are those at the rollout temperature, and of no other', async () => {
    const model = tinyModel();
    const sampled = await sampleResponses(model, prompts, { ...settings, temperature: 0.7 });
    expect(farthest(stored(sampled), await byFullForward(model, sampled, 0.7))).toBeLessThan(1e-4);
    expect(farthest(stored(sampled), await byFullForward(model, sampled, 1))).toBeGreaterThan(0.05);
    model.dispose();
  });

  test('D8: nothing comes after EOS; a row ends by itself or by length', async () => {
    const model = tinyModel();
    const sampled = await sampleResponses(model, prompts, settings);
    for (const { tokens, logProbabilities, ended } of sampled) {
      expect(logProbabilities).toHaveLength(tokens.length);
      expect(tokens.indexOf(TINY.eosId)).toBe(ended ? tokens.length - 1 : -1);
      if (!ended) expect(tokens).toHaveLength(shape.responseLength);
    }
    model.dispose();
  });

  test('greedy takes the likeliest token of a full forward pass each time', async () => {
    const model = tinyModel();
    const few = prompts.slice(0, 2);
    const sampled = await sampleResponses(model, few, { ...settings, temperature: 'greedy' });
    for (const [b, { tokens, logProbabilities }] of sampled.entries()) {
      for (const [t, chosen] of tokens.entries()) {
        const candidates = Array.from({ length: 29 }, (_, id) => ({
          prompt: few[b] ?? [],
          response: [...tokens.slice(0, t), id],
        }));
        const flat = await logProbabilitiesOf(model, candidates, shape);
        const all = candidates.map((_, id) => flat[id * shape.responseLength + t] ?? NaN);
        expect(all.indexOf(Math.max(...all))).toBe(chosen);
        expect(Math.abs((all[chosen] ?? NaN) - (logProbabilities[t] ?? NaN))).toBeLessThan(1e-4);
      }
    }
    model.dispose();
  });

  test('D2: among the likeliest token alone is greedy, with the log-probability among all; the default is all', async () => {
    const model = tinyModel();
    const at = { ...settings, temperature: 0.7 };
    const alone = await sampleResponses(model, prompts, { ...at, among: { topK: 1, topP: 1 } });
    const greedy = await sampleResponses(model, prompts, { ...settings, temperature: 'greedy' });
    expect(texts(alone)).toEqual(texts(greedy));
    expect(farthest(stored(alone), await byFullForward(model, alone, 0.7))).toBeLessThan(1e-4);
    const all = { topK: 0, topP: 1 };
    const sampled = await sampleResponses(model, prompts, { ...at, among: all });
    expect(sampled).toEqual(await sampleResponses(model, prompts, at));
    expect(texts(sampled)).not.toEqual(texts(greedy));
    model.dispose();
  });

  test('no tensor is left behind', async () => {
    const model = tinyModel();
    const before = tf.memory().numTensors;
    await sampleResponses(model, prompts, { ...settings, chunk: 4 });
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

describe('draws', () => {
  beforeAll(() => start('wasm'));

  test('D2: 10,000 draws of a uniform model reach the whole vocabulary evenly', async () => {
    const model = uniformModel();
    const many = new Array<number[]>(10_000).fill([1]);
    const one = { ...settings, promptLength: 1, responseLength: 1, chunk: 2000 };
    const counts = countTokens(await sampleResponses(model, many, one));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_28);
    model.dispose();
  });

  test('D50: the first row of a batch is as random as the others', async () => {
    const model = uniformModel();
    const one = { ...settings, promptLength: 1, responseLength: 1, chunk: 1 };
    const counts = countTokens(
      await sampleResponses(model, new Array<number[]>(700).fill([1]), one),
    );
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_28);
    model.dispose();
  });

  test('the same key gives the same text in any chunks, another key another text', async () => {
    const model = tinyModel();
    const whole = await sampleResponses(model, prompts, settings);
    for (const chunk of [1, 4]) {
      const chunked = await sampleResponses(model, prompts, { ...settings, chunk });
      expect(texts(chunked)).toEqual(texts(whole));
      expect(farthest(stored(chunked), stored(whole))).toBeLessThan(1e-5);
    }
    expect(await sampleResponses(model, prompts, settings)).toEqual(whole);
    const other = { ...settings, key: streamKey(2, 'sampler') };
    expect(texts(await sampleResponses(model, prompts, other))).not.toEqual(texts(whole));
    model.dispose();
  });

  test("a row's draws go by its name, not by its place or by the columns around it", async () => {
    const model = tinyModel();
    const whole = await sampleResponses(model, prompts, settings);
    const wide = { ...settings, promptLength: 9, rows: [7, 2] };
    const picked = [prompts[7] ?? [], prompts[2] ?? []];
    const [first, second] = await sampleResponses(model, picked, wide);
    expect(first?.tokens).toEqual(whole[7]?.tokens);
    expect(second?.tokens).toEqual(whole[2]?.tokens);
    model.dispose();
  });

  test('prompts that are empty or too long are refused', async () => {
    const model = tinyModel();
    await expect(sampleResponses(model, [[]], settings)).rejects.toThrow(/prompt 0 has 0 tokens/);
    await expect(sampleResponses(model, [new Array<number>(7).fill(1)], settings)).rejects.toThrow(
      /1 to 6 fit/,
    );
    await expect(
      sampleResponses(model, [[1]], { ...settings, responseLength: 19 }),
    ).rejects.toThrow(/25 tokens\) do not fit the context of 24/);
    model.dispose();
  });
});
