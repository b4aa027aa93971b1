/** The token lens: tints, and the steps of the recursion read from a record that gae itself made. */
import { describe, expect, test } from 'vitest';
import type { TokenRow } from '../../../src/records/run-view.ts';
import { gae } from '../../../src/rlhf/advantages.ts';
import {
  backwardStep,
  columnsOf,
  LENS_COLUMNS,
  tints,
  tokenWords,
} from '../../../src/ui/lens-columns.ts';
import oracles from '../../golden/oracles.json';

describe('tints', () => {
  test('are thirds of the largest distance from the neutral value, on its two sides', () => {
    expect(tints([0, 3, -3, 1, -1, 0.4, 1.6], 0)).toEqual([0, 3, -3, 1, -1, 0, 2]);
    expect(tints([1, 1.5, 0.75], 1)).toEqual([0, 3, -1]);
    expect(tints([-1, -3], 0)).toEqual([-1, -3]);
  });

  test('are none where nothing differs or nothing is a number', () => {
    expect(tints([1, 1], 1)).toEqual([0, 0]);
    expect(tints([NaN, 2, NaN], 0)).toEqual([0, 3, 0]);
    expect(tints([], 0)).toEqual([]);
  });
});

describe('the steps of the recursion', () => {
  const [golden] = oracles.gae;
  if (golden === undefined) throw new Error('no golden example');
  const { rewards, values, gamma, lam: lambda } = golden;
  const made = gae({ rewards, values, mask: [1, 1, 1], gamma, lambda, B: 1, R: 3 });
  const tokens = rewards.map((reward, t): TokenRow => ({
    token: `t${t}`,
    ...{ logProbability: 0, referenceLogProbability: 0, klPenalty: 0, score: 0, reward },
    ...{ value: values[t] ?? NaN, delta: made.deltas[t] ?? NaN, carried: made.carried[t] ?? NaN },
    ...{ advantage: made.advantages[t] ?? NaN, return: made.returns[t] ?? NaN },
    ...{ ratio: 1, usedAdvantage: 0, clipped: false },
  }));

  test('O5: go from the last token to the first, and both equations hold with the numbers shown', () => {
    const steps = [0, 1, 2].map((done) => backwardStep(tokens, done));
    expect(steps.map(({ at }) => at)).toEqual([2, 1, 0]);
    for (const { row, nextValue, nextAdvantage } of steps) {
      expect(row.reward + gamma * nextValue - row.value).toBeCloseTo(row.delta, 6);
      expect(gamma * lambda * nextAdvantage).toBeCloseTo(row.carried, 6);
      expect(row.delta + row.carried).toBeCloseTo(row.advantage, 6);
    }
    expect(steps.map(({ nextValue }) => nextValue)).toEqual([0, 0.8, 0.6]);
    golden.adv.forEach((a, t) => expect(tokens[t]?.advantage).toBeCloseTo(a, 6));
  });

  test('end with the first token', () => {
    expect(() => backwardStep(tokens, 3)).toThrow(/step 3 of an answer of 3 tokens/);
    expect(() => backwardStep([], 0)).toThrow(RangeError);
  });
});

test('the state after the last token is shown in words', () => {
  expect([tokenWords(' dog'), tokenWords(null)]).toEqual([' dog', 'after the end']);
});

test('every number of a token has a column but one, which is only a part of the advantage', () => {
  const keys = LENS_COLUMNS.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toHaveLength(11);
  expect(keys).not.toContain('carried');
});

test('a group method shows what it has, in words of its own, and nothing of a value function', () => {
  const group = { rewards: [1, 2], place: 0, baseline: 1.5, spread: null, advantage: -0.5 };
  const columns = columnsOf({ group: { ...group, over: 'group' } });
  expect(columns.map(({ key }) => key)).toEqual([
    ...[
      'logProbability',
      'referenceLogProbability',
      'klPenalty',
      'score',
      'usedAdvantage',
      'ratio',
    ],
  ]);
  expect(columns.map(({ label }) => label)).toContain('Group advantage');
  expect(columns.map(({ meaning }) => meaning).join(' ')).not.toMatch(/whitening|value function/);
  expect(columnsOf({})).toBe(LENS_COLUMNS);
});
