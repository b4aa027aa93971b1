/** Votes to win rates: hand-counted cases and Wilson's interval against published values. */
import { describe, expect, test } from 'vitest';
import {
  pointsFor,
  pointsOfError,
  voteRate,
  wilsonInterval,
} from '../../../src/records/vote-rate.ts';
import type { Vote, VoteChoice } from '../../../src/records/vote.ts';

type Cast = Pick<Vote, 'left' | 'right' | 'choice'>;

function vote(choice: VoteChoice, left = 'a', right = 'b'): Cast {
  const text = { text: '', ended: true };
  return {
    choice,
    left: { id: 'l', policy: left, ...text },
    right: { id: 'r', policy: right, ...text },
  };
}

describe('voteRate', () => {
  test('a vote counts for the checkpoint that wrote the chosen side', () => {
    expect(pointsFor('a', vote('left'))).toBe(1);
    expect(pointsFor('a', vote('left', 'b', 'a'))).toBe(0);
    expect(pointsFor('a', vote('right', 'b', 'a'))).toBe(1);
    expect(pointsFor('a', vote('tie'))).toBe(0.5);
    expect(pointsFor('a', vote('both-bad'))).toBe(0.5);
  });

  test('the two sides of a comparison add up to one', () => {
    const votes = [vote('left'), vote('right'), vote('left'), vote('tie'), vote('both-bad')];
    expect(voteRate('a', votes).rate + voteRate('b', votes).rate).toBeCloseTo(1, 12);
    expect(voteRate('a', votes).low).toBeCloseTo(1 - voteRate('b', votes).high, 12);
  });

  test('no votes tell nothing', () => {
    expect(voteRate('a', [])).toEqual({ rate: 0.5, low: 0, high: 1, n: 0 });
  });

  test("is the same interval as the evaluation's Wilson interval", () => {
    const votes = [...Array<Cast>(22).fill(vote('left')), ...Array<Cast>(8).fill(vote('right'))];
    const expected = wilsonInterval(22, 30);
    const measured = voteRate('a', votes);
    expect(measured.rate).toBe(expected.rate);
    expect(measured.low).toBeCloseTo(expected.low, 12);
    expect(measured.high).toBeCloseTo(expected.high, 12);
  });

  test('unanimity is not certainty', () => {
    const { high, low } = voteRate('a', Array<Cast>(10).fill(vote('left')));
    expect(high).toBeCloseTo(1, 12);
    expect(low).toBeLessThan(0.75);
  });
});

test('no interval of n votes is wider than the points that n votes are good for', () => {
  for (let n = 1; n <= 60; n++) {
    for (let wins = 0; wins <= n; wins += 0.5) {
      const { low, high } = wilsonInterval(wins, n);
      expect(50 * (high - low)).toBeLessThanOrEqual(pointsOfError(n));
    }
  }
});

test('30 votes are good for 18 points (O18)', () => {
  expect(Math.round(pointsOfError(30))).toBe(18);
  expect(pointsOfError(0)).toBe(50);
  expect(pointsOfError(1)).toBe(50);
});
