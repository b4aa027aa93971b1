/** Supervised fine-tuning: what is learnt, what is not looked at, and what a run leaves behind (repeat-spec.ts: resuming). */
import { beforeAll, describe, expect, test } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenMean } from '../../../src/kernels/masked-mean.ts';
import { disposeBatch, uploadBatch } from '../../../src/model/batch.ts';
import { hiddenStates } from '../../../src/model/forward.ts';
import { addGradients, globalNorm, gradientsOf } from '../../../src/model/optimizer.ts';
import { languageModelGradients } from '../../../src/rlhf/pretrain.ts';
import { cosineToFloor } from '../../../src/rlhf/schedules.ts';
import {
  disposeSequences,
  logProbabilitiesOf,
  responseStatistics,
  uploadSequences,
} from '../../../src/rlhf/sequences.ts';
import { sftLoop, sftSteps } from '../../../src/rlhf/sft.ts';
import { raggedSequences, start, TINY, tinyModel } from '../model/tiny-model.ts';
import { eos, expectNoLeak, ptx, SFT, shape, take } from './toy.ts';

const examples = raggedSequences(9, 4, 5, 2);

beforeAll(() => start('wasm'));

describe('sftLoop', () => {
  test('D3: a model trained on "a EOS" learns to stop', async () => {
    const model = tinyModel();
    const example = { prompt: [3], response: [eos] };
    const stop = async () =>
      Math.exp((await logProbabilitiesOf(model, [example], shape))[0] ?? NaN);
    expect(await stop()).toBeLessThan(0.2);
    const settings = { ...SFT, batchSize: 1, epochs: 40, dropout: 0, learningRate: 1e-2 };
    const loop = sftLoop(model, [example], settings);
    const records = await take(loop);
    expect(await stop()).toBeGreaterThan(0.98);
    expect(records.at(-1)?.values['loss']).toBeLessThan(0.05);
    loop.dispose();
    model.dispose();
  });

  test('D3: a mask made from ids with PAD = EOS would teach nothing; ours is made from lengths', async () => {
    const example = { prompt: [3], response: [eos] };
    const same = tinyModel('language', 1, { ...TINY, padId: eos });
    const batch = uploadSequences([example], shape, eos);
    // The textbook mistake: every EOS is taken for padding, and no token is left to learn from.
    const byId = Array.from(batch.labels.dataSync(), (id) => (id === eos ? 0 : 1));
    expect(byId).toEqual(new Array<number>(shape.responseLength).fill(0));
    expect(Array.from(batch.maskValues)).toEqual([1, 0, 0, 0, 0]);
    disposeSequences(batch);
    const settings = { ...SFT, batchSize: 1, epochs: 40, dropout: 0, learningRate: 1e-2 };
    const loop = sftLoop(same, [example], settings);
    await take(loop);
    const [stop = NaN] = await logProbabilitiesOf(same, [example], shape);
    expect(Math.exp(stop)).toBeGreaterThan(0.98);
    loop.dispose();
    same.dispose();
  });

  test('D42: labels are shifted by one: a column predicts the next token, prompt columns predict nothing', async () => {
    const model = tinyModel();
    const loss = async (sequence: (typeof examples)[number]) => {
      const settings = { ...SFT, batchSize: 1, epochs: 1, dropout: 0, learningRate: 0 };
      const loop = sftLoop(model, [sequence], settings);
      const [first] = await take(loop, 1);
      loop.dispose();
      return first?.values['loss'] ?? NaN;
    };
    for (const { prompt, response } of examples.slice(0, 5)) {
      // All logits of the row without padding, and -log softmax of the next token at each response column.
      const tokens = [...prompt, ...response];
      const batch = uploadBatch(Int32Array.from(tokens), new Int32Array(1));
      const logits = tf.tidy(() =>
        tf
          .matMul(hiddenStates(model, batch), model.get('wte.weight'), false, true)
          .dataSync<'float32'>()
          .slice(),
      );
      disposeBatch(batch);
      const V = TINY.vocabularySize;
      const nll = response.map((token, t) => {
        const column = prompt.length + t - 1;
        const row = Array.from(logits.subarray(column * V, (column + 1) * V));
        return Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - (row[token] ?? NaN);
      });
      const mean = nll.reduce((sum, x) => sum + x, 0) / nll.length;
      expect(await loss({ prompt, response })).toBeCloseTo(mean, 4);
    }
    model.dispose();
  });

  test('D42: the loss is the mean over response tokens with EOS, and over nothing else', async () => {
    const model = tinyModel();
    const settings = { ...SFT, batchSize: 9, epochs: 1, dropout: 0 };
    const flat = await logProbabilitiesOf(model, examples, shape);
    const live = examples.reduce((sum, { response }) => sum + response.length, 0);
    const loop = sftLoop(model, examples, settings);
    const [first] = await take(loop, 1);
    expect(first?.values['loss']).toBeCloseTo(-flat.reduce((sum, x) => sum + x, 0) / live, 4);
    expect(first?.values['num_tokens']).toBe(live);
    expect(first?.values['entropy']).toBeGreaterThan(0);
    loop.dispose();
    model.dispose();
  });

  test('mean_token_accuracy is the share of response tokens that no other token beats', async () => {
    const model = tinyModel();
    const tokens = Array.from({ length: TINY.vocabularySize }, (_, token) => token);
    let likeliest = 0;
    let live = 0;
    for (const { prompt, response } of examples) {
      for (const [t, own] of response.entries()) {
        const others = tokens.map((token) => ({
          prompt,
          response: [...response.slice(0, t), token],
        }));
        const flat = await logProbabilitiesOf(model, others, shape);
        const scores = tokens.map((token) => flat[token * shape.responseLength + t] ?? NaN);
        if (scores[own] === Math.max(...scores)) likeliest += 1;
        live += 1;
      }
    }
    const settings = { ...SFT, batchSize: 9, epochs: 1, dropout: 0 };
    const loop = sftLoop(model, examples, settings);
    const [first] = await take(loop, 1);
    expect(first?.values['mean_token_accuracy']).toBeCloseTo(likeliest / live, 6);
    expect(likeliest).toBeGreaterThan(0);
    expect(likeliest).toBeLessThan(live);
    loop.dispose();
    model.dispose();
  });

  test('S51: the mix adds share / (1 - share) of the pre-training gradient to the same step', async () => {
    const share = 0.25;
    const alone = tinyModel();
    const batch = uploadSequences(examples, shape, TINY.padId);
    const { gradients } = gradientsOf(alone, () =>
      tf.neg(maskedTokenMean(responseStatistics(alone, batch).logProbability, batch.mask)),
    );
    addGradients(gradients, languageModelGradients(alone, ptx(0)).gradients, share / (1 - share));
    const [expected = NaN] = globalNorm(gradients).dataSync();
    const mixed = tinyModel();
    const settings = { ...SFT, batchSize: 9, epochs: 1, dropout: 0, pretrainMix: share };
    const loop = sftLoop(mixed, examples, settings, undefined, ptx);
    const [first] = await take(loop, 1);
    expect(first?.values['grad_norm']).toBeCloseTo(expected, 4);
    loop.dispose();
    mixed.dispose();
    alone.dispose();
  });

  test('cosine to a tenth without warm-up, and one row of names per step', async () => {
    const model = tinyModel();
    const loop = sftLoop(model, examples, SFT);
    const records = await take(loop);
    expect(loop.total).toBe(sftSteps(9, 2, 4));
    expect(records.map(({ step, total }) => [step, total])).toEqual(
      [1, 2, 3, 4].map((s) => [s, 4]),
    );
    records.forEach(({ values }, i) => {
      expect(values['learning_rate']).toBeCloseTo(SFT.learningRate * cosineToFloor(i, 4, 0.1), 12);
      expect(Object.keys(values).sort()).toEqual(
        [
          'entropy',
          'epoch',
          'global_step',
          'grad_norm',
          'learning_rate',
          'loss',
          'mean_token_accuracy',
          'num_tokens',
        ].sort(),
      );
    });
    loop.dispose();
    model.dispose();
  });

  test('another seed gives another run', async () => {
    const losses: unknown[] = [];
    for (const seed of [1, 2]) {
      const model = tinyModel();
      const loop = sftLoop(model, examples, { ...SFT, seed });
      losses.push((await take(loop)).map(({ values }) => values['loss']));
      loop.dispose();
      model.dispose();
    }
    expect(losses[0]).not.toEqual(losses[1]);
  });

  test('steps and disposal leave no tensor behind', async () => {
    const model = tinyModel();
    await expectNoLeak(() => sftLoop(model, examples, SFT));
    expect(() => sftLoop(model, [], SFT)).toThrow(RangeError);
    model.dispose();
  });

  test('data of another size than the snapshot has are refused', async () => {
    const model = tinyModel();
    const loop = sftLoop(model, examples, SFT);
    const snapshot = await loop.snapshot();
    expect(() => sftLoop(model, examples.slice(1), SFT, snapshot)).toThrow(/of 9, but there are 8/);
    loop.dispose();
    model.dispose();
  });
});
