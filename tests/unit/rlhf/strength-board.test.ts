/** Strengths with bootstrap intervals: their centre, their width against theory, and who may be compared. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { bradleyTerry, winsFromVotes, type Vote } from '../../../src/rlhf/bradley-terry.ts';
import {
  BOARD_PRIOR,
  connectedPlayers,
  newtonStrengths,
  strengthIntervals,
  type Judgement,
} from '../../../src/rlhf/strength-board.ts';

const win = (first: number, second: number): Vote => ({ first, second, outcome: 1 });
const times = (n: number, judgement: Judgement): Judgement[] =>
  Array.from({ length: n }, () => judgement);

describe('who may be compared', () => {
  test('are those who have met directly or through others; a loner is in no group', () => {
    const met = [[win(0, 1)], [win(1, 4)], [win(3, 5), win(5, 3)]];
    expect(connectedPlayers(met, 7).map((group) => group.join())).toEqual(['0,1,4', '3,5']);
    expect(connectedPlayers([], 3)).toEqual([]);
  });

  test('one who has met both joins two groups', () => {
    const met = [[win(0, 1)], [win(2, 3)], [win(3, 0)]];
    expect(connectedPlayers(met, 4)).toEqual([[0, 1, 2, 3]]);
  });
});

describe('the fast way to the maximum', () => {
  test('O13: ends where minorise-maximise ends, from wherever it starts, also after lopsided votes', () => {
    const table = fc.integer({ min: 2, max: 6 }).chain((n) => {
      const row = fc.array(fc.double({ min: 0.01, max: 60, noNaN: true }), {
        minLength: n,
        maxLength: n,
      });
      const start = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
        minLength: n,
        maxLength: n,
      });
      return fc.tuple(fc.array(row, { minLength: n, maxLength: n }), start);
    });
    fc.assert(
      fc.property(table, ([wins, start]) => {
        const expected = bradleyTerry(wins);
        newtonStrengths(wins, start).forEach((theta, i) =>
          expect(theta).toBeCloseTo(expected[i] ?? NaN, 5),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('says so when there is no maximum', () => {
    const unbeaten = [
      [0, 5],
      [0, 0],
    ];
    expect(() => newtonStrengths(unbeaten, [0, 0])).toThrow(/do not settle/);
  });
});

describe('intervals', () => {
  test('O13: lie around the strengths with the prior, which are finite though one never lost', () => {
    const judged = [...times(9, [win(0, 1)]), ...times(3, [win(1, 2)]), ...times(1, [win(2, 1)])];
    const rows = strengthIntervals(judged, 3, Rng.named(1, 'board'));
    const expected = bradleyTerry(winsFromVotes(judged.flat(), 3), BOARD_PRIOR);
    expect(rows.map(({ strength }) => strength)).toEqual(expected);
    for (const { strength, low, high } of rows) {
      expect(Number.isFinite(high - low)).toBe(true);
      expect(low).toBeLessThanOrEqual(strength);
      expect(high).toBeGreaterThanOrEqual(strength);
    }
  });

  test('O13: two policies have the width of the log odds, 2 * 1.96 / sqrt(n p (1 - p)), within a tenth', () => {
    const judged = [...times(240, [win(0, 1)]), ...times(160, [win(1, 0)])];
    const [first, second] = strengthIntervals(judged, 2, Rng.named(2, 'board'), 4000);
    if (first === undefined || second === undefined) throw new Error('expected two rows');
    // Their strengths are half the log odds up and half down.
    const width = (2 * 1.96) / Math.sqrt(400 * 0.6 * 0.4) / 2;
    expect((first.high - first.low) / width).toBeGreaterThan(0.9);
    expect((first.high - first.low) / width).toBeLessThan(1.1);
    expect(first.low).toBeCloseTo(-second.high, 5);
  });

  test('take the comparisons of one judgement together: 20 judgements of ten are not 200', () => {
    const ten = (vote: Vote): Judgement => Array.from({ length: 10 }, () => vote);
    const clustered = [...times(12, ten(win(0, 1))), ...times(8, ten(win(1, 0)))];
    const single = [...times(120, [win(0, 1)]), ...times(80, [win(1, 0)])];
    const width = (judged: readonly Judgement[]): number => {
      const [row] = strengthIntervals(judged, 2, Rng.named(3, 'board'));
      return (row?.high ?? 0) - (row?.low ?? 0);
    };
    // Ten times fewer independent judgements: about sqrt(10) times as wide.
    expect(width(clustered) / width(single)).toBeGreaterThan(2.5);
  });

  test('of a few unanimous votes are wide, and narrower with more of them', () => {
    const odds = (n: number): readonly number[] => {
      const [row] = strengthIntervals(times(n, [win(0, 1)]), 2, Rng.named(5, 'board'));
      return [row?.low ?? NaN, row?.strength ?? NaN, row?.high ?? NaN].map((half) => 2 * half);
    };
    const [low = NaN, middle = NaN, high = NaN] = odds(9);
    expect(middle).toBeCloseTo(Math.log(9.5 / 0.5), 9);
    // The lower end for 9 wins of 9 after Jeffreys, Beta(9.5, 0.5), is 0.763: log odds 1.2.
    expect(low).toBeGreaterThan(0.8);
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(middle + 1);
    expect(odds(90)[0]).toBeGreaterThan(low + 1.5);
  });

  test('are the same for the same judgements and stream', () => {
    const judged = [...times(5, [win(0, 1)]), ...times(3, [win(1, 0)])];
    const again = () => strengthIntervals(judged, 2, Rng.named(4, 'board'), 50);
    expect(again()).toEqual(again());
  });
});
