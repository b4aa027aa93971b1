/** Rollouts as texts with their prompts, and repetition counted on tokens. */
import { expect, test } from 'vitest';
import { trainTokenizer } from '../../../src/data/tokenizer-training.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { answerMeasures } from '../../../src/rlhf/answer-measures.ts';

const tokenizer = new Tokenizer(trainTokenizer([], 258));

test('each answer is read with its own prompt and whether it ended; its repetition is the mean over answers', () => {
  const { eosId } = tokenizer;
  const sequences = [
    { prompt: tokenizer.encode('one?'), response: tokenizer.encode('ababab') },
    { prompt: tokenizer.encode('two?'), response: [...tokenizer.encode('xyz'), eosId] },
  ];
  const measure = answerMeasures(tokenizer, (answers) => {
    expect(answers).toEqual([
      { prompt: 'one?', response: 'ababab', ended: false },
      { prompt: 'two?', response: 'xyz', ended: true },
    ]);
    return { read: 7 };
  });
  // "abab baba abab" has one of three again; "xyz" and the end mark are one group of four.
  expect(measure({ sequences, ended: [false, true] })).toEqual({
    read: 7,
    'completions/seq_rep_4': expect.closeTo((1 / 3 + 0) / 2, 12) as number,
  });
});
