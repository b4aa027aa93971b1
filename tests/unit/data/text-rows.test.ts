/** Rows of a person's own text: documents ended by EOS, the end kept aside, passages addressed by index. */
import { expect, it, test } from 'vitest';
import {
  documentsOf,
  heldOutPassages,
  passageSource,
  splitTokens,
  tokenStream,
} from '../../../src/data/text-rows.ts';
import { Tokenizer } from '../../../src/data/tokenizer.ts';
import { trainTokenizer } from '../../../src/data/tokenizer-training.ts';

const tokenizer = new Tokenizer(trainTokenizer([], 258));

it('a blank line ends a document, also one of spaces; EOS follows each', () => {
  const text = '\n\na b\nc\n \t\n\nd\n\n';
  expect(documentsOf(text)).toEqual(['a b\nc', 'd']);
  const { eosId } = tokenizer;
  expect([...tokenStream(text, tokenizer)]).toEqual([
    ...[...tokenizer.encode('a b\nc'), eosId],
    ...[...tokenizer.encode('d'), eosId],
  ]);
});

const numbers = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

it('keeps the end of the text aside, and no token is in both parts', () => {
  const { training, heldOut } = splitTokens(numbers(100), 0.2, 16);
  expect([training.length, training.at(-1), heldOut[0], heldOut.length]).toEqual([80, 79, 80, 20]);
});

it('refuses a text whose smaller part has no passage and the token after it', () => {
  expect(() => splitTokens(numbers(100), 0.17, 16)).not.toThrow();
  expect(() => splitTokens(numbers(100), 0.16, 16)).toThrow(
    /has 100 tokens, 16 of them kept aside: too few for passages of 16/,
  );
});

test('passages are stretches of the text; index, seed and scope name them', () => {
  const source = passageSource(numbers(50), { batch: 3, length: 8 }, { seed: 1, scope: 's' });
  const { batch, time, tokens } = source(4);
  expect([batch, time, tokens.length]).toEqual([3, 8, 27]);
  for (let b = 0; b < 3; b++) {
    const from = tokens[b * 9] ?? NaN;
    expect([...tokens.subarray(b * 9, b * 9 + 9)]).toEqual(
      Array.from({ length: 9 }, (_, t) => from + t),
    );
  }
  expect(source(4)).toEqual(source(4));
  expect(source(5)).not.toEqual(source(4));
  const other = passageSource(numbers(50), { batch: 3, length: 8 }, { seed: 2, scope: 's' });
  expect(other(4)).not.toEqual(source(4));
});

test('every place that has a passage can be drawn, first and last too', () => {
  const source = passageSource(numbers(11), { batch: 64, length: 8 }, { seed: 1, scope: 's' });
  const { tokens } = source(0);
  const starts = new Set(Array.from({ length: 64 }, (_, b) => tokens[b * 9]));
  expect([...starts].sort()).toEqual([0, 1, 2]);
});

test('a text without one whole passage and the token after it is refused', () => {
  const open = (n: number) => () =>
    passageSource(numbers(n), { batch: 1, length: 8 }, { seed: 1, scope: 's' });
  expect(open(9)).not.toThrow();
  expect(open(8)).toThrow(/has 8 tokens to learn from: too few for passages of 8/);
});

test('passages kept aside lie side by side, whole, and are at most 32', () => {
  const { batch, tokens } = heldOutPassages(numbers(20), 8);
  expect(batch).toBe(2);
  expect([...tokens]).toEqual([...numbers(9), ...numbers(17).subarray(8)]);
  expect(heldOutPassages(numbers(9), 8).batch).toBe(1);
  expect(heldOutPassages(numbers(4000), 8).batch).toBe(32);
});
