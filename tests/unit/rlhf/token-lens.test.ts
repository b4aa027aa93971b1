/** What the token lens shows is what the rollout and its last update held, for the right row and its live tokens. */
import { describe, expect, test } from 'vitest';
import type { Rollout } from '../../../src/rlhf/rollout.ts';
import { lensRows, rolloutRow, updateTokens } from '../../../src/rlhf/token-lens.ts';

const SETTINGS = {
  ...{ beta: 0.1, gamma: 0.9, lambda: 0.8, clip: 0.2 },
  ...({ klPlace: 'reward', klEstimator: 'k1', whitenRewards: false } as const),
};

const MASK = new Float32Array([1, 1, 0, 1, 1, 1, 1, 0, 0]);

const tiled = <T>(list: ArrayLike<T>, times: number): T[] =>
  Array.from({ length: times }, () => Array.from(list)).flat();

/** Three responses of 2, 3 and 1 tokens in three columns, `times` over; array k holds 100 k + its flat index. */
function rollout(states = MASK, times = 1): Rollout {
  const [B, R] = [3 * times, 3];
  const numbers = (k: number) => Float32Array.from({ length: B * R }, (_, i) => 100 * k + i);
  const responses = tiled([[7, 8], [4, 5, 6], [9]], times);
  return {
    ...{ B, R, metrics: {} },
    prompts: responses.map((_, b) => ({ id: `p${b}`, tokens: [b] })),
    sequences: responses.map((response, b) => ({ prompt: [b], response })),
    ended: responses.map(() => true),
    mask: Float32Array.from(tiled(MASK, times)),
    stateMask: Float32Array.from(tiled(states, times)),
    logProbabilities: new Float32Array(B * R).fill(-1),
    referenceLogProbabilities: numbers(2),
    values: numbers(3),
    scores: Float32Array.from(tiled([0.5, 1.5, 2.5], times)),
    rewards: numbers(6),
    advantages: numbers(11),
    returns: numbers(10),
    parts: {
      ...{ penalties: numbers(4), tokenScores: numbers(5), shaped: numbers(12) },
      ...{ deltas: numbers(7), carried: numbers(8), stateAdvantages: numbers(9) },
    },
  };
}

/** Ratios of exactly 1.5, 0.5, 1.1 for the second response, which stands first in its minibatch. */
const later = {
  rows: [1, 0],
  logProbabilities: [...[1.5, 0.5, 1.1].map((ratio) => Math.log(ratio) - 1), -1, -1, 0],
  advantages: [1, 1, -1, 2, 2, 0],
};
const earlier = {
  rows: [0, 1],
  logProbabilities: [0, 0, 0, 0, 0, 0],
  advantages: [9, 9, 9, 9, 9, 9],
};

describe('one response', () => {
  test('has the numbers of its own live tokens, their sums and the settings', () => {
    const row = rolloutRow(rollout(), 1, SETTINGS, []);
    expect(row).toMatchObject({ promptId: 'p1', tokens: [4, 5, 6], score: 1.5, ...SETTINGS });
    expect(row.referenceLogProbabilities).toEqual([203, 204, 205]);
    expect(row.values).toEqual([303, 304, 305]);
    expect(row.penalties).toEqual([403, 404, 405]);
    expect(row.tokenScores).toEqual([503, 504, 505]);
    expect(row.rewards).toEqual([603, 604, 605]);
    expect(row.deltas).toEqual([703, 704, 705]);
    expect(row.carried).toEqual([803, 804, 805]);
    expect(row.advantages).toEqual([903, 904, 905]);
    expect(row.returns).toEqual([1003, 1004, 1005]);
    expect([row.penaltySum, row.shapedSum, row.rewardSum]).toEqual([1212, 3612, 1812]);
    expect(rolloutRow(rollout(), 2, SETTINGS, []).rewards).toEqual([606]);
  });

  test('D10: whose score is paid after its last token has one state more than tokens, unless it is full', () => {
    const made = rollout(new Float32Array([1, 1, 1, 1, 1, 1, 1, 1, 0]));
    const [first, full, short] = lensRows(made, SETTINGS, [later]);
    expect(first?.tokens).toEqual([7, 8]);
    const ofTokens = [first?.logProbabilities, first?.ratios, first?.usedAdvantages];
    expect(ofTokens.map((list) => list?.length)).toEqual([2, 2, 2]);
    expect(first?.tokenScores).toEqual([500, 501, 502]);
    expect(first?.advantages).toEqual([900, 901, 902]);
    expect(first?.rewardSum).toBe(600 + 601 + 602);
    expect(full?.rewards).toEqual([603, 604, 605]);
    expect(short?.values).toEqual([306, 307]);
    expect([short?.penaltySum, short?.shapedSum]).toEqual([406 + 407, 1206 + 1207]);
  });

  test('that is not there is refused', () => {
    expect(() => rolloutRow(rollout(), 3, SETTINGS, [])).toThrow(/no row 3 in a rollout of 3/);
  });

  test('every one of the batch has a row', () => {
    const ids = lensRows(rollout(MASK, 4), SETTINGS, []).map(({ promptId }) => promptId);
    expect(ids).toEqual(Array.from({ length: 12 }, (_, b) => `p${b}`));
  });
});

describe('the update', () => {
  test('that saw a response last gives its ratios, the advantages used and which tokens it clipped', () => {
    const { ratios, usedAdvantages, clipped } = updateTokens(rollout(), 1, [earlier, later], 0.2);
    [1.5, 0.5, 1.1].forEach((ratio, t) => expect(ratios[t]).toBeCloseTo(ratio, 6));
    expect(usedAdvantages).toEqual([1, 1, -1]);
    // O7: a good token already more likely is held back, one that became less likely is not.
    expect(clipped).toEqual([true, false, false]);
    expect(updateTokens(rollout(), 1, [later], 0.6).clipped).toEqual([false, false, false]);
    expect(updateTokens(rollout(), 0, [earlier, later], 0.2).usedAdvantages).toEqual([2, 2]);
  });

  test('whose loss is by whole responses gives the ratio that it clipped', () => {
    const whole = { ...later, ratios: [1.3, 1.3, 1.3, 0.7, 0.7, 0] };
    const seen = updateTokens(rollout(), 1, [whole], 0.2);
    expect(seen.ratios).toEqual([1.3, 1.3, 1.3]);
    expect(seen.clipped).toEqual([true, true, false]);
    expect(updateTokens(rollout(), 0, [whole], 0.2).ratios).toEqual([0.7, 0.7]);
  });

  test('is empty for a response that no minibatch held', () => {
    expect(updateTokens(rollout(), 2, [earlier, later], 0.2)).toEqual({
      ...{ ratios: [], usedAdvantages: [], clipped: [] },
    });
  });
});
