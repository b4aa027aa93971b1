/** Items made from what is stored beside answers, worked by hand: two prompts, three answers, a few labelers and scores. */
import { describe, expect, test } from 'vitest';
import { parseStoredAnswers, type StoredAnswers } from '../../../src/records/result-answers.ts';
import type { ResultPairs, ResultRow, ResultSource } from '../../../src/records/results.ts';
import { itemList } from '../../../src/ui/paper-item-list.ts';
import { comparedAt, rankWords } from '../../../src/ui/paper-pairs.ts';
import { EXAMPLE_RESULTS } from './stored-results.ts';

const keys = ['sft-1@1', 'sft-2@1', 'sft-3@1'];
const [one = '', two = '', three = ''] = keys;

const STORED: StoredAnswers = parseStoredAnswers({
  version: 1,
  set: 'comparisons',
  seed: 1,
  prompts: [
    { text: 'first prompt', kind: 'chat' },
    { text: 'second prompt', kind: 'open-qa' },
  ],
  reasons: ['empty'],
  answers: {
    [one]: [
      ['a', 1, 0.9, []],
      ['same', 1, 0.5, []],
    ],
    [two]: [
      ['b', 1, 0.4, []],
      ['same', 0, 0.4, [0]],
    ],
    [three]: [
      ['c', 0, 0.4, []],
      ['d', 1, null, []],
    ],
  },
  scores: {
    reward: {
      words: 'reward model',
      values: { [one]: [1, null], [two]: [1, 2], [three]: [0.5, 1] },
    },
    other: { words: 'other model', values: { [three]: [-1.5, 0] } },
  },
  rankings: {
    // First prompt: anna 1 < 2 = 3, ben 2 < 1 < 3. Second: anna 1 < 2 < 3, ben 3 < 2 < 1.
    panel: { keys, by: ['anna', 'ben'], ranks: ['122123', '213321'] },
    picked: { keys, by: ['anna', 'ben'], picked: [1, 0], ranks: ['213123'] },
    gold: { keys, by: ['gold judge'], ranks: ['122123'] },
  },
  expected: {
    // Pairs 1-2, 1-3, 2-3 of each prompt.
    group: {
      keys,
      labelers: 4,
      seeing: [4, 0, 2, 1, 0, 0],
      first: [0.25, 0.5, 0.9, 0.6, 0.5, 0.5],
    },
  },
});

const told = (pairs: ResultPairs, prompt: number) =>
  comparedAt(STORED, [pairs], prompt).map(({ keys: pair, outcome, weight }) => [
    ...pair,
    outcome,
    weight,
  ]);

describe('comparisons', () => {
  test('two labelers agree or not on pairs that neither ties', () => {
    const among: ResultPairs = { how: 'agree', of: ['panel'], by: [] };
    expect(told(among, 0)).toEqual([
      [one, two, 0, 1],
      [one, three, 1, 1],
    ]);
    expect(told(among, 1)).toEqual([
      [one, two, 0, 1],
      [one, three, 0, 1],
      [two, three, 0, 1],
    ]);
    const [first] = comparedAt(STORED, [among], 0);
    expect(first?.words(0)).toEqual(['anna: puts this one first', 'ben: puts the other one first']);
    expect(first?.words(1)).toEqual(['anna: puts the other one first', 'ben: puts this one first']);
  });

  test('each of the ones with each of the others, and the same text is one answer where it is said', () => {
    const cross: ResultPairs = { how: 'agree', of: ['panel'], by: ['gold'] };
    expect(told(cross, 0)).toEqual([
      [one, two, 1, 1],
      [one, three, 1, 1],
      [one, two, 0, 1],
      [one, three, 1, 1],
    ]);
    // The second prompt's first two answers are the same text: only 1-3 is left.
    expect(told({ ...cross, distinct: true }, 1)).toEqual([
      [one, three, 1, 1],
      [one, three, 0, 1],
    ]);
  });

  test('a reward model is right about a winner that it scores higher, wrong about a draw, silent without scores', () => {
    const predict: ResultPairs = { how: 'predict', of: ['picked'], by: ['reward'] };
    // Ben about the first prompt: 2 before 1 (a draw of scores), 1 before 3, 2 before 3.
    expect(told(predict, 0)).toEqual([
      [two, one, 0, 1],
      [one, three, 1, 1],
      [two, three, 1, 1],
    ]);
    // Anna about the second: the first answer has no score.
    expect(told(predict, 1)).toEqual([[two, three, 1, 1]]);
    const [draw, right] = comparedAt(STORED, [predict], 0);
    expect(draw?.words(1)).toEqual([
      'ben: puts the other one first',
      'reward model: 1.00, wrong about the two',
    ]);
    expect(right?.words(0)[1]).toBe('reward model: 1.00, right about the two');
    expect([right?.score?.(0), right?.score?.(1)]).toEqual([1, 0.5]);
  });

  test('the gold judge as predictor: a draw is one half', () => {
    const predict: ResultPairs = { how: 'predict', of: ['picked'], by: ['gold'] };
    expect(told(predict, 0)).toEqual([
      [two, one, 0, 1],
      [one, three, 1, 1],
      [two, three, 0.5, 1],
    ]);
    expect(comparedAt(STORED, [predict], 0)[2]?.words(0)[1]).toBe(
      'gold judge: undecided about the two',
    );
  });

  test('what is expected of a group: as often as one of it sees a difference', () => {
    const expect_: ResultPairs = { how: 'expect', of: ['group'], by: [] };
    expect(told(expect_, 0)).toEqual([
      [one, two, 0.75, 4],
      [two, three, 0.9, 2],
    ]);
    expect(told(expect_, 1)).toEqual([[one, two, 0.6, 1]]);
    const [unsure] = comparedAt(STORED, [expect_], 0);
    expect([unsure?.words(0)[0], unsure?.words(1)[0]]).toEqual([
      'put first by 25 %, as expected of the 4 of 4 labelers who see a difference',
      'put first by 75 %, as expected of the 4 of 4 labelers who see a difference',
    ]);
  });

  test('names that are not stored give none', () => {
    for (const how of ['agree', 'predict', 'expect'] as const)
      expect(told({ how, of: ['nobody'], by: ['reward'] }, 0)).toEqual([]);
  });

  test('a rank in words: smaller is better, equal ones tie', () => {
    expect([rankWords('x', 1, 1), rankWords('x', 1, 2), rankWords('x', 2, 1)]).toEqual([
      'x: a tie',
      'x: puts this one first',
      'x: puts the other one first',
    ]);
  });
});

