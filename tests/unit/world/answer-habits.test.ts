/** What answers do whatever they were asked, counted by hand on a few of them. */
import { describe, expect, test } from 'vitest';
import { answerHabits, type ReadAnswer } from '../../../src/world/answer-habits.ts';

const answer = (response: string, more: Partial<ReadAnswer> = {}): ReadAnswer => ({
  prompt: 'what do foxes eat?',
  response,
  ended: true,
  ...more,
});

const habit = (name: string, ...answers: readonly ReadAnswer[]): number =>
  answerHabits(answers)[`completions/${name}`] ?? NaN;

describe('same_opening', () => {
  test('counts whole first sentences, of all answers, empty ones too', () => {
    const answers = ['yes. foxes eat berries.', 'yes. thank you.', 'foxes eat fish.', ''];
    expect(habit('same_opening', ...answers.map((text) => answer(text)))).toBe(2 / 4);
    expect(habit('same_opening', answer(''))).toBe(0);
  });
});

describe('copied_prompt', () => {
  test('is the mean share of sentences that stand in the own prompt, with or without its lead', () => {
    const said = 'anna is happy.';
    const asked = { prompt: `make this polite: ${said} please be polite.` };
    const half = answer(`${said} thank you.`, asked);
    expect(habit('copied_prompt', half)).toBe(1 / 2);
    expect(habit('copied_prompt', half, answer(said))).toBe(1 / 4);
    expect(habit('copied_prompt', answer('please be polite.', asked), answer(''))).toBe(1 / 2);
  });
});

describe('unknown_sentences', () => {
  test('counts what no generator writes, but for what the limit cut in two', () => {
    const good = 'foxes eat berries.';
    expect(habit('unknown_sentences', answer(good))).toBe(0);
    expect(habit('unknown_sentences', answer(`${good} berries foxes the the.`))).toBe(1 / 2);
    expect(habit('unknown_sentences', answer(`${good} berries foxes`))).toBe(1 / 2);
    expect(habit('unknown_sentences', answer(`${good} berries foxes`, { ended: false }))).toBe(0);
    expect(habit('unknown_sentences', answer('berries foxes', { ended: false }))).toBe(1);
  });
});

describe('harmful and cheer', () => {
  test('an answer with a rude word counts once, however many it has', () => {
    const [rude, kind] = [answer('shut up, you fool.'), answer('thank you.')];
    expect(habit('harmful', rude, kind, kind, kind)).toBe(1 / 4);
    expect(habit('harmful', kind)).toBe(0);
  });

  test('cheer is the mean from -1 to 1', () => {
    const glad = answer('she smiled, laughed and danced.');
    expect(habit('cheer', glad)).toBe(1);
    expect(habit('cheer', glad, answer('she cried.'))).toBeCloseTo((1 - 1 / 3) / 2, 12);
  });
});

test('there must be an answer', () => {
  expect(() => answerHabits([])).toThrow(RangeError);
});
