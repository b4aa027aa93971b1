/** The PPO loop: its record, what it refuses, and a miniature that really learns (repeat-spec.ts: resuming). */
import { beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { Model } from '../../../src/model/parameters.ts';
import { unprefixed } from '../../../src/rlhf/loop.ts';
import { ppoLoop, type PpoData } from '../../../src/rlhf/ppo.ts';
import { pretrainLoop } from '../../../src/rlhf/pretrain.ts';
import { DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import { start, TINY, tinyModel } from '../model/tiny-model.ts';
import { disposeModels, expectNoLeak, PPO, ppoModels, prompts, ptx, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));

/** Share of tokens below 9 among the first ones of a response: something that can be learnt. */
const lowTokens: PpoData['score'] = (rows) =>
  Promise.resolve(
    rows.map(({ response }) => response.filter((token) => token < 9).length / shape.responseLength),
  );

const data: PpoData = { prompts, ptx, score: lowTokens, scoredByRewardModel: false };

describe('ppoLoop', () => {
  test('a record has the names of the reference, and some responses for the token lens', async () => {
    const models = await ppoModels();
    const loop = ppoLoop(models, data, PPO);
    const [record] = await take(loop, 1);
    const names = Object.keys(record?.values ?? {});
    for (const name of [
      ...['lr', 'episode', 'objective/kl', 'objective/entropy', 'objective/non_score_reward'],
      ...[
        'objective/rlhf_reward',
        'objective/scores',
        'policy/approxkl_avg',
        'policy/clipfrac_avg',
      ],
      ...['policy/entropy_avg', 'loss/policy_avg', 'loss/value_avg', 'val/clipfrac_avg'],
      ...[
        'val/ratio',
        'val/ratio_var',
        'val/num_eos_tokens',
        'loss/ptx_avg',
        'ptx/grad_norm',
        'ppo/grad_norm',
        'ptx/grad_norm_ratio',
        'ptx/grad_cosine',
      ],
      ...['completions/mean_length', 'completions/clipped_ratio'],
    ]) {
      expect(names).toContain(name);
    }
    const rows = record?.rollout ?? [];
    expect(rows).toHaveLength(PPO.rolloutBatch);
    for (const { tokens, score, promptId, penaltySum, shapedSum, rewardSum, ...row } of rows) {
      const { beta, gamma, lambda, clip, klPlace, klEstimator, whitenRewards, ...lists } = row;
      expect(PPO).toMatchObject({
        ...{ beta, gamma, lambda, clip, klPlace, klEstimator, whitenRewards },
      });
      for (const list of Object.values(lists)) expect(list).toHaveLength(tokens.length);
      expect(prompts.map(({ id }) => id)).toContain(promptId);
      expect(rewardSum - penaltySum).toBeCloseTo(score, 4);
      expect(shapedSum).toBe(rewardSum);
    }
    // Six iterations have no room for a warm-up of a tenth.
    expect(record?.values['lr']).toBe(PPO.policyLearningRate);
    loop.dispose();
    disposeModels(models);
  });

  test('iterations and disposal leave no tensor behind', async () => {
    const models = await ppoModels();
    await expectNoLeak(() => ppoLoop(models, data, PPO));
    disposeModels(models);
  });

  test('D20: batches that do not divide or are too small to whiten are refused', async () => {
    const models = await ppoModels();
    const open = (change: Partial<typeof PPO>) => () =>
      ppoLoop(models, data, { ...PPO, ...change });
    expect(open({ episodes: 100 })).toThrow(/episodes per rollout batch/);
    expect(open({ minibatches: 3 })).toThrow(/rollout batch per minibatch/);
    expect(open({ minibatches: 4 })).toThrow(/whitening needs at least 8 responses/);
    disposeModels(models);
  });
});

describe('a miniature of the whole', () => {
  const MINI = { ...TINY, layers: 1 };

  async function reinforce(beta: number) {
    const reference = tinyModel('language', 7, MINI, 0.05);
    const models = {
      policy: await reference.copy(),
      reference,
      value: tinyModel('scalar', 8, MINI, 0.05),
      ema: await reference.copy(),
    };
    const settings = {
      ...PPO,
      beta,
      ptxCoefficient: 0,
      episodes: 64 * 25,
      rolloutBatch: 64,
      policyLearningRate: 1e-2,
      valueLearningRate: 1e-2,
      missingEos: { kind: 'none', value: 0 } as const,
    };
    const loop = ppoLoop(models, { ...data, ptx: null }, settings);
    const records = await take(loop);
    loop.dispose();
    disposeModels(models);
    const series = (name: string) => records.map(({ values }) => values[name] ?? NaN);
    return { scores: series('objective/scores'), kl: series('objective/kl') };
  }

  test('with a loose leash the score rises and the KL stays finite', async () => {
    const { scores, kl } = await reinforce(0.02);
    expect(scores.at(-1)).toBeGreaterThan((scores[0] ?? NaN) + 0.3);
    expect(kl.at(-1)).toBeGreaterThan(0.5);
    expect(kl.at(-1)).toBeLessThan(20);
  });

  test('with a huge beta the policy stays near the reference', async () => {
    const { kl } = await reinforce(20);
    expect(Math.abs(kl.at(-1) ?? NaN)).toBeLessThan(0.1);
  });
});

test('O17: pre-training resumes to the bit, and learns', async () => {
  const rng = Rng.named(1, 'documents');
  const first = Array.from({ length: 8 }, () => rng.int(20));
  const source = (index: number) => ({
    batch: 4,
    time: 7,
    tokens: Int32Array.from([...first, ...first, ...first, ...first].map((t) => t + (index % 2))),
  });
  const settings = {
    ...{ steps: 30, learningRate: 1e-2, finalShare: 0.1, warmupSteps: 3 },
    optimizer: DEFAULT_OPTIMIZER,
  };
  const straight = tinyModel();
  const straightLoop = pretrainLoop(straight, source, settings);
  const series = await take(straightLoop);
  expect(series.at(-1)?.values['loss']).toBeLessThan(0.5 * (series[0]?.values['loss'] ?? NaN));
  const begunModel = tinyModel();
  const begunLoop = pretrainLoop(begunModel, source, settings);
  const begun = await take(begunLoop, 11);
  const snapshot = await begunLoop.snapshot();
  const model = new Model(TINY, 'language', unprefixed(snapshot.tensors, 'model.'));
  const loop = pretrainLoop(model, source, settings, snapshot);
  expect([...begun, ...(await take(loop))]).toEqual(series);
  for (const each of [straightLoop, begunLoop, loop, straight, begunModel, model]) each.dispose();
});
