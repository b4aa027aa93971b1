/** Recorded numbers by hand, and that padding never enters any of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gae } from '../../../src/rlhf/advantages.ts';
import {
  accuracyByLabeler,
  clippedRatio,
  comparisonAccuracy,
  importanceRatios,
  maxRatioDeviation,
  rankingAccuracy,
  rewardMetrics,
  rolloutMetrics,
  sqrtKl,
  updateMetrics,
  valueError,
  valueMetrics,
  varianceExplained,
  type RolloutBatch,
  type UpdateBatch,
} from '../../../src/rlhf/metrics.ts';
import { padded, raggedBatch, type RaggedBatch } from './ragged.ts';

function rolloutBatch(batch: RaggedBatch, extra: number, filler: number): RolloutBatch {
  const wide = (values: readonly number[]): number[] => padded(values, batch, extra, filler);
  return {
    logProbabilities: wide(batch.arrays[0] ?? []),
    referenceLogProbabilities: wide(batch.arrays[1] ?? []),
    mask: padded(batch.mask, batch, extra, 0),
    scores: (batch.arrays[2] ?? []).slice(0, batch.B),
    ended: batch.lengths.map((length) => length < batch.R),
    beta: 0.02,
    B: batch.B,
    R: batch.R + extra,
  };
}

function updateBatch(batch: RaggedBatch, extra: number, filler: number): UpdateBatch {
  const wide = (k: number): number[] => padded(batch.arrays[k] ?? [], batch, extra, filler);
  return {
    logProbabilities: wide(0),
    oldLogProbabilities: wide(1),
    entropies: wide(2),
    advantages: wide(3),
    values: wide(4),
    oldValues: wide(5),
    returns: wide(6),
    mask: padded(batch.mask, batch, extra, 0),
    policyClip: 0.2,
    valueClip: 0.2,
  };
}

describe('rolloutMetrics', () => {
  const batch: RolloutBatch = {
    logProbabilities: [-1, -2, -0.5, 1],
    referenceLogProbabilities: [-1.5, -1, -1.5, 1],
    mask: [1, 1, 1, 0],
    scores: [2, 4],
    ended: [false, true],
    beta: 0.1,
    B: 2,
    R: 2,
  };

  test('D11: KL and entropy are sums per response, averaged over responses', () => {
    const metrics = rolloutMetrics(batch);
    expect(metrics['objective/kl']).toBeCloseTo((0.5 - 1 + 1) / 2, 6);
    expect(metrics['objective/entropy']).toBeCloseTo((1 + 2 + 0.5) / 2, 6);
    expect(metrics['objective/sqrt_kl']).toBeCloseTo(0.5, 6);
    expect(sqrtKl(-1)).toBe(0);
  });

  test('rlhf_reward is scores plus non_score_reward', () => {
    const metrics = rolloutMetrics(batch);
    expect(metrics['objective/non_score_reward']).toBeCloseTo(-0.025, 6);
    expect(metrics['objective/scores']).toBe(3);
    expect(metrics['objective/rlhf_reward']).toBeCloseTo(2.975, 6);
    expect(metrics['objective/kl_coef']).toBe(0.1);
  });

  test('D25: what is charged is the estimate in the reward, or nothing when the KL is in the loss', () => {
    const charged = (by: 'k1' | 'k2' | 'k3' | 'none') => rolloutMetrics({ ...batch, charged: by });
    // Log ratios 0.5, -1 and 1: halves of squares 0.125, 0.5 and 0.5, in two responses.
    expect(charged('k2')['objective/non_score_reward']).toBeCloseTo(-0.1 * (1.125 / 2), 6);
    expect(charged('k2')['objective/kl']).toBeCloseTo(0.25, 6);
    expect(charged('k1')).toEqual(rolloutMetrics(batch));
    const none = charged('none');
    expect(none['objective/non_score_reward']).toBe(0);
    expect(none['objective/rlhf_reward']).toBe(none['objective/scores']);
    expect(none['objective/kl']).toBeCloseTo(0.25, 6);
  });

  test('lengths and endings', () => {
    const metrics = rolloutMetrics(batch);
    expect(metrics['completions/mean_length']).toBe(1.5);
    expect(metrics['completions/clipped_ratio']).toBe(0.5);
    expect(metrics['val/num_eos_tokens']).toBe(1);
  });
});

describe('padding', () => {
  test.each([
    'objective/kl',
    'objective/entropy',
    'objective/rlhf_reward',
    'completions/mean_length',
  ])('D17: %s does not see it', (name) => {
    fc.assert(
      fc.property(raggedBatch(3), fc.constantFrom(NaN, 1, 0), (batch, filler) => {
        const plain = rolloutMetrics(rolloutBatch(batch, 0, 0))[name];
        expect(rolloutMetrics(rolloutBatch(batch, 3, filler))[name]).toBe(plain);
      }),
    );
  });

  test.each([
    'policy/approxkl_avg',
    'policy/clipfrac_avg',
    'policy/entropy_avg',
    'loss/policy_avg',
    'loss/value_avg',
    'val/clipfrac_avg',
    'ppo/val/vpred',
    'val/ratio',
    'val/ratio_var',
  ])('D17: %s does not see it', (name) => {
    fc.assert(
      fc.property(raggedBatch(7), fc.constantFrom(NaN, 1, 0), (batch, filler) => {
        const plain = updateMetrics(updateBatch(batch, 0, 0))[name];
        expect(plain).toEqual(expect.any(Number));
        expect(updateMetrics(updateBatch(batch, 3, filler))[name]).toBe(plain);
      }),
    );
  });

  test('D17: no metric of values and returns sees it', () => {
    fc.assert(
      fc.property(raggedBatch(3), (batch) => {
        const at = (extra: number, filler: number): Record<string, number> => {
          const [advantages = [], returns = [], values = []] = batch.arrays.map((array) =>
            padded(array, batch, extra, filler),
          );
          return valueMetrics({
            advantages,
            returns,
            values,
            mask: padded(batch.mask, batch, extra, 0),
          });
        };
        expect(at(2, NaN)).toEqual(at(0, 0));
      }),
    );
  });
});

describe('updateMetrics', () => {
  test('D14: before any step the ratio is 1, nothing is clipped and nothing moved', () => {
    fc.assert(
      fc.property(raggedBatch(7), (batch) => {
        const update = updateBatch(batch, 1, NaN);
        const { logProbabilities, values, mask } = update;
        const first = updateMetrics({
          ...update,
          oldLogProbabilities: logProbabilities,
          oldValues: values,
        });
        expect(first['val/ratio']).toBe(1);
        expect(first['val/ratio_var']).toBe(0);
        expect(first['policy/approxkl_avg']).toBe(0);
        expect(first['policy/clipfrac_avg']).toBe(0);
        expect(first['val/clipfrac_avg']).toBe(0);
        const ratios = importanceRatios(logProbabilities, logProbabilities, mask);
        expect(maxRatioDeviation(ratios, mask)).toBe(0);
      }),
    );
  });

  test('D14: the check finds one moved token', () => {
    const ratios = importanceRatios([0, 0.1, 9], [0, 0, 0], [1, 1, 0]);
    expect(maxRatioDeviation(ratios, [1, 1, 0])).toBeCloseTo(Math.exp(0.1) - 1, 12);
    expect(ratios[2]).toBe(0);
  });

  test('losses by hand: one clipped token, one free one', () => {
    const metrics = updateMetrics({
      logProbabilities: [Math.log(1.3), Math.log(0.9)],
      oldLogProbabilities: [0, 0],
      entropies: [1, 3],
      advantages: [1, -1],
      values: [1, 0],
      oldValues: [0.5, 0],
      returns: [1, 1],
      mask: [1, 1],
      policyClip: 0.2,
      valueClip: 0.2,
    });
    expect(metrics['loss/policy_avg']).toBeCloseTo((-1.2 + 0.9) / 2, 12);
    expect(metrics['loss/value_avg']).toBeCloseTo((0.045 + 0.5) / 2, 12);
    expect(metrics['policy/clipfrac_avg']).toBe(0.5);
    expect(metrics['val/clipfrac_avg']).toBe(0.5);
    expect(metrics['policy/entropy_avg']).toBe(2);
    expect(metrics['val/ratio']).toBeCloseTo(1.1, 12);
    expect(metrics['val/ratio_var']).toBeCloseTo(0.04, 12);
  });
});

test('ppo/val/var_explained: 1 for perfect values, 0 for their mean and for constant returns', () => {
  expect(varianceExplained([1, 2, 9], [1, 2, 0], [1, 1, 0])).toBe(1);
  expect(varianceExplained([1.5, 1.5, 9], [1, 2, 0], [1, 1, 0])).toBe(0);
  expect(varianceExplained([0, 0], [1, 1], [1, 1])).toBe(0);
});

test('D13: returns minus values is the advantage that is recorded', () => {
  const input = { rewards: [0, 1], values: [0.25, 0.5], mask: [1, 1] };
  const { advantages, returns } = gae({ ...input, gamma: 1, lambda: 1, B: 1, R: 2 });
  const metrics = valueMetrics({ advantages, returns, values: input.values, mask: input.mask });
  expect(metrics['ppo/val/advantage']).toBe(0.625);
  expect(metrics['ppo/returns/mean']).toBe(1);
  expect(metrics['ppo/val/error']).toBeCloseTo((0.5625 + 0.25) / 2, 12);
});

describe('reward metrics', () => {
  const rankings = [
    { scores: [2, 1, 0], ranks: [1, 2, 3], labeler: 'ann' },
    { scores: [0, 0], ranks: [1, 2], labeler: 'bob' },
    { scores: [0, 3], ranks: [1, 2], labeler: 'bob' },
  ];

  test('D41: accuracy counts comparisons, strictly, over all and by labeler', () => {
    expect(rankingAccuracy(rankings)).toBeCloseTo(3 / 5, 12);
    expect(comparisonAccuracy(rankings)).toEqual({ accuracy: 3 / 5, n: 5 });
    expect(accuracyByLabeler([...rankings].reverse())).toEqual([
      { labeler: 'ann', accuracy: 1, n: 3 },
      { labeler: 'bob', accuracy: 0, n: 2 },
    ]);
  });

  test('a ranking of ties alone has no accuracy, not one of zero', () => {
    const tied = [{ scores: [1, 2], ranks: [1, 1], labeler: 'ann' }];
    expect(rankingAccuracy(tied)).toBeNaN();
    expect(comparisonAccuracy(tied)).toEqual({ accuracy: null, n: 0 });
    expect(accuracyByLabeler(tied)).toEqual([{ labeler: 'ann', accuracy: null, n: 0 }]);
  });

  test('margin and range', () => {
    const metrics = rewardMetrics(rankings);
    expect(metrics.margin).toBeCloseTo((1 + 2 + 1 + 0 - 3) / 5, 12);
    expect([metrics.min_reward, metrics.max_reward]).toEqual([0, 3]);
    expect(metrics.mean_reward).toBeCloseTo(6 / 7, 12);
  });
});

test('value metrics by hand, padding left out', () => {
  const metrics = valueMetrics({
    advantages: [1, -3, NaN],
    returns: [2, 6, NaN],
    values: [1, 9, NaN],
    mask: [1, 1, 0],
  });
  expect(metrics).toEqual({
    'ppo/returns/mean': 4,
    'ppo/returns/var': 4,
    'ppo/val/mean': 5,
    'ppo/val/var': 16,
    'ppo/val/error': 5,
    'ppo/val/var_explained': -0.25,
    'ppo/val/advantage': -1,
  });
});

test('D10: values and returns count the state after EOS, advantages do not', () => {
  const metrics = valueMetrics({
    advantages: [1, -3, 0],
    returns: [2, 6, 7],
    values: [1, 9, 4],
    mask: [1, 1, 0],
    stateMask: [1, 1, 1],
  });
  expect(metrics['ppo/returns/mean']).toBe(5);
  expect(metrics['ppo/returns/var']).toBeCloseTo(14 / 3, 12);
  expect(metrics['ppo/val/mean']).toBeCloseTo(14 / 3, 12);
  expect(metrics['ppo/val/error']).toBeCloseTo((1 + 9 + 9) / 3, 12);
  expect(metrics['ppo/val/advantage']).toBe(-1);
  const update = updateMetrics({
    ...{ logProbabilities: [-1, 5], oldLogProbabilities: [-1, 0], entropies: [1, 9] },
    ...{ advantages: [2, 0], values: [1, 3], oldValues: [1, 1], returns: [1, 3] },
    ...{ mask: [1, 0], stateMask: [1, 1], policyClip: 0.2, valueClip: 0.5 },
  });
  // The second state: half of (1.5 - 3) squared, clipped; the first is right.
  expect(update['loss/value_avg']).toBeCloseTo(1.125 / 2, 12);
  expect(update['val/clipfrac_avg']).toBe(0.5);
  expect(update['ppo/val/vpred']).toBe(2);
  expect(update['loss/policy_avg']).toBe(-2);
});

test('a record of rollouts has these names and no others', () => {
  const metrics = rolloutMetrics({
    ...{ logProbabilities: [-1], referenceLogProbabilities: [-3], mask: [1] },
    ...{ scores: [4], ended: [true], beta: 0.5, B: 1, R: 1 },
  });
  expect(metrics).toEqual({
    'objective/kl': 2,
    'objective/sqrt_kl': Math.SQRT2,
    'objective/kl_coef': 0.5,
    'objective/entropy': 1,
    'objective/scores': 4,
    'objective/non_score_reward': -1,
    'objective/rlhf_reward': 3,
    'val/num_eos_tokens': 1,
    'completions/mean_length': 1,
    'completions/clipped_ratio': 0,
  });
});

test('scores below 0 have their own least and most', () => {
  const metrics = rewardMetrics([{ scores: [-3, -1, -2], ranks: [3, 1, 2], labeler: 'ann' }]);
  expect([metrics.min_reward, metrics.mean_reward, metrics.max_reward]).toEqual([-3, -2, -1]);
  expect(metrics.accuracy).toBe(1);
  expect(metrics.margin).toBeCloseTo(4 / 3, 12);
});

test('nothing to count and unequal lengths are refused', () => {
  expect(() => clippedRatio([])).toThrow(/no response/);
  expect(() => maxRatioDeviation([1], [1, 1])).toThrow(/ratios has 1 elements, expected 2/);
  expect(() => varianceExplained([1], [1, 2], [1, 1])).toThrow(/values has 1 elements, expected 2/);
  expect(() => valueError([1, 2], [1], [1, 1])).toThrow(/returns has 1 elements, expected 2/);
  expect(maxRatioDeviation([0.5, 1.2], [1, 1])).toBe(0.5);
});
