/** The reward model: its loss on scores, what it counts, its bias, and that a stopped run goes on. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { comparisonMatrix } from '../../../src/rlhf/comparison-matrix.ts';
import { rankingLoss, type PairDivisor } from '../../../src/rlhf/ranking-loss.ts';
import {
  comparisonLoss,
  normaliseBias,
  rewardFromSft,
  rewardLoop,
  scoreRankings,
} from '../../../src/rlhf/reward.ts';
import { cosineToFloor } from '../../../src/rlhf/schedules.ts';
import { scoreSequences } from '../../../src/rlhf/sequences.ts';
import { farthest, raggedSequences, sameBits, start, tinyModel } from '../model/tiny-model.ts';
import { eos, expectNoLeak, rankings, REWARD, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));

/** Loss and gradient of the tensor loss for the given scores and ranks of each prompt. */
function tensorLoss(
  prompts: readonly { scores: readonly number[]; ranks: readonly number[] }[],
  divisor: PairDivisor = 'all-pairs',
) {
  const scores = prompts.flatMap((prompt) => prompt.scores);
  const matrix = comparisonMatrix(prompts, divisor);
  return tf.tidy(() => {
    const signs = tf.tensor2d(matrix.signs, [matrix.count, scores.length]);
    const { value, grad } = tf.valueAndGrad((x) =>
      comparisonLoss(x as tf.Tensor1D, signs, tf.tensor1d(matrix.weights)),
    )(tf.tensor1d(scores));
    return { loss: value.dataSync()[0] ?? NaN, gradient: Array.from(grad.dataSync()) };
  });
}

const FOUR = { scores: [0.9, 0.4, 0.1, -0.6], ranks: [1, 2, 3, 4] };
const TIED = { scores: [0.9, 0.4, 0.1, -0.6], ranks: [1, 2, 2, 3] };

describe('comparison loss', () => {
  test('O8: strict scores, and both divisors with the middle tie', () => {
    expect(tensorLoss([FOUR]).loss).toBeCloseTo(0.386232, 5);
    expect(tensorLoss([TIED]).loss).toBeCloseTo(0.29384, 5);
    expect(tensorLoss([TIED], 'kept-pairs').loss).toBeCloseTo(0.352608, 5);
  });

  test('O8: at equal scores the gradient of rank i of K is -(K - 1 - 2 i) / (2 C(K,2))', () => {
    const { loss, gradient } = tensorLoss([{ scores: [2, 2, 2, 2], ranks: [1, 2, 3, 4] }]);
    expect(loss).toBeCloseTo(Math.LN2, 6);
    expect(farthest(gradient, [-1 / 4, -1 / 12, 1 / 12, 1 / 4])).toBeLessThan(1e-6);
  });

  test.each(['all-pairs', 'kept-pairs'] as const)(
    'D34, D36: equals the naive loop over pairs, loss and gradient, %s',
    (divisor) => {
      const prompts = [FOUR, TIED, { scores: [3, -2], ranks: [2, 1] }];
      const { loss, gradient } = tensorLoss(prompts, divisor);
      const naive = prompts.map(({ scores, ranks }) => rankingLoss(scores, ranks, divisor));
      expect(loss).toBeCloseTo(naive.reduce((sum, each) => sum + each.loss, 0) / 3, 5);
      const expected = naive.flatMap((each) => each.gradient.map((g) => g / 3));
      expect(farthest(gradient, expected)).toBeLessThan(1e-6);
    },
  );

  test('D35: prompts with K = 2 and K = 9 weigh the same', () => {
    const equal = (K: number) => ({
      scores: new Array<number>(K).fill(1),
      ranks: Array.from({ length: K }, (_, k) => k + 1),
    });
    for (const batch of [[equal(2)], [equal(9)], [equal(2), equal(9)]]) {
      expect(tensorLoss(batch).loss).toBeCloseTo(Math.LN2, 6);
    }
  });

  test('D37: a shift of all scores changes nothing', () => {
    const shifted = { ...TIED, scores: TIED.scores.map((s) => s + 7) };
    expect(tensorLoss([shifted]).loss).toBeCloseTo(tensorLoss([TIED]).loss, 5);
  });
});

