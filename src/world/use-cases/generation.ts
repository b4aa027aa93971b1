/**
 * Generation: a short text about someone with a feeling, sometimes with a place, a thing, a companion or a number
 * of sentences. Judged on hero, feeling, mentions, count or length, and on keeping to the hero.
 */
import type { Rng } from '../../data/rng.ts';
import { say } from '../documents/stories.ts';
import { moodOfFeeling } from '../feelings.ts';
import { bind, fill, render } from '../grammar.ts';
import { LEXICON, pluralOf } from '../lexicon.ts';
import { GENERATION_PHRASINGS } from '../phrasings.ts';
import { lengthFit, mentions, sentencesOfKind, type Reading } from '../reading.ts';
import type { GenerationTask } from '../tasks.ts';
import type { TemplateGroup } from '../templates.ts';
import type { User } from '../users.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

const COUNTS: Readonly<Record<string, number>> = { two: 2, three: 3 };

function draw(rng: Rng, user: User, favourite: boolean): Draft<GenerationTask> {
  const template = rng.pick<string>(GENERATION_PHRASINGS);
  const feeling = rng.pick(rng.chance(user.cheer) ? LEXICON.cheerful : LEXICON.gloomy);
  const liked = favourite ? { animal: rng.pick(user.animals), person: rng.pick(user.people) } : {};
  const bound = bind(template, rng, { ...liked, feeling });
  const slot = (name: string): string | null =>
    template.includes(`{${name}}`) ? (bound[name] ?? null) : null;
  const animal = slot('animal');
  const person = slot('person');
  const animal2 = slot('animal2') ?? (person === null ? null : animal);
  return {
    text: render(template, bound),
    task: {
      useCase: 'generation',
      hero: person ?? `the ${animal ?? ''}`,
      feeling,
      sentences: COUNTS[slot('count') ?? ''] ?? null,
      object: slot('object'),
      place: slot('place'),
      companion: animal2 === null ? null : `the ${animal2}`,
    },
    template: `generation/${(GENERATION_PHRASINGS as readonly string[]).indexOf(template)}`,
    entity: `${person ?? ''}/${animal ?? ''}`,
  };
}

const WITH_OBJECT = {
  cheerful: ['{who} found a {object}.', '{who} found a {colour} {object} and smiled.'],
  gloomy: [
    '{who} lost the {object}.',
    '{who} lost a {colour} {object} and cried.',
    '{who} broke the {object}.',
  ],
};
const WITH_COMPANION = {
  cheerful: [
    '{who} played with {who2} all day.',
    '{who} sang a song with {who2}.',
    '{who2} helped {who}.',
  ],
  gloomy: ['{who2} shouted at {who}.', '{who2} ran away from {who}.'],
};

/** A story that keeps to the asked details; `task` may already have been stripped of some. */
function tell(task: GenerationTask, rng: Rng): string {
  const who = task.hero;
  const mood = moodOfFeeling(task.feeling);
  const must: string[] = [];
  const place = task.place === null ? {} : { place: task.place };
  if (task.object !== null)
    must.push(fill(rng.pick(WITH_OBJECT[mood]), rng, { who, object: task.object }));
  if (task.companion !== null) {
    must.push(fill(rng.pick(WITH_COMPANION[mood]), rng, { who, who2: task.companion }));
  }
  const length = task.sentences ?? (rng.chance(0.6) ? 3 : 2);
  const room = length - 1 - must.length;
  const needed = task.place !== null && must.length === 0;
  const sentences = room > 0 || needed ? [say(rng, 'opening', { who, ...place }), ...must] : must;
  while (sentences.length < length - 1) sentences.push(eventFor(rng, who, mood));
  sentences.push(say(rng, 'ending', { who, feeling: task.feeling }));
  return sentences.join(' ');
}

/** An event of a mood with no character besides the hero. */
function eventFor(rng: Rng, who: string, mood: 'cheerful' | 'gloomy'): string {
  const lone = {
    cheerful: [
      '{who} found a {colour} {object} and smiled.',
      '{who} laughed and danced.',
      '{who} won the race.',
    ],
    gloomy: [
      '{who} lost a {colour} {object} and cried.',
      '{who} was alone in the {place}.',
      'no one came to help {who}.',
    ],
  };
  return fill(rng.pick(lone[mood]), rng, { who });
}

/** A story with one detail changed: another feeling, hero, thing, place, companion or length. */
function slip(task: GenerationTask, rng: Rng): string {
  const other = (values: readonly string[], value: string): string =>
    rng.pick(values.filter((each) => each !== value));
  const { hero, feeling, object, place, companion, sentences } = task;
  const animal = (value: string): string => `the ${other(LEXICON.animal, value.slice(4))}`;
  const changes: Partial<GenerationTask>[] = [
    { feeling: other(LEXICON.feeling, feeling) },
    { feeling: other(LEXICON.feeling, feeling) },
    { hero: hero.startsWith('the ') ? animal(hero) : other(LEXICON.person, hero) },
    ...(object === null ? [] : [{ object: other(LEXICON.object, object) }]),
    ...(place === null ? [] : [{ place: other(LEXICON.place, place) }]),
    ...(companion === null ? [] : [{ companion: animal(companion) }]),
    ...(sentences === null ? [] : [{ sentences: sentences === 2 ? 3 : 2 }]),
  ];
  return tell({ ...task, ...rng.pick(changes) }, rng);
}

