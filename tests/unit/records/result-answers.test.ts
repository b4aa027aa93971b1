/** Stored answers: read back as they are, reasons once, anything else refused. */
import { describe, expect, test } from 'vitest';
import { pairsOfKeys, rankersOf } from '../../../src/records/beside-answers.ts';
import {
  answersTo,
  neededNames,
  parseStoredAnswers,
  ReasonTable,
  storedNames,
  type StoredAnswers,
} from '../../../src/records/result-answers.ts';

const example: StoredAnswers = {
  version: 1,
  set: 'test',
  seed: 1,
  prompts: [
    { text: 'what do frogs eat?', kind: 'open-qa' },
    { text: 'say hello.', kind: 'chat' },
  ],
  reasons: ['empty', 'did not end'],
  answers: {
    'ppo-ptx@1': [
      ['flies.', 1, 1, []],
      ['hello.', 1, 0.9, []],
    ],
    'base@1': [
      ['', 0, 0, [0, 1]],
      ['hello', 0, null, [1]],
    ],
  },
};

const copied = (change: (copy: { answers: Record<string, unknown[]> }) => void): unknown => {
  const copy = JSON.parse(JSON.stringify(example)) as { answers: Record<string, unknown[]> };
  change(copy);
  return copy;
};

describe('stored answers', () => {
  test('are read back as they were written', () => {
    expect(parseStoredAnswers(JSON.parse(JSON.stringify(example)))).toEqual(example);
  });

  test('give those of a prompt in the order asked for, with reasons in words', () => {
    expect(answersTo(example, 0, ['base@1', 'nobody@1', 'ppo-ptx@1'])).toEqual([
      {
        key: 'base@1',
        answer: { text: '', ended: false, score: 0, reasons: ['empty', 'did not end'] },
      },
      { key: 'ppo-ptx@1', answer: { text: 'flies.', ended: true, score: 1, reasons: [] } },
    ]);
    expect(answersTo(example, 2, ['base@1'])).toEqual([]);
  });

  test.each([
    [
      'a policy that skips a prompt',
      copied(({ answers }) => answers['base@1']!.pop()),
      /every prompt/,
    ],
    [
      'a reason that is not there',
      copied(({ answers }) => (answers['base@1']![0] = ['', 0, 0, [2]])),
      /reason that is not there/,
    ],
    [
      'an end that is neither yes nor no',
      copied(({ answers }) => (answers['base@1']![0] = ['', 2, 0, []])),
      /answers\.base@1\.0/,
    ],
  ])('%s is refused', (_, value, message) => {
    expect(() => parseStoredAnswers(value)).toThrow(message);
  });

  test('reasons are kept once, in the order of their first appearance', () => {
    const table = new ReasonTable();
    expect(table.indices(['b', 'a'])).toEqual([0, 1]);
    expect(table.indices(['a', 'c', 'b'])).toEqual([1, 2, 0]);
    expect(table.words).toEqual(['b', 'a', 'c']);
  });
});

describe('what stands beside answers', () => {
  const keys = ['ppo-ptx@1', 'base@1'];
  const beside = {
    scores: { reward: { words: 'reward model', values: { 'base@1': [0.5, null] } } },
    rankings: {
      panel: { keys, by: ['anna', 'ben'], ranks: ['1211', '2112'] },
      usual: { keys, by: ['anna', 'ben'], picked: [1, 0], ranks: ['2111'] },
    },
    expected: { group: { keys, labelers: 4, seeing: [4, 0], first: [0.7, 0.5] } },
  };
  const whole: StoredAnswers = { ...example, ...beside };
  const parse = (over: unknown) =>
    parseStoredAnswers(JSON.parse(JSON.stringify({ ...whole, ...(over as object) })));

  test('is read back as it was written, and all of it can be named', () => {
    expect(parse({})).toEqual(whole);
    expect([...storedNames(whole)].sort()).toEqual(
      [...keys, 'group', 'panel', 'reward', 'usual'].sort(),
    );
    const pairs = [{ how: 'agree', of: ['panel'], by: ['usual'] }] as const;
    const source = { set: 'test', keys, scores: ['reward'], rankings: ['b'], pairs };
    expect(neededNames(source)).toEqual([...keys, 'reward', 'b', 'panel', 'usual']);
  });

  test('rankers are each of a panel, or the one who is picked for each prompt', () => {
    const told = (name: 'panel' | 'usual') =>
      rankersOf(beside.rankings[name]).map(({ nameAt, ranksAt }) =>
        [0, 1].map((prompt) => [nameAt(prompt), ...ranksAt(prompt)]),
      );
    expect(told('panel')).toEqual([
      [
        ['anna', 1, 2],
        ['anna', 1, 1],
      ],
      [
        ['ben', 2, 1],
        ['ben', 1, 2],
      ],
    ]);
    expect(told('usual')).toEqual([
      [
        ['ben', 2, 1],
        ['anna', 1, 1],
      ],
    ]);
  });

  test('pairs go in one order: each answer with every earlier one', () => {
    expect(pairsOfKeys(3)).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
  });

  const panel = beside.rankings.panel;
  const usual = beside.rankings.usual;
  const group = beside.expected.group;
  test.each([
    ['a score of nobody’s answers', { scores: { a: { words: 'a', values: { 'x@1': [1, 1] } } } }],
    ['a score for one prompt of two', { scores: { a: { words: 'a', values: { 'base@1': [1] } } } }],
    ['ranks of one prompt of two', { rankings: { panel: { ...panel, ranks: ['12', '21'] } } }],
    ['ranks of nobody’s answers', { rankings: { panel: { ...panel, keys: ['x@1', 'base@1'] } } }],
    ['ranks that are no digits', { rankings: { panel: { ...panel, ranks: ['1211', '0112'] } } }],
    ['fewer ranks than rankers', { rankings: { panel: { ...panel, ranks: ['1211'] } } }],
    ['a pick of nobody', { rankings: { usual: { ...usual, picked: [2, 0] } } }],
    ['a pick for one prompt of two', { rankings: { usual: { ...usual, picked: [1] } } }],
    ['fewer pairs than prompts have', { expected: { group: { ...group, seeing: [4] } } }],
    ['a share above one', { expected: { group: { ...group, first: [0.7, 1.5] } } }],
  ])('%s is refused', (_, over) => {
    expect(() => parse(over)).toThrow(/cannot be read/);
  });
});

test('a text that was given was not drawn: it neither ended nor was cut', () => {
  const given: StoredAnswers = { ...example, answers: { 'ceiling@-': example.answers['base@1']! } };
  expect(answersTo(given, 0, ['ceiling@-'])[0]?.answer.ended).toBeNull();
});
