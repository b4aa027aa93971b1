/**
 * The token lens under PPO's options: its sums and its recursion hold with the numbers that training really used, wherever
 * the score is paid and the KL charged, and whatever is whitened. Which number is whose: token-lens.test.ts.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { klEstimate } from '../../../src/rlhf/kl.ts';
import type { RolloutRow } from '../../../src/rlhf/loop.ts';
import { ppoLoop, type PpoData, type PpoSettings } from '../../../src/rlhf/ppo.ts';
import { start } from '../model/tiny-model.ts';
import { disposeModels, PPO, ppoModels, prompts, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));

/** Share of tokens below 9, so that answers score differently. */
const score: PpoData['score'] = (rows) =>
  Promise.resolve(
    rows.map(({ response }) => response.filter((token) => token < 9).length / shape.responseLength),
  );

/** The records of three iterations with steps so large that the policy leaves its reference. */
async function run(change: Partial<PpoSettings>) {
  const models = await ppoModels();
  const settings = { ...PPO, policyLearningRate: 1e-2, beta: 0.3, ...change };
  const data = { prompts, ptx: null, score, scoredByRewardModel: false };
  const loop = ppoLoop(models, data, settings);
  const records = await take(loop, 3);
  loop.dispose();
  disposeModels(models);
  return records;
}

async function lastRows(change: Partial<PpoSettings>): Promise<readonly RolloutRow[]> {
  const rows = (await run(change)).at(-1)?.rollout ?? [];
  expect(rows).toHaveLength(PPO.rolloutBatch);
  return rows;
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0);
const at = (numbers: readonly number[], t: number) => numbers[t] ?? 0;

function expectRecursion({ rewards, values, deltas, carried, advantages, ...row }: RolloutRow) {
  for (const t of rewards.keys()) {
    const delta = at(rewards, t) + row.gamma * at(values, t + 1) - at(values, t);
    expect(at(deltas, t)).toBeCloseTo(delta, 5);
    expect(at(carried, t)).toBeCloseTo(row.gamma * row.lambda * at(advantages, t + 1), 5);
    expect(at(advantages, t)).toBeCloseTo(at(deltas, t) + at(carried, t), 5);
    expect(at(row.returns, t)).toBeCloseTo(at(advantages, t) + at(values, t), 5);
  }
}

/** Penalties by the estimator of the settings, the score where it is paid, and the sums of both. */
function expectSources(row: RolloutRow) {
  row.tokens.forEach((_, t) => {
    const reference = at(row.referenceLogProbabilities, t);
    const estimate = klEstimate(row.klEstimator, at(row.logProbabilities, t), reference);
    const charge = row.klPlace === 'reward' ? -row.beta * estimate : 0;
    expect(at(row.penalties, t)).toBeCloseTo(charge, 5);
  });
  expect(row.tokenScores.at(-1)).toBeCloseTo(row.score, 6);
  expect(total(row.tokenScores)).toBeCloseTo(row.score, 6);
  expect(row.penaltySum).toBeCloseTo(total(row.penalties), 5);
  expect(row.shapedSum).toBeCloseTo(row.score + row.penaltySum, 5);
  expect(row.rewardSum).toBeCloseTo(total(row.rewards), 5);
}

describe('of the lens', () => {
  test.each([
    ['the plain settings', {}],
    ['a score after the last token', { scorePosition: 'after-last' }],
    ['k3 in the reward', { klEstimator: 'k3' }],
    ['k2 in the loss', { klPlace: 'loss', klEstimator: 'k2' }],
    ['whitened rewards', { whitenRewards: true }],
    ['whitened rewards and a late score', { whitenRewards: true, scorePosition: 'after-last' }],
    ['whitening over the batch', { whitenScope: 'batch' }],
  ] as const)('D10, D12, D19, D25: sums and recursion hold with %s', async (_, change) => {
    const rows = await lastRows(change);
    for (const row of rows) {
      expectSources(row);
      expectRecursion(row);
      const same = Math.abs(row.rewardSum - row.shapedSum) < 1e-4;
      expect(same, 'whitening alone parts the two sums').toBe(!row.whitenRewards);
      for (const list of [row.ratios, row.usedAdvantages, row.logProbabilities]) {
        expect(list).toHaveLength(row.tokens.length);
      }
    }
    expect(rows.some(({ penaltySum }) => Math.abs(penaltySum) > 1e-3)).toBe(!('klPlace' in change));
  });

  test('D10: with a late score answers have one state more than tokens, where alone the score is', async () => {
    const rows = await lastRows({ scorePosition: 'after-last' });
    const ended = rows.filter(({ tokens }) => tokens.length < shape.responseLength);
    expect(ended.length).toBeGreaterThan(0);
    for (const row of ended) {
      expect(row.rewards).toHaveLength(row.tokens.length + 1);
      expect(row.rewards.at(-1)).toBe(row.tokenScores.at(-1));
      expect(row.tokenScores.at(-2)).toBe(0);
    }
    for (const { rewards, tokens } of rows) {
      expect(rewards.length).toBe(Math.min(shape.responseLength, tokens.length + 1));
    }
  });

  test('D24: beta is the one that the rewards were charged with, not the next one', async () => {
    const records = await run({ adaptiveKl: { target: 1e-3, horizon: 10 } });
    const betas = records.map(({ rollout }) => rollout?.[0]?.beta);
    expect(betas).toEqual(records.map(({ values }) => values['objective/kl_coef']));
    expect(new Set(betas).size).toBe(3);
  });
});