describe('the items of a row', () => {
  const [example] = EXAMPLE_RESULTS.claims[0]?.rows ?? [];
  if (example === undefined) throw new Error('the example has no row');
  const listOf = (...sources: readonly ResultSource[]) => {
    const row: ResultRow = { ...example, source: sources };
    return itemList(
      row,
      sources.map(() => STORED),
    );
  };
  const source = (over: Partial<ResultSource>): ResultSource => ({
    set: 'comparisons',
    keys: [],
    ...over,
  });

  test('are its comparisons, prompt after prompt, with texts, scores and what the gold judge says', () => {
    const pairs: ResultPairs[] = [{ how: 'predict', of: ['picked'], by: ['reward'] }];
    const { count, at } = listOf(source({ pairs }));
    expect(count).toBe(4);
    expect(at(3)).toEqual({
      seed: 1,
      prompt: 'second prompt',
      kind: 'open-qa',
      outputs: [
        {
          policy: two,
          text: 'same',
          ended: false,
          score: 2,
          reasons: [
            'anna: puts this one first',
            'reward model: 2.00, right about the two',
            'gold composite 0.40',
            'empty',
          ],
        },
        {
          policy: three,
          text: 'd',
          ended: true,
          score: 1,
          reasons: ['anna: puts the other one first', 'reward model: 1.00, right about the two'],
        },
      ],
    });
    expect([at(2)?.prompt, at(4), at(-1)]).toEqual(['first prompt', undefined, undefined]);
  });

  test('without a reward model the score is the gold judge’s', () => {
    const { at } = listOf(source({ pairs: [{ how: 'agree', of: ['panel'], by: [] }] }));
    expect(at(0)?.outputs.map(({ score }) => score)).toEqual([0.9, 0.4]);
  });

  test('are the answers side by side with a stored score each, in place of the judge’s', () => {
    const both = source({ keys: [three, three], scores: ['reward', 'other'] });
    const { count, at } = listOf(both);
    expect(count).toBe(2);
    expect(at(0)?.outputs.map(({ score, reasons }) => [score, ...reasons])).toEqual([
      [0.5, 'reward model: 0.500', 'gold composite 0.40'],
      [-1.5, 'other model: -1.500', 'gold composite 0.40'],
    ]);
  });

  test('are the answers with what rankers say of the two', () => {
    const { at } = listOf(source({ keys: [two, three], rankings: ['picked', 'gold'] }));
    expect(at(0)?.outputs.map(({ score, reasons }) => [score, ...reasons])).toEqual([
      [0.4, 'ben: puts this one first', 'gold judge: a tie'],
      [0.4, 'ben: puts the other one first', 'gold judge: a tie'],
    ]);
  });

  test('of several places come one place after the other', () => {
    const pairs: ResultPairs[] = [{ how: 'agree', of: ['panel'], by: [] }];
    const { count, at } = listOf(
      source({ keys: [one] }),
      source({ pairs }),
      source({ keys: [two] }),
    );
    expect(count).toBe(2 + 5 + 2);
    const policies = [1, 2, 6, 7, 9].map((i) => at(i)?.outputs.map(({ policy }) => policy));
    expect(policies).toEqual([[one], [one, two], [two, three], [two], undefined]);
  });
});
