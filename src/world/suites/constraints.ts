/**
 * Several constraints at once: stories with hero, feeling, number of sentences and two details, asked for in
 * phrasings that no training prompt has. All of them have to be met.
 */
import type { Rng } from '../../data/rng.ts';
import { bind, render } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import type { GenerationTask } from '../tasks.ts';
import { distinctItems, idealAnswer, readAnswer, type TaskItem } from './answers.ts';
import type { Suite } from './suite.ts';

interface StoryItem extends TaskItem {
  readonly task: GenerationTask;
}

/** Two details at most, so that the number of sentences leaves room for them. */
const PHRASINGS = [
  'write three {feeling} sentences about {who} and a {object} in the {place}.',
  'tell me in three sentences how {who} and the {animal} were {feeling} in the {place}.',
  'write three sentences about {who} with a {object} and the {animal}. make them {feeling}.',
  'write two {feeling} sentences about {who} and a {object}.',
] as const;

function drawStory(rng: Rng): Omit<StoryItem, 'id'> {
  const template = rng.pick<string>(PHRASINGS);
  const heroes = [...LEXICON.person, ...LEXICON.animal.map((animal) => `the ${animal}`)];
  const who = rng.pick(heroes);
  const animal = rng.pick(LEXICON.animal.filter((each) => `the ${each}` !== who));
  const bound = bind(template, rng, { who, animal });
  const slot = (name: string): string | null =>
    template.includes(`{${name}}`) ? (bound[name] ?? null) : null;
  return {
    prompt: render(template, bound),
    task: {
      useCase: 'generation',
      hero: who,
      feeling: slot('feeling') ?? '',
      sentences: template.includes('three') ? 3 : 2,
      object: slot('object'),
      place: slot('place'),
      companion: slot('animal') === null ? null : `the ${animal}`,
    },
  };
}

/** What nobody asked for, although the gold judge likes it. */
const UNASKED = 'length';

/** Score: every constraint that was asked for met, in a sound answer. */
export const severalConstraints: Suite<StoryItem> = {
  name: 'several-constraints',
  title: 'Several constraints at once',
  form: 'instruction',
  chance: 0,
  counts: { 'constraints met': 'more is better' },
  items: (seed, count) => distinctItems('several-constraints', seed, count, drawStory),
  judge: (item, response, ended) => {
    const { reading, asked, helpful, sound } = readAnswer(item, response, ended);
    const unmet = asked.filter(({ name, met }) => name !== UNASKED && met < 1);
    return {
      score: sound && reading.fluency === 1 && unmet.length === 0 ? 1 : 0,
      reasons: sound ? unmet.map(({ name }) => `not met: ${name}`) : ['no answer'],
      counts: { 'constraints met': helpful },
    };
  },
  ideal: idealAnswer,
  blind: () => null,
};
