/** Public tasks as instructions: the item itself without examples or labels, in wordings that differ. */
import { expect, test } from 'vitest';
import { instructionOf } from '../../../../src/cli/reproduce/public-instructions.ts';
import { taxSuites } from '../../../../src/world/suites.ts';

test('hold the item that the page ends with, on one line, and nothing of its examples', () => {
  for (const suite of taxSuites) {
    suite.items(1, 6).forEach((item, i) => {
      const lines = item.prompt.split('\n');
      const instruction = instructionOf(suite.name, item.prompt, i);
      expect(instruction, suite.name).not.toMatch(
        /\n|undefined|passage:|review:|story:|plain: |q: /,
      );
      const asked =
        suite.name === 'arithmetic' ? lines.at(-1)! : lines.at(-2)!.replace(/^\w+: /, '');
      expect(instruction).toContain(asked);
      expect(instruction).not.toContain(lines[0]!.replace(/^\w+: /, ''));
    });
  }
});

test('come in at least two wordings', () => {
  for (const suite of taxSuites) {
    const [item] = suite.items(1, 1);
    const wordings = [0, 1].map((i) => instructionOf(suite.name, item!.prompt, i));
    expect(new Set(wordings).size, suite.name).toBe(2);
  }
});

test('a passage stands beside its question', () => {
  const page = 'passage: old.\nq: who?\na: mo.\npassage: the frog sat.\nq: where?\na:';
  expect(instructionOf('passage-qa', page, 0)).toBe('the frog sat. where?');
});

test('a suite without a wording is refused', () => {
  expect(() => instructionOf('bias', 'a', 0)).toThrow(RangeError);
});
