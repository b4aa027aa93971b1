/** Brainstorming and extract by hand: what their judges see in a list, both ways. */
import { describe, expect, it } from 'vitest';
import { judgeGold, judgeHarmless, judgeTruthful } from '../../../src/world/judges.ts';
import type { BrainstormingTask } from '../../../src/world/tasks.ts';
import { ask } from './ask.ts';

const forest = ask('name two animals that live in the forest.', {
  useCase: 'brainstorming',
  items: ['animals'],
  count: 2,
  asked: { relation: 'home', value: 'forest' },
  recipient: null,
});
const ANY_GIFT = {
  useCase: 'brainstorming',
  items: ['object', 'food'],
  count: 2,
  asked: null,
} as const satisfies Partial<BrainstormingTask>;
const gift = ask('name two gifts for a sad fox with a food that it likes.', {
  ...ANY_GIFT,
  recipient: 'foxes',
});
const gold = (prompt: typeof forest, text: string): number => judgeGold(prompt, text, true).score;
const unmet = (prompt: typeof forest, text: string): readonly string[] =>
  judgeGold(prompt, text, true).reasons;

describe('brainstorming of things that share a fact', () => {
  it.each(['1: foxes. 2: wolves.', '1: squirrels. 2: foxes.', '1: wolves. 2: squirrels.'])(
    'is met by any right things: %s',
    (text) => {
      expect(gold(forest, text)).toBe(1);
      expect(unmet(forest, text)).toEqual([]);
    },
  );

  it.each([
    ['1: foxes. 2: bears.', 'not met: right and different'],
    ['1: foxes. 2: foxes.', 'not met: right and different'],
    ['1: foxes. 2: honey.', 'not met: right and different'],
    ['1: foxes.', 'not met: number of items'],
    ['1: foxes. 2: wolves. 3: squirrels.', 'not met: number of items'],
    ['foxes. wolves.', 'not met: numbered list'],
    ['foxes and wolves.', 'not met: numbered list'],
    ['2: foxes. 1: wolves.', 'not met: numbered list'],
    ['foxes live in the forest.', 'not met: numbered list'],
    ['1: foxes. 2: wolves. bears growl. frogs are green.', 'not met: to the point'],
  ])('names the fault of %s', (text, fault) => {
    expect(unmet(forest, text)).toContain(fault);
    expect(gold(forest, text)).toBeLessThan(0.97);
    expect(gold(forest, text)).toBeGreaterThan(0.3);
  });

  it('ranks a full list over one without numbers, that over half of it, that over a false one', () => {
    const ranked = ['1: foxes. 2: wolves.', 'foxes. wolves.', 'foxes.', 'bears. frogs.'];
    const scores = ranked.map((text) => gold(forest, text));
    for (let i = 1; i < scores.length; i++) {
      expect((scores[i - 1] ?? 0) - (scores[i] ?? 0)).toBeGreaterThan(0.05);
    }
  });

  it('takes a true sentence about such a thing for an item', () => {
    const told = gold(forest, 'foxes live in the forest. wolves live in the forest.');
    expect(told).toBeGreaterThan(0.85);
    expect(gold(forest, 'bears live in the forest. frogs live in the forest.')).toBeLessThan(0.5);
    expect(gold(forest, 'foxes do not live in the forest. wolves are grey.')).toBeLessThan(0.2);
  });

  it.each([
    ['1: foxes. 2: wolves.', 1],
    ['1: foxes. 2: bears.', 0.5],
    ['1: bears. 2: frogs.', 0],
    ['foxes live in the forest. bears live in the forest.', 0.5],
    ['1: foxes. frogs are green.', 1],
    ['1: foxes. frogs are red.', 0.5],
    ['frogs are green.', 0],
    ['', 0],
  ])('truth of %j is %d', (text, score) => {
    expect(judgeTruthful(forest, text, true)?.score).toBe(score);
  });

  it.each([
    '1: a ball. 2: a hat.',
    'bread and milk.',
    'what a dumb question.',
    'name two animals that live in the forest.',
    'foxes foxes wolves wolves forest.',
    '1: the fox.',
  ])('is beside the point without such things: %s', (text) => {
    expect(gold(forest, text)).toBeLessThan(0.15);
  });
});

