/** Group methods in plain arrays: advantages by group, token weights, and records worked by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestRows } from '../../../src/rlhf/best-of-n.ts';
import { grpoAdvantages, rlooAdvantages } from '../../../src/rlhf/group-baselines.ts';
import {
  byGroup,
  clipRatioMetrics,
  clipShares,
  completionLengthMetrics,
  groupRewardMetrics,
  tokenWeights,
} from '../../../src/rlhf/group-metrics.ts';
import { scoredPairs } from '../../../src/rlhf/online-dpo.ts';
import { rlooRewards } from '../../../src/rlhf/rloo.ts';
import oracles from '../../golden/oracles.json';

const { rewards, rloo, grpo_trl } = oracles.group_advantages;

describe('byGroup', () => {
  test('O15: each group has its own baseline', () => {
    const two = [...rewards, ...rewards.map((r) => 10 - r)];
    const found = byGroup(two, 4, rlooAdvantages);
    [...rloo, ...rloo.map((a) => -a)].forEach((a, i) => expect(found[i]).toBeCloseTo(a, 5));
    const divided = byGroup(two, 4, (group) => grpoAdvantages(group));
    grpo_trl.forEach((a, i) => expect(divided[i]).toBeCloseTo(a, 5));
  });

  test('groups that do not come out even are refused', () => {
    expect(() => byGroup([1, 2, 3], 2, rlooAdvantages)).toThrow(/responses per group/);
  });
});

test('RLOO: beta times the summed KL leaves each reward', () => {
  expect(Array.from(rlooRewards([1, 2], [4, -2], 0.5))).toEqual([-1, 3]);
});

describe('tokenWeights', () => {
  const mask = [1, 1, 0, 1, 0, 0];

  test('GRPO: every response weighs 1/B; Dr. GRPO: every token 1/(B R)', () => {
    expect(Array.from(tokenWeights(mask, { B: 2, R: 3 }, 'sequence'))).toEqual([
      0.25, 0.25, 0, 0.5, 0, 0,
    ]);
    const constant = tokenWeights(mask, { B: 2, R: 3 }, 'constant');
    [1 / 6, 1 / 6, 0, 1 / 6, 0, 0].forEach((w, i) => expect(constant[i]).toBeCloseTo(w, 7));
  });

  test('for responses of full length both are the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), (B, R) => {
        const full = new Float32Array(B * R).fill(1);
        const [a, b] = (['sequence', 'constant'] as const).map((kind) =>
          tokenWeights(full, { B, R }, kind),
        );
        expect(a).toEqual(b);
      }),
    );
  });

  test('an empty response is refused', () => {
    expect(() => tokenWeights([0, 0], { B: 1, R: 2 }, 'sequence')).toThrow(/no live token/);
  });
});

describe('records', () => {
  test('rewards: mean, mean spread of groups, share of groups that are equal', () => {
    const metrics = groupRewardMetrics([1, 3, 5, 5, 2, 8], 2);
    expect(metrics['reward']).toBe(4);
    // Deviations sqrt 2, 0 and sqrt 18.
    expect(metrics['reward_std']).toBeCloseTo((4 * Math.SQRT2) / 3, 12);
    expect(metrics['frac_reward_zero_std']).toBeCloseTo(1 / 3, 12);
    expect(metrics['rewards/score/mean']).toBe(4);
    expect(metrics['rewards/score/std']).toBeCloseTo(Math.sqrt(32 / 5), 12);
    expect(() => groupRewardMetrics([1, 2, 3], 2)).toThrow(/responses per group/);
  });

  test('lengths: of all and of those that ended themselves', () => {
    expect(completionLengthMetrics([2, 4, 6], [true, true, false])).toEqual({
      'completions/mean_length': 4,
      'completions/min_length': 2,
      'completions/max_length': 6,
      'completions/mean_terminated_length': 3,
      'completions/min_terminated_length': 2,
      'completions/max_terminated_length': 4,
      'completions/clipped_ratio': expect.closeTo(1 / 3, 12) as number,
    });
    expect(completionLengthMetrics([2], [false])['completions/mean_terminated_length']).toBe(0);
    expect(() => completionLengthMetrics([1], [true, true])).toThrow(/lengths/);
  });

  test('the clip holds low ratios of bad responses and high ratios of good ones, live ones only', () => {
    const shares = clipShares(
      [0.7, 0.7, 1.3, 1.3, 0.1, 1],
      [-1, 1, 1, -1, -1, 1],
      [1, 1, 1, 1, 0, 0],
      0.2,
    );
    expect(shares).toEqual({ low: 0.25, high: 0.25 });
    expect(clipRatioMetrics([shares, { low: 0.75, high: 0 }])).toEqual({
      'clip_ratio/low_mean': 0.5,
      'clip_ratio/low_min': 0.25,
      'clip_ratio/high_mean': 0.125,
      'clip_ratio/high_max': 0.25,
      'clip_ratio/region_mean': 0.625,
    });
  });
});

test('the clip shares leave out bounds, advantages of 0, and what pulls the ratio back', () => {
  const held = [[0.5, -1], [0.5, -2], ...[1, 1, 2, 3, 4].map((advantage) => [1.5, advantage])];
  const free = [
    [0.75, -1],
    [1, -1],
    [0.5, 0],
    [0.5, 1],
    [0.5, 2],
    [1.25, 1],
    [1, 1],
    [1.5, 0],
    [1.5, -1],
  ];
  const [ratios, advantages] = [0, 1].map((column) =>
    [...held, ...free].map((row) => row[column] ?? NaN),
  );
  const mask = new Array<number>(16).fill(1);
  expect(clipShares(ratios ?? [], advantages ?? [], mask, 0.25)).toEqual({
    low: 2 / 16,
    high: 5 / 16,
  });
});

test('O11: the best of each n, the first of equals', () => {
  expect(bestRows([1, 3, 2, 5, 5, 4], 3)).toEqual([1, 3]);
  expect(() => bestRows([1, 2, 3], 2)).toThrow(/responses per group/);
});

test('online DPO: the higher score is chosen, the first of equals', () => {
  const rows = [1, 2, 3, 4, 5, 6].map((token) => ({ prompt: [0], response: [token] }));
  const { pairs, margins } = scoredPairs(rows, [1, 3, 7, 2, 4, 4]);
  const tokens = pairs.map(({ chosen, rejected }) => [chosen.response[0], rejected.response[0]]);
  expect(tokens).toEqual([
    [2, 1],
    [3, 4],
    [5, 6],
  ]);
  expect(margins).toEqual([2, 5, 0]);
});
