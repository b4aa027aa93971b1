/** Which glossary words a part uses: whole words in either case and plural, not those inside others. */
import { expect, test } from 'vitest';
import { termsIn } from '../../../src/ui/terms-in.ts';

test('words are found whole, in any case, in the plural, and over several words', () => {
  const terms = ['token', 'reward model', 'PPO', 'loss', 'distinct-2', 'TD error', 'clip'];
  expect(termsIn(['Two Tokens of a reward model;', 'ppo-ptx and Distinct-2'], terms)).toEqual([
    ...['token', 'reward model', 'PPO', 'distinct-2'],
  ]);
  expect(termsIn(['glossary, tokenizer, eclipse, distinct-20'], terms)).toEqual([]);
  expect(termsIn([], terms)).toEqual([]);
});

test('words are not put together from separate pieces of text', () => {
  expect(termsIn(['reward', 'model'], ['reward model'])).toEqual([]);
});

test('what a term holds is taken as it is written', () => {
  expect(termsIn(['a+b', 'aab'], ['a+b'])).toEqual(['a+b']);
  expect(termsIn(['aab'], ['a+b'])).toEqual([]);
});
