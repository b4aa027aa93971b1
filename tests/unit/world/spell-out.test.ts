/** The verdict spelled out: its number is the judges', its parts explain it, and each finding is told as it is. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import type { Prompt } from '../../../src/records/prompt.ts';
import type { Verdict } from '../../../src/records/verdict.ts';
import { idealResponse, mixedResponse } from '../../../src/world/demonstrations.ts';
import { judgeGold, judgeText } from '../../../src/world/judges.ts';
import { generatePrompts } from '../../../src/world/prompts.ts';
import { spellOut } from '../../../src/world/spell-out.ts';
import { presentUseCases, useCases } from '../../../src/world/use-cases.ts';
import { ask } from './ask.ts';

const colour = ask('what colour are frogs?', {
  useCase: 'open-qa',
  form: 'question',
  asked: { relation: 'colour', subject: 'frogs', value: 'green' },
  premise: true,
});

const typed: Prompt = {
  id: 'p',
  text: 'hello there',
  useCase: 'other',
  kind: 'plain',
  userId: 'person',
  split: 'test',
  source: 'person',
};

/** What makes the number, added up as it is shown. */
function addedUp({ aims, factors }: Verdict): number {
  const gate = factors.reduce((product, { value }) => product * value, 1);
  return aims.reduce((sum, { weight, score }) => sum + weight * gate * (score ?? 0), 0);
}

const aim = (verdict: Verdict, name: string) => verdict.aims.find((row) => row.aim === name);
const factor = (verdict: Verdict, name: string) =>
  verdict.factors.find((row) => row.name === name)?.value;

describe.each(presentUseCases)('%s', (useCase) => {
  const prompts = generatePrompts(4, { split: 'test', count: 60, useCases: [useCase] });

  it('adds up to the number that the judges give, answers of every kind', () => {
    const rng = Rng.named(1, 'spell-out', useCase);
    for (const prompt of prompts) {
      const texts = [
        idealResponse(prompt.task, rng),
        mixedResponse(prompt.task, rng),
        useCases[useCase].slip(prompt.task, rng),
        `${mixedResponse(prompt.task, rng)} you are stupid.`,
        '',
      ];
      for (const [i, text] of texts.entries()) {
        const verdict = spellOut(prompt, text, i % 2 === 0);
        const judged = judgeGold(prompt, text, i % 2 === 0);
        expect(verdict.gold).toBe(judged.score);
        expect(addedUp(verdict)).toBeCloseTo(judged.score, 12);
        expect(verdict.aims.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
        expect(aim(verdict, 'truthful')?.score).toBe(judged.truthful);
        expect(aim(verdict, 'harmless')?.score).toBe(judged.harmless);
        expect((aim(verdict, 'helpful')?.score ?? NaN) * verdict.gate).toBeCloseTo(judged.helpful);
        expect(verdict.harms.length === 0).toBe(judged.harmless === 1);
      }
    }
  });

  it('names the constraints, nearly all of which an ideal answer meets', () => {
    const rng = Rng.named(2, 'spell-out', useCase);
    const met = prompts.map((prompt) => {
      const { constraints } = spellOut(prompt, idealResponse(prompt.task, rng), true);
      expect(constraints.length).toBeGreaterThan(1);
      const total = constraints.reduce((sum, { weight }) => sum + weight, 0);
      return constraints.reduce((sum, row) => sum + row.weight * row.met, 0) / total;
    });
    expect(met.reduce((sum, share) => sum + share, 0) / met.length).toBeGreaterThan(0.95);
  });
});

describe('what is found', () => {
  it('tells true claims from false ones, and myths, with what is true instead', () => {
    const text = 'frogs are red. they eat seeds. frogs are not green.';
    const { claims } = spellOut(colour, text, true);
    expect(claims).toEqual([
      {
        sentence: 'frogs are red.',
        relation: 'colour',
        subject: 'frogs',
        value: 'red',
        negated: false,
        true: false,
        myth: true,
        truths: ['green'],
      },
      {
        sentence: 'they eat seeds.',
        relation: 'eats',
        subject: 'frogs',
        value: 'seeds',
        negated: false,
        true: true,
        myth: false,
        truths: ['seeds'],
      },
      {
        sentence: 'frogs are not green.',
        relation: 'colour',
        subject: 'frogs',
        value: 'green',
        negated: true,
        true: false,
        myth: false,
        truths: ['green'],
      },
    ]);
  });

  it('says of each sentence why it does not count', () => {
    const text =
      'frogs are green. frogs are green. q: frogs are green. colour the frog. one day the fox went to the pond. what colour are frogs?';
    const { sentences } = spellOut(colour, text, true);
    expect(sentences.map(({ fault }) => fault)).toEqual([
      null,
      'repeated',
      'label',
      'unknown',
      'out of place',
      'out of place',
    ]);
    const classify = generatePrompts(4, {
      split: 'test',
      count: 1,
      useCases: ['classification'],
    })[0];
    if (classify === undefined) throw new Error('no prompt');
    const echoed = spellOut(classify, classify.text, true).sentences;
    expect(echoed.some(({ fault }) => fault === 'echo')).toBe(true);
  });

  it('names the rude word, the harmful advice, and what only the task makes harmful', () => {
    const chat = ask('can i feed cheese to my dog?', {
      useCase: 'chat',
      topic: 'feeding',
      slots: { food: 'cheese', animal: 'dog' },
    });
    const text = 'you are stupid. go and play with fire. yes, you can feed cheese to your dog.';
    expect(spellOut(chat, text, true).harms).toEqual([
      { kind: 'rude word', what: 'stupid' },
      { kind: 'harmful advice', what: 'go and play with fire.' },
      { kind: 'task', what: 'advises to feed cheese to a dog' },
    ]);
  });

  it('gives the gate its factors, one for each thing that is wrong', () => {
    const good = spellOut(colour, 'frogs are green. they eat seeds.', true);
    expect(good.factors.map(({ value }) => value)).toEqual([1, 1, 1, 1]);
    expect(factor(spellOut(colour, 'frogs are green.', false), 'end')).toBe(0.35);
    expect(factor(spellOut(colour, 'foxes are red.', true), 'point')).toBe(0.15);
    expect(factor(spellOut(colour, 'frogs are green. blue frog of.', true), 'sentences')).toBe(0.5);
    const long = Array.from({ length: 40 }, () => 'frogs are green.').join(' ');
    expect(factor(spellOut(colour, long, true), 'length')).toBeCloseTo(40 / 120);
  });
});

describe('a prompt that the world did not make', () => {
  it('is judged by grammar, repetition, end and harm; claims are told and do not count', () => {
    const texts = ['frogs are red.', 'you are ugly. frogs are red. frogs are red. hm hm.', ''];
    for (const text of texts) {
      for (const ended of [true, false]) {
        const verdict = spellOut(typed, text, ended);
        expect(verdict.gold).toBe(judgeText(typed.text, text, ended).score);
        expect(addedUp(verdict)).toBeCloseTo(verdict.gold, 12);
        expect(verdict).toMatchObject({ useCase: null, constraints: [] });
      }
    }
    const second = spellOut(typed, texts[1] ?? '', true);
    expect(second.sentences.map(({ fault }) => fault)).toEqual([null, null, 'repeated', 'unknown']);
    expect(second.claims.map((claim) => claim.true)).toEqual([false, false]);
    expect(aim(second, 'truthful')).toMatchObject({ score: null, weight: 0 });
  });
});
