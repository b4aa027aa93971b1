/** Which completions of a prompt a person gets to rank. */
import { expect, test } from 'vitest';
import { differentFirst } from '../../../src/rlhf/pipeline.ts';

const drawn = (...texts: readonly string[]) => texts.map((text, at) => ({ text, at }));

test('different texts come first, repeated ones fill up, in the order drawn', () => {
  const shown = differentFirst(drawn('a', 'a', 'b', 'a', 'c', 'b'), 4);
  expect(shown).toEqual([
    { text: 'a', at: 0 },
    { text: 'b', at: 2 },
    { text: 'c', at: 4 },
    { text: 'a', at: 1 },
  ]);
});

test('never more than asked for, and all there is when there is less', () => {
  expect(differentFirst(drawn('a', 'b', 'c'), 2).map(({ text }) => text)).toEqual(['a', 'b']);
  expect(differentFirst(drawn('a', 'a'), 4)).toHaveLength(2);
  expect(differentFirst([], 4)).toEqual([]);
});
