/** The token lens of GRPO and RLOO: every response of a batch, with the group, the ratio and the clip that training used. */
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import { grpoAdvantages, rlooAdvantages } from '../../../src/rlhf/group-baselines.ts';
import { groupBaseline } from '../../../src/rlhf/group-lens.ts';
import { byGroup } from '../../../src/rlhf/group-metrics.ts';
import { GRPO } from '../../../src/rlhf/grpo.ts';
import { klEstimate } from '../../../src/rlhf/kl.ts';
import type { RolloutRow } from '../../../src/rlhf/loop.ts';
import type { MethodInput } from '../../../src/rlhf/method.ts';
import { RLOO } from '../../../src/rlhf/rloo.ts';
import { start, tinyModel } from '../model/tiny-model.ts';
import { prompts, shape } from './toy.ts';

beforeAll(() => start('wasm'));

const SETTINGS = {
  shape,
  temperature: 1,
  beta: 0.1,
  missingEos: { kind: 'none', value: 0 },
  iterations: 2,
  promptsPerBatch: 3,
  groupSize: 4,
  minibatches: 2,
  innerEpochs: 3,
  clip: 0.01,
  learningRate: 0.02,
  warmupIterations: 0,
  seed: 1,
  optimizer: DEFAULT_OPTIMIZER,
  lossType: 'grpo',
} as const;

/** Share of tokens below 9. */
const lowTokens: MethodInput['score'] = (rows) =>
  Promise.resolve(
    rows.map(({ response }) => response.filter((token) => token < 9).length / shape.responseLength),
  );

/** Rows of the second step, when the policy has left the reference. */
async function rowsOf(method: typeof GRPO | typeof RLOO): Promise<readonly RolloutRow[]> {
  const input = { reference: tinyModel(), prompts, score: lowTokens, pairs: [] };
  const { loop } = await method.open(input, SETTINGS);
  let rows: readonly RolloutRow[] = [];
  for await (const { rollout } of loop.steps()) rows = rollout ?? [];
  loop.dispose();
  return rows;
}

/** The advantage as the formula shown has it. */
function shownAdvantage({ group }: RolloutRow): number {
  if (group === undefined) return NaN;
  return ((group.rewards[group.place] ?? NaN) - group.baseline) / (group.spread ?? 1);
}

describe('the group of a response', () => {
  const rewards = [1, 2, 4, 9, 0, 0, 3, 5];

  test.each([
    ['GRPO', { over: 'group', divided: true }, (r: number[]) => grpoAdvantages(r)],
    ['RLOO', { over: 'others', divided: false }, rlooAdvantages],
  ] as const)('O15: %s: its numbers give the advantage', (_name, rule, by) => {
    const advantages = byGroup(rewards, 4, by);
    const made = groupBaseline({ rewards, advantages }, 6, 4, rule);
    expect(made).toMatchObject({ rewards: [0, 0, 3, 5], place: 2, over: rule.over });
    const { baseline, spread, advantage } = made;
    expect(baseline).toBeCloseTo(rule.over === 'group' ? 2 : 5 / 3, 9);
    expect((3 - baseline) / (spread ?? 1)).toBeCloseTo(advantage, 5);
    expect(advantage).toBe(advantages[6]);
    expect(spread === null).toBe(!rule.divided);
  });
});

describe('a batch', () => {
  test('GRPO: all responses, a KL term that no reward holds, a ratio of its own for each token', async () => {
    const rows = await rowsOf(GRPO);
    expect(rows).toHaveLength(12);
    for (const row of rows) {
      expect(row).toMatchObject({ klPlace: 'loss', klEstimator: 'k3', clip: 0.01, beta: 0.1 });
      expect(row.usedAdvantages).toEqual(row.tokens.map(() => row.group?.advantage));
      expect(shownAdvantage(row)).toBeCloseTo(row.group?.advantage ?? NaN, 4);
      expect(row.group?.rewards[row.group.place]).toBe(row.score);
      row.penalties.forEach((penalty, t) => {
        const reference = row.referenceLogProbabilities[t] ?? NaN;
        const k3 = klEstimate('k3', row.logProbabilities[t] ?? NaN, reference);
        expect(penalty).toBeCloseTo(-0.1 * k3, 6);
      });
      expect([...row.values, ...row.rewards, ...row.advantages].every(Number.isNaN)).toBe(true);
      expect(row.values).toHaveLength(row.tokens.length);
    }
    expect(rows.some(({ ratios }) => new Set(ratios).size > 1)).toBe(true);
    expect(rows.some(({ clipped }) => clipped.includes(true))).toBe(true);
    expect(new Set(rows.slice(0, 4).map(({ promptId }) => promptId)).size).toBe(1);
    expect(rows.map(({ group }) => group?.place)).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  });

  test('RLOO: the reward is score and penalties together, and the ratio that of the whole response', async () => {
    const rows = await rowsOf(RLOO);
    expect(rows).toHaveLength(12);
    for (const row of rows) {
      expect(row).toMatchObject({ klPlace: 'reward', klEstimator: 'k1' });
      expect(shownAdvantage(row)).toBeCloseTo(row.group?.advantage ?? NaN, 4);
      const reward = row.group?.rewards[row.group.place];
      expect(row.score + row.penaltySum).toBeCloseTo(reward ?? NaN, 4);
      expect(row.shapedSum).toBeCloseTo(reward ?? NaN, 4);
      expect(new Set(row.ratios).size).toBe(1);
    }
    expect(rows.some(({ ratios }) => Math.abs((ratios[0] ?? 1) - 1) > 1e-3)).toBe(true);
    expect(rows.some(({ penaltySum }) => penaltySum !== 0)).toBe(true);
  });
});
