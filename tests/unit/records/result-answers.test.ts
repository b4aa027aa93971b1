/** Stored answers: read back as they are, reasons once, anything else refused. */
import { describe, expect, test } from 'vitest';
import {
  answersTo,
  parseStoredAnswers,
  ReasonTable,
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
