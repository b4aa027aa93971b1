/** The words beside the glossary: each is new, and a plain sentence. */
import { expect, test } from 'vitest';
import { FURTHER_WORDS } from '../../../src/ui/further-words.ts';
import { GLOSSARY } from '../../../src/ui/glossary.ts';

test('further words are in no stop of the path, and are told in sentences', () => {
  const known = new Set(Object.keys(GLOSSARY).map((word) => word.toLowerCase()));
  const words = Object.entries(FURTHER_WORDS);
  expect(words.map(([word]) => word)).toEqual(
    expect.arrayContaining(['rollout', 'clip', 'GRPO', 'distinct-2']),
  );
  for (const [word, meaning] of words) {
    expect(known.has(word.toLowerCase()), word).toBe(false);
    expect(meaning, word).toMatch(/^[A-Z].{20,}\.$/);
  }
});
