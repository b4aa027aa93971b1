/** Strengths from votes: golden values, score equations, ties, and what has no maximum. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bradleyTerry, eloFromStrength, winsFromVotes } from '../../../src/rlhf/bradley-terry.ts';
import oracles from '../../golden/oracles.json';

describe('bradleyTerry', () => {
  const golden = oracles.bradley_terry;

  test('O13: golden strengths and Elo', () => {
    const strength = bradleyTerry(golden.wins);
    golden.log_strength_mean0.forEach((s, i) => expect(strength[i]).toBeCloseTo(s, 8));
    golden.elo_400_log10.forEach((e, i) =>
      expect(eloFromStrength(strength[i] ?? NaN)).toBeCloseTo(e, 5),
    );
  });

  test('O13: the score equations hold on random votes with ties', () => {
    const player = fc.integer({ min: 0, max: 3 });
    const vote = fc
      .record({
        first: player,
        second: player,
        outcome: fc.constantFrom<0 | 0.5 | 1>(0, 0.5, 1),
      })
      .filter(({ first, second }) => first !== second);
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 40 }), (votes) => {
        const wins = winsFromVotes(votes, 4);
        const prior = 0.5;
        const theta = bradleyTerry(wins, prior);
        for (let i = 0; i < 4; i++) {
          let score = 0;
          for (let j = 0; j < 4; j++) {
            if (i === j) continue;
            const won = (wins[i]?.[j] ?? NaN) + prior;
            const games = won + (wins[j]?.[i] ?? NaN) + prior;
            score += won - games / (1 + Math.exp((theta[j] ?? NaN) - (theta[i] ?? NaN)));
          }
          expect(score).toBeCloseTo(0, 8);
        }
        const reversed = bradleyTerry(winsFromVotes([...votes].reverse(), 4), prior);
        reversed.forEach((s, i) => expect(s).toBeCloseTo(theta[i] ?? NaN, 9));
      }),
      { numRuns: 30 },
    );
  });

  test('O13: two players have log(w1 / w2); a tie counts one half on each side', () => {
    const votes = [
      { first: 0, second: 1, outcome: 1 },
      { first: 1, second: 0, outcome: 0 },
      { first: 0, second: 1, outcome: 0.5 },
      { first: 0, second: 1, outcome: 0 },
    ] as const;
    expect(winsFromVotes(votes, 2)).toEqual([
      [0, 2.5],
      [1.5, 0],
    ]);
    const [first = NaN, second = NaN] = bradleyTerry(winsFromVotes(votes, 2));
    expect(first - second).toBeCloseTo(Math.log(2.5 / 1.5), 10);
  });

  test('a policy that never lost has no finite strength without a prior', () => {
    const wins = [
      [0, 3],
      [0, 0],
    ];
    expect(() => bradleyTerry(wins)).toThrow(/never lost/);
    expect(bradleyTerry(wins, 0.5)[0]).toBeCloseTo(Math.log(3.5 / 0.5) / 2, 9);
  });
});
