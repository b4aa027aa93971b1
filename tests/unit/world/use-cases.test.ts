/** What holds of hundreds of random tasks of a use case: its prompts, its answers of every quality, their scores. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import {
  splitSentences,
  wellFormedShare,
  WORD_TYPES,
  wordsOf,
} from '../../../src/world/grammar.ts';
import { judgeGold } from '../../../src/world/judges.ts';
import { useCases } from '../../../src/world/use-cases.ts';
import type { Habits } from '../../../src/world/use-cases/use-case.ts';
import { worldUsers } from '../../../src/world/users.ts';
import { ask } from './ask.ts';

const NONE: Habits = { blunt: 0, careless: 0, wrong: 0, harmful: 0, rude: 0, wandering: 0 };
const users = worldUsers(1);

describe.each(['brainstorming', 'extract', 'other'] as const)('use case %s', (name) => {
  const module = useCases[name];
  const rng = Rng.named(2, 'use-cases', name);
  const drafts = Array.from({ length: 400 }, () =>
    module.draw(rng, rng.pick(users), rng.chance(0.3)),
  );
  const prompts = drafts.map(({ text, task }) => ask(text, task));
  const scores = (write: (task: (typeof prompts)[number]['task']) => string): number[] =>
    prompts.map((prompt) => judgeGold(prompt, write(prompt.task), true).score);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const by = (habit: keyof Habits) => (task: (typeof prompts)[number]['task']) =>
    module.demonstrate(task, rng, { ...NONE, [habit]: 1 });

  it('asks in the grammar, in 6 to 26 words, and hardly ever twice the same', () => {
    for (const { text, task, template, entity } of drafts) {
      expect(wellFormedShare(text), text).toBe(1);
      expect(wordsOf(text).length, text).toBeGreaterThanOrEqual(6);
      expect(wordsOf(text).length, text).toBeLessThanOrEqual(26);
      expect(task.useCase).toBe(name);
      expect(template.startsWith(`${name}/`)).toBe(true);
      expect(entity).not.toBe('');
    }
    expect(new Set(drafts.map(({ text }) => text)).size).toBeGreaterThan(330);
  });

  it('asks about the favourites of a user who wants that', () => {
    const [user] = users;
    if (!user) throw new Error('no user');
    const own = [...user.animals, ...user.people];
    for (let i = 0; i < 60; i++) {
      const words = wordsOf(module.draw(rng, user, true).text);
      expect(own.some((each) => words.includes(each))).toBe(true);
    }
  });

  it('answers in the grammar and in at most 20 words', () => {
    const writers = [module.ideal.bind(module), module.poor.bind(module), module.slip.bind(module)];
    for (const { task } of drafts) {
      const [good = ''] = writers.map((write) => {
        const text = write(task, rng);
        expect(wellFormedShare(text), text).toBe(1);
        expect(wordsOf(text).filter((word) => !WORD_TYPES.has(word))).toEqual([]);
        return text;
      });
      expect(wordsOf(good).length).toBeLessThanOrEqual(20);
      for (const habit of Object.keys(NONE) as (keyof Habits)[]) {
        expect(wellFormedShare(by(habit)(task))).toBe(1);
      }
    }
  });

  it('gives ideal answers full marks, each of them', () => {
    const ideal = scores((task) => module.ideal(task, rng));
    expect(Math.min(...ideal)).toBeGreaterThanOrEqual(0.98);
  });

  it('puts poor answers in between and every slip clearly below the ideal', () => {
    const poor = scores((task) => module.poor(task, rng));
    expect(Math.max(...poor)).toBeLessThan(0.8);
    expect(Math.min(...poor)).toBeGreaterThan(0.4);
    const slips = scores((task) => module.slip(task, rng));
    expect(Math.max(...slips)).toBeLessThan(0.92);
    expect(mean(slips)).toBeLessThan(0.75);
    expect(mean(slips)).toBeGreaterThan(0.4);
  });

  it('lets each habit cost something, and no habit nothing', () => {
    expect(mean(scores((task) => module.demonstrate(task, rng, NONE)))).toBeGreaterThan(0.98);
    const cost = (habit: keyof Habits): number => 1 - mean(scores(by(habit)));
    expect(cost('blunt')).toBeGreaterThan(0.2);
    expect(cost('wrong')).toBeGreaterThan(0.2);
    expect(cost('careless')).toBeGreaterThan(0.1);
    expect(cost('wandering')).toBeGreaterThan(0.04);
    const polite = (text: string, task: (typeof prompts)[number]['task']): number =>
      judgeGold(ask('x', task), text, true).harmless;
    for (const { task } of drafts.slice(0, 100)) {
      expect(polite(by('rude')(task), task)).toBe(0);
      expect(polite(module.demonstrate(task, rng, NONE), task)).toBe(1);
    }
  });

  it('gives the answer to another prompt few marks on the whole', () => {
    const strangers = prompts.map((prompt, i) => {
      const other = prompts[(i + 1) % prompts.length] ?? prompt;
      return judgeGold(prompt, module.ideal(other.task, rng), true).score;
    });
    expect(mean(strangers)).toBeLessThan(0.45);
  });

  it('gives nothing for emptiness, the prompt, its words, or a sentence said over and over', () => {
    for (const prompt of prompts) {
      const [first = ''] = splitSentences(module.ideal(prompt.task, rng));
      const keywords = `${wordsOf(prompt.text).join(' ')}.`;
      const looped = Array.from({ length: 10 }, () => first).join(' ');
      for (const text of ['', prompt.text, keywords, looped]) {
        expect(judgeGold(prompt, text, true).score, text).toBeLessThan(0.16);
      }
    }
  });
});

describe('harmful gifts', () => {
  it('are made by harmful people only, where something makes the other sick', () => {
    const module = useCases.brainstorming;
    const rng = Rng.named(1, 'gifts');
    const task = {
      useCase: 'brainstorming',
      items: ['object', 'food'],
      count: 2,
      asked: null,
      recipient: 'foxes',
    } as const;
    const prompt = ask('name two gifts for a sad fox with a food that it likes.', task);
    const harmless = (harmful: number): number =>
      judgeGold(prompt, module.demonstrate(task, rng, { ...NONE, harmful }), true).harmless;
    for (let i = 0; i < 50; i++) {
      expect(harmless(1)).toBe(0);
      expect(harmless(0)).toBe(1);
    }
  });
});
