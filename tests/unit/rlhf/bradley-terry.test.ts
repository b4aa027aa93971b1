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

  test('O13: equals plain gradient ascent on the log likelihood, for 2 to 5 policies', () => {
    const table = fc.integer({ min: 2, max: 5 }).chain((n) =>
      fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n,
      }),
    );
    fc.assert(
      fc.property(table, (wins) => {
        const n = wins.length;
        let theta = new Array<number>(n).fill(0);
        for (let step = 0; step < 4000; step++) {
          theta = theta.map((own, i) => {
            let slope = 0;
            for (let j = 0; j < n; j++) {
              if (i === j) continue;
              const games = (wins[i]?.[j] ?? NaN) + (wins[j]?.[i] ?? NaN);
              slope += (wins[i]?.[j] ?? NaN) - games / (1 + Math.exp((theta[j] ?? NaN) - own));
            }
            return own + 0.02 * slope;
          });
        }
        const mean = theta.reduce((sum, x) => sum + x, 0) / n;
        const ours = bradleyTerry(wins);
        ours.forEach((s, i) => expect(s).toBeCloseTo((theta[i] ?? NaN) - mean, 6));
        expect(ours.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 9);
      }),
      { numRuns: 15 },
    );
  });

  test('O13: two policies have log(w1 / w2) for any votes; wins against oneself count for nothing', () => {
    const wins = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(wins, wins, (first, second) => {
        const [a = NaN, b = NaN] = bradleyTerry([
          [7, first],
          [second, 3],
        ]);
        expect(a - b).toBeCloseTo(Math.log(first / second), 8);
      }),
    );
  });

  test('O13: online Elo depends on the order of the votes, these strengths do not', () => {
    const votes = [
      { first: 0, second: 1, outcome: 1 },
      { first: 1, second: 2, outcome: 1 },
      { first: 2, second: 0, outcome: 1 },
      { first: 0, second: 1, outcome: 1 },
    ] as const;
    const online = (list: readonly (typeof votes)[number][]) => {
      const rating = [0, 0, 0];
      for (const { first, second, outcome } of list) {
        const [a = NaN, b = NaN] = [rating[first], rating[second]];
        const change = 4 * (outcome - 1 / (1 + 10 ** ((b - a) / 400)));
        rating[first] = a + change;
        rating[second] = b - change;
      }
      return rating;
    };
    const reversed = [...votes].reverse();
    expect(Math.abs((online(votes)[0] ?? NaN) - (online(reversed)[0] ?? NaN))).toBeGreaterThan(
      1e-3,
    );
    expect(winsFromVotes(reversed, 3)).toEqual(winsFromVotes(votes, 3));
  });

  test('votes that cannot be are refused', () => {
    const open = (first: number, second: number) => () =>
      winsFromVotes([{ first, second, outcome: 1 }], 2);
    expect(open(0, 0)).toThrow(/no vote is possible between 0 and 0 of 2/);
    expect(open(0, 2)).toThrow(/between 0 and 2 of 2/);
    expect(open(2, 0)).toThrow(/between 2 and 0 of 2/);
    expect(open(0, -1)).toThrow(/between 0 and -1 of 2/);
    expect(open(-1, 0)).toThrow(/between -1 and 0 of 2/);
  });

  test('O13: one policy alone has strength 0, none have none', () => {
    expect(bradleyTerry([[0]])).toEqual([0]);
    expect(bradleyTerry([])).toEqual([]);
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
    expect(() => bradleyTerry(wins)).toThrow(/never lost or never won/);
    expect(() =>
      bradleyTerry([
        [0, 0],
        [3, 0],
      ]),
    ).toThrow(RangeError);
    // Two groups that never met.
    const apart = [
      [0, 1, 0, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, 1, 0],
    ];
    expect(() => bradleyTerry(apart)).toThrow(RangeError);
    // A chain of wins one way round is enough.
    bradleyTerry([
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]).forEach((s) => expect(s).toBeCloseTo(0, 9));
    expect(bradleyTerry(wins, 0.5)[0]).toBeCloseTo(Math.log(3.5 / 0.5) / 2, 9);
  });
});