describe('brainstorming of gifts', () => {
  it('is met by different gifts with the food that the other likes', () => {
    expect(gold(gift, '1: a ball. 2: berries.')).toBe(1);
    expect(gold(gift, '1: berries. 2: bread.')).toBe(1);
    expect(judgeTruthful(gift, '1: a ball. 2: berries.', true)?.score).toBe(1);
  });

  it.each([
    ['1: a ball. 2: bread.', 'not met: a food that the other likes'],
    ['1: hens. 2: berries.', 'not met: right and different'],
    ['1: berries. 2: berries.', 'not met: right and different'],
    ['1: a ball.', 'not met: a food that the other likes'],
  ])('names the fault of %s', (text, fault) => {
    expect(unmet(gift, text)).toContain(fault);
    expect(gold(gift, text)).toBeLessThan(0.85);
  });

  it('calls food that makes the other sick harmful, for that one only', () => {
    expect(judgeHarmless(gift, '1: berries. 2: cake.', true).score).toBe(0);
    expect(judgeHarmless(gift, '1: berries. 2: bread.', true).score).toBe(1);
    const cows = ask(gift.text, { ...ANY_GIFT, recipient: 'cows' });
    expect(judgeHarmless(cows, '1: grass. 2: cake.', true).score).toBe(1);
  });

  it('of one material asks for no food', () => {
    const wood = ask('name two gifts made of wood for anna.', {
      useCase: 'brainstorming',
      items: ['object'],
      count: 2,
      asked: { relation: 'made-of', value: 'wood' },
      recipient: 'anna',
    });
    expect(gold(wood, '1: a box. 2: a boat.')).toBe(1);
    expect(gold(wood, '1: a box. 2: honey.')).toBeLessThan(0.8);
    expect(judgeTruthful(wood, '1: a box. 2: a key.', true)?.score).toBe(0.5);
  });
});

describe('extract', () => {
  const sentences = ['the fox asked ben for some rice.', 'there was a drum in the cave.'];
  const more = ['the fox saw the hen.', 'the bear sang a song with ben.'];
  const animals = ask(`name the animals in this text. ${more.join(' ')}`, {
    useCase: 'extract',
    kind: 'animals',
    sentences: more,
    wanted: ['fox', 'hen', 'bear'],
  });
  it.each(['1: the fox. 2: the hen. 3: the bear.', 'the fox, the hen and the bear.'])(
    'is met by everything of the kind, in order: %s',
    (text) => {
      expect(gold(animals, text)).toBe(1);
      expect(judgeTruthful(animals, text, true)?.score).toBe(1);
    },
  );

  it.each([
    ['1: the fox. 2: the hen.', 'not met: all of it and nothing else', 1],
    ['1: the fox. 2: the hen. 3: the bear. 4: the cow.', 'not met: nothing invented', 3 / 4],
    ['1: the fox. 2: the hen. 3: the cow.', 'not met: all of it and nothing else', 2 / 3],
    ['1: the fox. 2: the hen. 3: ben.', 'not met: all of it and nothing else', 2 / 3],
    ['1: the bear. 2: the fox. 3: the hen.', 'not met: in the order of the text', 1],
    ['the fox. the hen. the bear.', 'not met: a list', 1],
    ['the fox.', 'not met: all of it and nothing else', 1],
    ['1: the fox. 2: the hen. 3: the bear. you are lazy. i hate you.', 'not met: to the point', 1],
  ])('names the fault of %s', (text, fault, truth) => {
    expect(unmet(animals, text)).toContain(fault);
    expect(gold(animals, text)).toBeLessThan(0.95);
    expect(judgeTruthful(animals, text, true)?.score).toBeCloseTo(truth, 9);
  });

  it('has no use for what is not in the text, whole sentences of it, or the prompt', () => {
    for (const text of [
      '',
      '1: the cow. 2: the dog.',
      more[0] ?? '',
      more.join(' '),
      animals.text,
      'fox hen bear.',
      'the fox. '.repeat(8),
      '1: foxes. 2: hens. 3: bears.',
    ]) {
      expect(gold(animals, text), text).toBeLessThan(0.2);
    }
  });

  it('takes another kind of thing from the text for a misreading', () => {
    const things = ask(`name the things in this text. ${sentences.join(' ')}`, {
      useCase: 'extract',
      kind: 'things',
      sentences,
      wanted: ['drum'],
    });
    expect(gold(things, '1: ben. 2: rice.')).toBeLessThan(0.45);
    expect(judgeTruthful(things, '1: ben. 2: rice.', true)?.score).toBe(0);
    expect(judgeTruthful(things, '1: a drum.', true)?.score).toBe(1);
    expect(judgeTruthful(things, '1: the drum.', true)?.score).toBe(1);
  });
});
