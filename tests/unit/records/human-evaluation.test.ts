/** What judgements of several checkpoints add up to: scores, flags, wins against the baseline, repeats counted once. */
import { describe, expect, test } from 'vitest';
import {
  agreementWith,
  checkpointRatings,
  judgementsOf,
  withRepeats,
  type BlindOutputs,
} from '../../../src/records/human-evaluation.ts';
import type { OutputFlag } from '../../../src/records/output-rating.ts';
import type { Ranking } from '../../../src/records/ranking.ts';
import { wilsonInterval } from '../../../src/records/vote-rate.ts';
import { prompt } from '../ui/fake-client.ts';

type Said = readonly [policy: string, rank: number, overall: number, ...flags: OutputFlag[]];

let made = 0;

/** A judgement with a rank, a score and flags for each checkpoint. */
function judgement(said: readonly Said[], over: Partial<Ranking> = {}): Ranking {
  const id = `j${made++}`;
  return {
    ...{ id, prompt: prompt(id), labeler: 'person', at: made, shown: said.map((_, i) => i) },
    completions: said.map(([policy], k) => ({
      ...{ id: `${id}-${k}`, text: `${policy} says ${id}`, policy, ended: true },
    })),
    ranks: said.map(([, rank]) => rank),
    ratings: said.map(([, , overall, ...flags]) => ({ overall, flags })),
    ...over,
  };
}

const ROWS = [
  judgement([
    ['ppo', 1, 6, 'satisfies-constraint'],
    ['sft', 2, 4],
    ['base', 3, 1, 'fails-task', 'hallucination'],
  ]),
  // In another order, as they are shown by lot.
  judgement([
    ['base', 2, 2, 'fails-task'],
    ['ppo', 1, 5],
    ['sft', 1, 4],
  ]),
];

describe('ratings of checkpoints', () => {
  const ids = ['ppo', 'sft', 'base'];

  test('mean scores go by the checkpoint, wherever its output stood', () => {
    const rows = checkpointRatings(ROWS, ids, 'sft');
    expect(rows.map(({ checkpoint, overall: { mean, n } }) => [checkpoint, mean, n])).toEqual([
      ['ppo', 5.5, 2],
      ['sft', 4, 2],
      ['base', 1.5, 2],
    ]);
  });

  test('wins are against the baseline alone, ties one half, with the interval of Wilson', () => {
    const wins = checkpointRatings(ROWS, ids, 'sft').map((row) => row.wins);
    expect(wins).toEqual([wilsonInterval(1.5, 2), null, wilsonInterval(0, 2)]);
    const others = checkpointRatings(ROWS, ids, 'base').map((row) => row.wins?.rate);
    expect(others).toEqual([1, 1, undefined]);
  });

  test('each flag has its share of the outputs', () => {
    const shares = checkpointRatings(ROWS, ids, 'sft').map(({ flags }) =>
      Object.fromEntries(flags.map(({ flag, share }) => [flag, share.rate])),
    );
    expect(shares[0]).toMatchObject({ 'satisfies-constraint': 0.5, 'fails-task': 0 });
    expect(shares[2]).toMatchObject({ 'fails-task': 1, hallucination: 0.5 });
  });

  test('a prompt that came twice counts once, and an unscored output not at all', () => {
    const again = judgement(
      [
        ['ppo', 2, 1],
        ['sft', 1, 7],
        ['base', 3, 7],
      ],
      { repeat: true },
    );
    const unscored: Ranking = {
      ...judgement([
        ['ppo', 1, 1],
        ['sft', 2, 1],
        ['base', 3, 1],
      ]),
    };
    const rows = [...ROWS, again, { ...unscored, ratings: [null, null, null] }];
    const counted = checkpointRatings(rows, ids, 'sft');
    expect(counted[0]?.overall).toMatchObject({ mean: 5.5, n: 2 });
    expect(counted[0]?.wins).toEqual(wilsonInterval(2.5, 3));
  });

  test('without judgements nothing is claimed', () => {
    const [first] = checkpointRatings([], ids, 'sft');
    expect(first?.overall.n).toBe(0);
    expect(first?.wins).toMatchObject({ low: 0, high: 1, n: 0 });
  });
});

test('judgements are of a sitting when they are of exactly its checkpoints', () => {
  const two = judgement([
    ['ppo', 1, 5],
    ['sft', 2, 5],
  ]);
  const rows = [...ROWS, two];
  expect(judgementsOf(rows, ['sft', 'base', 'ppo'])).toEqual(ROWS);
  expect(judgementsOf(rows, ['sft', 'ppo'])).toEqual([two]);
  expect(judgementsOf(rows, ['base', 'ppo'])).toEqual([]);
});

describe('prompts that come twice', () => {
  const items: readonly BlindOutputs[] = Array.from({ length: 11 }, (_, i) => ({
    ...{ id: `i${i}`, prompt: prompt(`p${i}`) },
    outputs: ROWS[0]?.completions ?? [],
  }));
  const last = (n: number): number => n - 1;

  test('are one in five, at the end, marked, with the outputs the other way round', () => {
    const all = withRepeats(items, last);
    expect(all.slice(0, 11)).toEqual(items);
    const again = all.slice(11);
    expect(again.map(({ id, repeat }) => [id, repeat])).toEqual([
      ['i8-again', true],
      ['i7-again', true],
    ]);
    expect(again[0]?.outputs).toEqual(items[8]?.outputs.toReversed());
  });

  test('are different ones, not the last two, and none of a few', () => {
    const all = withRepeats(items.slice(0, 10), () => 0).slice(10);
    expect(all.map(({ id }) => id)).toEqual(['i0-again', 'i1-again']);
    expect(withRepeats(items.slice(0, 4), last)).toHaveLength(4);
  });
});

test('agreement with several labelers is counted pair by pair, ties of either left out', () => {
  expect(
    agreementWith(
      [1, 2, 3],
      [
        [1, 2, 3],
        [3, 2, 1],
        [1, 1, 2],
      ],
    ),
  ).toEqual({ agreed: 3 + 0 + 2, total: 3 + 3 + 2 });
  expect(agreementWith([1, 1, 2], [[2, 1, 3]])).toEqual({ agreed: 2, total: 2 });
  expect(agreementWith([1, 2], [])).toEqual({ agreed: 0, total: 0 });
});