describe('rewardLoop', () => {
  test('D34, D40: one forward per completion; the loss reads the last live token only', async () => {
    const model = tinyModel('scalar');
    const data = rankings(2);
    const scored = await scoreRankings(model, data, shape);
    const expected = scored.reduce(
      (sum, { scores, ranks }) => sum + rankingLoss(scores, ranks).loss,
      0,
    );
    const loop = rewardLoop(model, data, REWARD);
    const reads = vi.spyOn(model, 'get');
    const [record] = await take(loop, 1);
    // Read by one forward pass, and by the optimizer for its step and to write it back: no pass per comparison.
    expect(reads.mock.calls.filter(([name]) => name === 'wpe.weight')).toHaveLength(3);
    expect(record?.values['loss']).toBeCloseTo(expected / 2, 4);
    loop.dispose();
    model.dispose();
  });

  test('D40: on two sequences the loss is that of the final scores, not the mean over diverging tokens', async () => {
    const model = tinyModel('scalar');
    const sequences = [
      { prompt: [1, 2], response: [3, 4, 5, eos] },
      { prompt: [1, 2], response: [3, 9, eos] },
    ];
    const [better = NaN, worse = NaN] = await scoreSequences(model, sequences, shape);
    const ours = Math.log1p(Math.exp(worse - better));
    // DeepSpeed-Chat: the same loss at each position from where they part, then its mean.
    const prefixes = [2, 3].map((n) =>
      sequences.map(({ prompt, response }) => ({ prompt, response: response.slice(0, n) })),
    );
    let theirs = 0;
    for (const pair of prefixes) {
      const [a = NaN, b = NaN] = await scoreSequences(model, pair, shape);
      theirs += Math.log1p(Math.exp(b - a)) / prefixes.length;
    }
    expect(Math.abs(theirs - ours)).toBeGreaterThan(0.01);
    const data = [{ sequences, ranks: [1, 2], labeler: 'person' }];
    const loop = rewardLoop(model, data, REWARD);
    const [record] = await take(loop, 1);
    expect(record?.values['loss']).toBeCloseTo(ours, 4);
    loop.dispose();
    model.dispose();
  });

  test('D37: with 7 added to the bias the run has the same losses', async () => {
    const losses: number[][] = [];
    for (const shift of [0, 7]) {
      const model = tinyModel('scalar');
      const bias = model.get('score.bias');
      tf.tidy(() => bias.assign(tf.add(bias, shift)));
      const loop = rewardLoop(model, rankings(6), REWARD);
      losses.push((await take(loop)).map(({ values }) => values['loss'] ?? NaN));
      loop.dispose();
      model.dispose();
    }
    expect(farthest(losses[0] ?? [], losses[1] ?? [])).toBeLessThan(1e-5);
  });

  test('D39, S31: one epoch sees each prompt once, at a cosine that ends at a tenth', async () => {
    const model = tinyModel('scalar');
    const data = rankings(6);
    const loop = rewardLoop(model, data, REWARD);
    const records = await take(loop);
    expect(records).toHaveLength(3);
    records.forEach(({ values }, i) => {
      expect(values['learning_rate']).toBeCloseTo(1e-3 * cosineToFloor(i, 3, 0.1), 12);
    });
    expect(cosineToFloor(3, 3, 0.1)).toBeCloseTo(0.1, 12);
    const tokens = data
      .flatMap(({ sequences }) => sequences)
      .reduce((n, s) => n + s.prompt.length + s.response.length, 0);
    expect(records.at(-1)?.values['num_tokens']).toBe(tokens);
    expect(records.at(-1)?.values['epoch']).toBe(1);
    loop.dispose();
    model.dispose();
  });

  test('learns a simple taste', async () => {
    const model = tinyModel('scalar');
    const prompt = [1, 2];
    const data = Array.from({ length: 4 }, (_, i) => ({
      sequences: [3, 4, 5].map((token) => ({ prompt, response: [token, 6 + i, 28] })),
      ranks: [2, 1, 3],
      labeler: 'person',
    }));
    const loop = rewardLoop(model, data, { ...REWARD, epochs: 20, learningRate: 1e-2 });
    const records = await take(loop);
    expect(records.at(-1)?.values['loss']).toBeLessThan(0.2);
    expect(records.at(-1)?.values['accuracy']).toBe(1);
    loop.dispose();
    model.dispose();
  });

  test('steps and disposal leave no tensor behind; no rankings are refused', async () => {
    const model = tinyModel('scalar');
    await expectNoLeak(() => rewardLoop(model, rankings(6), REWARD));
    expect(() => rewardLoop(model, [], REWARD)).toThrow(RangeError);
    model.dispose();
  });
});

describe('bias', () => {
  test('S37, D38: the reward model is SFT with a fresh head; seeds name the head', async () => {
    const sft = tinyModel();
    const [a, again, b] = [
      await rewardFromSft(sft, 1),
      await rewardFromSft(sft, 1),
      await rewardFromSft(sft, 2),
    ];
    expect(sameBits(await a.tensors(), await again.tensors())).toBe(true);
    expect(sameBits(await a.tensors(), await b.tensors())).toBe(false);
    const trunk = new Map([...(await a.tensors())].filter(([name]) => !name.startsWith('score.')));
    expect(sameBits(trunk, await sft.tensors())).toBe(true);
    for (const each of [sft, a, again, b]) each.dispose();
  });

  test('D37: demonstrations score 0 on average, spread and order stay', async () => {
    const model = tinyModel('scalar');
    const demonstrations = raggedSequences(70, 4, 5, 8);
    const tensors = tf.memory().numTensors;
    const before = await scoreSequences(model, demonstrations, shape);
    const mean = await normaliseBias(model, demonstrations, shape);
    const after = await scoreSequences(model, demonstrations, shape);
    expect(Math.abs(after.reduce((sum, s) => sum + s, 0) / 70)).toBeLessThan(1e-5);
    expect(
      farthest(
        after,
        before.map((s) => s - mean),
      ),
    ).toBeLessThan(1e-5);
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  });
});
