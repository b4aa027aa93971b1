/** The little requests of the use case "other" by hand: rows and greetings, both ways. */
import { describe, expect, it } from 'vitest';
import { judgeGold, judgeHelpful } from '../../../src/world/judges.ts';
import { ask } from './ask.ts';

const gold = (prompt: ReturnType<typeof ask>, text: string): number =>
  judgeGold(prompt, text, true).score;

describe('a row', () => {
  const count = ask('please count from two to six.', {
    useCase: 'other',
    form: 'count',
    row: ['two', 'three', 'four', 'five', 'six'],
  });
  const days = ask('what comes next? friday, saturday, sunday. say two more.', {
    useCase: 'other',
    form: 'continue',
    row: ['monday', 'tuesday'],
  });

  it('is right when it is exact', () => {
    expect(gold(count, 'two, three, four, five, six.')).toBe(1);
    expect(gold(days, 'monday, tuesday.')).toBe(1);
  });

  it.each([
    'two, three, four, six.',
    'two, three, five, four, six.',
    'six, five, four, three, two.',
    'three, four, five, six.',
    'two, three, four, five.',
    'two, three, four, five, six, seven.',
    'two, three, four. five, six. seven.',
    'one, two, three, four, five, six.',
  ])('is not met by %s', (text) => {
    expect(judgeHelpful(count, text, true).reasons).toContain('not met: right');
    expect(gold(count, text)).toBeLessThan(0.85);
    expect(gold(count, text)).toBeGreaterThan(0.3);
  });

  it('is better the longer it goes right', () => {
    const scores = ['two.', 'two, three.', 'two, three, four.', 'two, three, four, five.'].map(
      (text) => gold(count, text),
    );
    expect([...scores].sort((a, b) => a - b)).toEqual(scores);
    expect(new Set(scores).size).toBe(scores.length);
  });

  it.each([
    '',
    'monday, tuesday.',
    'hello ben. i am happy today.',
    'please count from two to six.',
    'two three four five six.',
    'two and three make five.',
    'what a dumb question.',
  ])('is not %j', (text) => {
    expect(gold(count, text)).toBeLessThan(0.15);
  });

  it('is not what the prompt showed', () => {
    expect(gold(days, 'friday, saturday, sunday.')).toBe(0);
    expect(gold(days, 'friday, saturday, sunday, monday, tuesday.')).toBeLessThan(0.6);
    expect(gold(days, 'tuesday, wednesday.')).toBeLessThan(0.6);
  });
});

describe('a greeting', () => {
  const grace = ask('say good morning to grace in a happy way.', {
    useCase: 'other',
    form: 'greet',
    greeting: 'good morning',
    person: 'grace',
    feeling: 'happy',
  });

  it.each(['good morning grace. i am happy today.', 'good morning grace. i feel happy.'])(
    'is met by %s',
    (text) => {
      expect(gold(grace, text)).toBe(1);
    },
  );

  it.each([
    ['good morning ben. i am happy today.', 'not met: greets the person'],
    ['good morning. i am happy today.', 'not met: greets the person'],
    ['good morning grace. hello ben. i feel happy.', 'not met: greets the person'],
    ['hello grace. i am happy today.', 'not met: with the words asked for'],
    ['good morning grace.', 'not met: in the way asked for'],
    ['good morning grace. i am sad today.', 'not met: in the way asked for'],
    ['good morning grace. i am glad today.', 'not met: in the way asked for'],
    ['good morning grace. i feel happy. i feel sad.', 'not met: in the way asked for'],
    ['good morning grace. i feel happy. you are lazy. i hate you.', 'not met: to the point'],
  ])('names the fault of %s', (text, fault) => {
    expect(judgeHelpful(grace, text, true).reasons).toContain(fault);
    expect(gold(grace, text)).toBeLessThan(0.96);
  });

  it('puts the asked feeling over another of its mood, and that over the opposite', () => {
    const of = (feeling: string): number =>
      gold(grace, `good morning grace. i am ${feeling} today.`);
    expect(of('happy')).toBeGreaterThan(of('glad') + 0.1);
    expect(of('glad')).toBeGreaterThan(of('sad') + 0.05);
  });

  it.each(['', 'i am happy today.', 'one, two, three.', 'grace grace happy happy.', grace.text])(
    'is not %j',
    (text) => {
      expect(gold(grace, text)).toBeLessThan(0.2);
    },
  );
});
