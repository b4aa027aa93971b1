/** What DPO records of single tokens, against rows computed one by one without padding and in whole logits. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { uploadBatch, disposeBatch } from '../../../src/model/batch.ts';
import { hiddenStates } from '../../../src/model/forward.ts';
import { AdamW, DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import type { Model } from '../../../src/model/parameters.ts';
import { dpoUpdate } from '../../../src/rlhf/dpo-update.ts';
import type { Sequence } from '../../../src/data/batches.ts';
import { raggedSequences, start, TINY, tinyModel } from '../model/tiny-model.ts';
import { shape } from './toy.ts';

beforeAll(() => start('wasm'));

/** Logits that chose each response token, one list of V for each. */
function responseLogits(model: Model, { prompt, response }: Sequence): number[][] {
  const batch = uploadBatch(Int32Array.from([...prompt, ...response]), new Int32Array(1));
  const logits = tf.tidy(() => {
    const hidden = hiddenStates(model, batch); // [T, D]
    return tf.matMul(hidden, model.get('wte.weight'), false, true).arraySync() as number[][];
  });
  disposeBatch(batch);
  return logits.slice(prompt.length - 1, -1);
}

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

test('logits/* are token means of vocabulary means at temperature 1, accuracy is that of the chosen side', async () => {
  const policy = tinyModel('language', 5);
  const optimizer = new AdamW(policy, DEFAULT_OPTIMIZER);
  const rows = raggedSequences(8, 4, 5);
  // Half of the chosen responses begin with their likeliest token, so that the accuracy is neither 0 nor 1.
  const pairs = [0, 1, 2, 3].map((i) => {
    const chosen = rows[i]!;
    const [first = []] = responseLogits(policy, chosen);
    const likeliest = first.indexOf(Math.max(...first));
    const response = i % 2 === 0 ? [likeliest, ...chosen.response.slice(1)] : chosen.response;
    return {
      chosen: { ...chosen, response },
      rejected: { prompt: chosen.prompt, response: rows[i + 4]!.response },
    };
  });
  const chosen = pairs.flatMap((pair) => responseLogits(policy, pair.chosen));
  const rejected = pairs.flatMap((pair) => responseLogits(policy, pair.rejected));
  const labels = pairs.flatMap((pair) => pair.chosen.response);
  const hits = chosen.map((row, i) => (row.indexOf(Math.max(...row)) === labels[i] ? 1 : 0));
  const metrics = await dpoUpdate(
    policy,
    optimizer,
    pairs,
    new Float32Array(8),
    { shape, temperature: 0.7, beta: 0.1, loss: 'sigmoid' },
    1e-3,
  );
  expect(metrics['logits/chosen']).toBeCloseTo(mean(chosen.map(mean)), 5);
  expect(metrics['logits/rejected']).toBeCloseTo(mean(rejected.map(mean)), 5);
  expect(metrics['mean_token_accuracy']).toBeCloseTo(mean(hits), 6);
  expect(mean(hits)).toBeGreaterThan(0);
  expect(mean(hits)).toBeLessThan(1);
  expect(chosen[0]).toHaveLength(TINY.vocabularySize);
  optimizer.dispose();
  policy.dispose();
});
