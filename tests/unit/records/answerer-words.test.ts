/** Names of those who answered, as readers meet them on the Paper page. */
import { expect, test } from 'vitest';
import { answererWords, policyLabel, policyWords } from '../../../src/records/answerer-words.ts';

test.each([
  ['ppo-ptx@1', 'PPO-ptx, temperature 1'],
  ['sft@0.7', 'SFT, temperature 0.7'],
  ['sft@greedy', 'SFT, greedy'],
  ['sft@best-of-4', 'SFT, best of 4 by likelihood'],
  ['large-prompted@1', 'the larger base, prompted, temperature 1'],
  ['ppo-beta-0.3@greedy', 'PPO without ptx, beta 0.3, greedy'],
  ['over-1000-beta-0.02@1', 'PPO, beta 0.02, reward of 1000 comparisons, temperature 1'],
  ['epoch-3@1', 'SFT, long run, epoch 3, temperature 1'],
  ['usual-epoch-2@1', 'SFT, usual run, epoch 2, temperature 1'],
  ['sft-4@0.5', 'SFT, completion 4, temperature 0.5'],
  ['chance@-', 'chance: an answer without reading'],
  ['ceiling@-', 'ceiling: the ideal answer'],
  ['demonstration@-', 'a demonstration'],
  ['ppo-ptx:stereotype@-', 'PPO-ptx, the stereotype'],
  ['base:other@-', 'the base, the other pronoun'],
  ['chance:other@-', 'without reading, the other pronoun'],
])('the answers %s are those of "%s"', (key, words) => {
  expect(answererWords(key)).toBe(words);
});

test('what is said of a control is marked in front', () => {
  const gold = (policy: string) => policyLabel(policy, (name) => `gold of ${name}`);
  expect(gold('ppo-ptx')).toBe('gold of PPO-ptx');
  expect(gold('ppo-noise')).toBe('control: gold of PPO-ptx on noise');
});

test('a policy by its bare name; one that is not known keeps its own', () => {
  expect(answererWords('ppo-gold')).toBe('control: PPO-ptx on the gold judge');
  expect(answererWords('demonstrators')).toBe("a demonstrator's answer");
  expect(answererWords('anna')).toBe('anna');
  expect(policyWords('x-epoch-3')).toBe('x-epoch-3');
});