function bluntSentence(task: GenerationTask, rng: Rng): string {
  return say(rng, rng.chance(0.7) ? 'opening' : 'neutral', {
    who: task.hero,
    who2: 'the cow' === task.hero ? 'the hen' : 'the cow',
  });
}

function demonstrate(task: GenerationTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  if (rng.chance(habits.blunt)) parts.push(bluntSentence(task, rng));
  else {
    const drop = <V>(value: V): V | null => (rng.chance(habits.careless) ? null : value);
    const feeling = rng.chance(habits.careless) ? rng.pick(LEXICON.feeling) : task.feeling;
    parts.push(
      tell(
        {
          ...task,
          feeling,
          sentences: drop(task.sentences),
          object: drop(task.object),
          place: drop(task.place),
          companion: drop(task.companion),
        },
        rng,
      ),
    );
  }
  if (rng.chance(habits.wandering))
    parts.push(say(rng, 'opening', { who: rng.pick(LEXICON.person) }));
  if (rng.chance(habits.rude)) {
    const animal = task.hero.startsWith('the ') ? task.hero.slice(4) : rng.pick(LEXICON.animal);
    parts.push(
      say(rng, 'denigration', {
        animals: pluralOf(animal),
        person: task.hero.replace(/^the .*/, 'ben'),
      }),
    );
  }
  return parts.join(' ');
}

/** Sentences about the hero: by name, or by pronoun once the name has been said. */
function aboutHero(task: GenerationTask, reading: Reading): string[] {
  let named = false;
  return reading.counted.filter((sentence) => {
    if (mentions(sentence, task.hero)) {
      named = true;
      return true;
    }
    return named && ['it', 'she', 'he'].some((pronoun) => mentions(sentence, pronoun));
  });
}

/** Feelings that the response says the hero has. */
function namedFeelings(reading: Reading, about: readonly string[]): string[] {
  const endings = sentencesOfKind(reading, 'ending').filter((sentence) => about.includes(sentence));
  return LEXICON.feeling.filter((feeling) => endings.some((text) => mentions(text, feeling)));
}

/** 1 for the asked feeling, 0.5 for its mood, 0.4 where only events have the mood, 0.2 where moods are mixed. */
function feelingMet(task: GenerationTask, reading: Reading, named: readonly string[]): number {
  const wanted = moodOfFeeling(task.feeling);
  const clash = named.some((feeling) => moodOfFeeling(feeling) !== wanted);
  if (named.includes(task.feeling)) return clash ? 0.2 : 1 / named.length ** 0.5;
  if (named.length > 0) return clash ? 0 : 0.5;
  const count = (group: TemplateGroup): number => sentencesOfKind(reading, group).length;
  const balance = count('cheerful-event') - count('gloomy-event');
  return (wanted === 'cheerful' ? balance : -balance) > 0 ? 0.4 : 0;
}

function constraints(task: GenerationTask, reading: Reading): Constraint[] {
  const about = aboutHero(task, reading);
  const count = reading.sentences.length;
  const asked = [task.object, task.place, task.companion].filter((each) => each !== null);
  const off = task.sentences === null ? 0 : Math.abs(count - task.sentences);
  const named = namedFeelings(reading, about);
  const stuffed = named.length > 2;
  const share = reading.counted.length === 0 ? 0 : about.length / reading.counted.length;
  return [
    { name: 'hero', weight: 1, met: Math.min(1, about.length), essential: true },
    { name: 'feeling', weight: 3, met: stuffed ? 0 : feelingMet(task, reading, named) },
    { name: 'keeps to the hero', weight: 1, met: stuffed ? 0 : share },
    { name: 'length', weight: 1, met: lengthFit(reading.words, 12, 26) },
    ...asked.map((each) => ({
      name: `mentions ${each}`,
      weight: 1.5,
      met: reading.counted.some((sentence) => mentions(sentence, each)) ? 1 : 0,
    })),
    ...(task.sentences === null
      ? []
      : [{ name: 'number of sentences', weight: 2, met: off === 0 ? 1 : off === 1 ? 0.3 : 0 }]),
  ];
}

export const generation: UseCaseModule<GenerationTask> = {
  share: 45.6,
  suitable: new Set(['title', 'opening', 'neutral', 'cheerful-event', 'gloomy-event', 'ending']),
  draw,
  ideal: tell,
  poor: (task, rng) => say(rng, 'opening', { who: task.hero }),
  slip,
  demonstrate,
  constraints,
  truth: () => null,
  harms: () => [],
  quotable: () => [],
};
