import { describe, expect, it } from 'vitest';
import { SPLITS, type Split, type UseCase } from '../../../src/records/prompt.ts';
import { generateDemonstrations } from '../../../src/world/demonstrations.ts';
import { feelingOf } from '../../../src/world/feelings.ts';
import {
  splitSentences,
  wellFormedShare,
  WORD_TYPES,
  wordsOf,
} from '../../../src/world/grammar.ts';
import { personalDataIn } from '../../../src/world/personal-data.ts';
import { generatePrompts, USER_CAP } from '../../../src/world/prompts.ts';
import { HELD_OUT_USE_CASE, presentUseCases, useCaseShares } from '../../../src/world/use-cases.ts';

const sets = {
  train: generatePrompts(1, { split: 'train', count: 3500 }),
  validation: generatePrompts(1, { split: 'validation', count: 500 }),
  test: generatePrompts(1, { split: 'test', count: 1200 }),
};
/** Percentages of the paper's Table 1. */
const TABLE_1: Readonly<Record<UseCase, number>> = {
  generation: 45.6,
  'open-qa': 12.4,
  brainstorming: 11.2,
  chat: 8.4,
  rewrite: 6.6,
  summarization: 4.2,
  classification: 3.5,
  other: 3.5,
  'closed-qa': 2.6,
  extract: 1.9,
};
const pairOf = (prompt: { template: string; entity: string }): string =>
  `${prompt.template} ${prompt.entity}`;

describe('prompts', () => {
  it('D43: prompts of different splits share no user, no text, no template and entity together', () => {
    for (const a of SPLITS) {
      for (const b of SPLITS) {
        if (a === b) continue;
        const users = new Set(sets[a].map((prompt) => prompt.userId));
        const texts = new Set(sets[a].map((prompt) => prompt.text));
        const pairs = new Set(sets[a].map(pairOf));
        expect(sets[b].filter((prompt) => users.has(prompt.userId))).toEqual([]);
        expect(sets[b].filter((prompt) => texts.has(prompt.text))).toEqual([]);
        expect(sets[b].filter((prompt) => pairs.has(pairOf(prompt)))).toEqual([]);
      }
    }
  });

  it('D43: prompts are distinct, share no long prefix, are capped per user, and from at least 50 test users', () => {
    for (const split of SPLITS) {
      const prompts = sets[split];
      expect(new Set(prompts.map(({ text }) => text.slice(0, 90))).size).toBe(prompts.length);
      expect(new Set(prompts.map(({ id }) => id)).size).toBe(prompts.length);
      for (const user of new Set(prompts.map(({ userId }) => userId))) {
        expect(prompts.filter(({ userId }) => userId === user).length).toBeLessThanOrEqual(
          USER_CAP,
        );
      }
    }
    expect(new Set(sets.test.map(({ userId }) => userId)).size).toBeGreaterThanOrEqual(50);
  });

  it('D43: prompts lose those with personal data from the training split, and from no other', () => {
    const carrying = (split: Split, count: number) =>
      generatePrompts(1, { split, count }).filter(({ text }) => personalDataIn(text).length > 0)
        .length;
    expect(carrying('train', 2000)).toBe(0);
    expect(carrying('validation', 600)).toBeGreaterThan(0);
    expect(carrying('test', 600)).toBeGreaterThan(2);
  });

  it('are short, and written in the grammar of the world', () => {
    for (const { text } of sets.train) {
      expect(wordsOf(text).length).toBeLessThanOrEqual(30);
      expect(wellFormedShare(text)).toBe(1);
    }
  });

  it('come in the proportions of the paper, the held-out use case only outside training', () => {
    const shares = useCaseShares();
    // Table 1 of the paper, over the use cases present.
    const total = presentUseCases.reduce((sum, name) => sum + TABLE_1[name], 0);
    for (const name of presentUseCases) {
      expect(shares[name]).toBeCloseTo(TABLE_1[name] / total, 12);
      const shareIn = (split: Split): number =>
        sets[split].filter(({ useCase }) => useCase === name).length / sets[split].length;
      const trained = 1 - shares[HELD_OUT_USE_CASE];
      const wanted = name === HELD_OUT_USE_CASE ? 0 : shares[name] / trained;
      expect(Math.abs(shareIn('train') - wanted), name).toBeLessThan(0.03);
      expect(Math.abs(shareIn('test') - shares[name]), name).toBeLessThan(0.04);
    }
    const heldOut = (split: Split): number =>
      sets[split].filter(({ useCase }) => useCase === HELD_OUT_USE_CASE).length;
    expect(heldOut('train')).toBe(0);
    expect(heldOut('validation')).toBeGreaterThan(0);
    expect(heldOut('test')).toBeGreaterThan(0);
  });

  it('are never of the held-out use case in training, not even when it is asked for', () => {
    const asked = { count: 30, useCases: [HELD_OUT_USE_CASE, 'chat'] } as const;
    const drawn = generatePrompts(1, { ...asked, split: 'train' });
    expect(new Set(drawn.map(({ useCase }) => useCase))).toEqual(new Set(['chat']));
    const elsewhere = generatePrompts(1, { ...asked, split: 'test' });
    expect(elsewhere.some(({ useCase }) => useCase === HELD_OUT_USE_CASE)).toBe(true);
    expect(() =>
      generatePrompts(1, { split: 'train', count: 1, useCases: [HELD_OUT_USE_CASE] }),
    ).toThrow(/kept out of train/);
  });

  it('are the same for the same seed, and a longer set begins with the shorter one', () => {
    const short = generatePrompts(1, { split: 'test', count: 40 });
    expect(short).toEqual(sets.test.slice(0, 40));
    expect(generatePrompts(2, { split: 'test', count: 40 })).not.toEqual(short);
  });

  it('refuse a count that the cap makes impossible', () => {
    expect(() => generatePrompts(1, { split: 'test', count: 100, cap: 1 })).toThrow(
      /cannot give 100/,
    );
  });
});

describe('demonstrations', () => {
  const demonstrations = generateDemonstrations(1, 2000);

  it('are written in the grammar, short, and by several people', () => {
    for (const { response } of demonstrations) {
      expect(wellFormedShare(response)).toBe(1);
      expect(wordsOf(response).filter((word) => !WORD_TYPES.has(word))).toEqual([]);
      expect(wordsOf(response).length).toBeLessThanOrEqual(36);
    }
    expect(new Set(demonstrations.map(({ author }) => author)).size).toBeGreaterThan(8);
    expect(generateDemonstrations(1, 20)).toEqual(demonstrations.slice(0, 20));
  });

  it('are blunt more often than not, and full in about four cases of ten', () => {
    const stories = demonstrations.filter(({ prompt }) => prompt.useCase === 'generation');
    const full = stories.filter(({ response }) => splitSentences(response).length > 1).length;
    expect(full / stories.length).toBeGreaterThan(0.4);
    expect(full / stories.length).toBeLessThan(0.62);
  });
});

describe('feelingOf', () => {
  it.each([
    ['the fox was happy.', 'cheerful'],
    ['the fox found a red ball and smiled.', 'cheerful'],
    ['in the end anna felt lonely.', 'gloomy'],
    ['one day the fox went to the pond.', 'neutral'],
    ['the rain did not stop. it was very proud.', 'cheerful'],
    ['', 'neutral'],
  ])('%s', (text, mood) => {
    expect(feelingOf(text)).toBe(mood);
  });
});
