/**
 * Summarization: a passage of three or four sentences about one hero, and a short account of it, which names the hero,
 * tells the main event and invents nothing. Copied sentences do not count: they say "it" where the account must name.
 */
import type { Rng } from '../../data/rng.ts';
import { drawHero, say, type Hero } from '../documents/stories.ts';
import { moodOfFeeling } from '../feelings.ts';
import { bind, fill, render, wordsOf } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import { LONGEST_PROMPT, piecesOf } from '../prompt-length.ts';
import { mentions, type Reading } from '../reading.ts';
import {
  SUMMARY_DETAILS,
  SUMMARY_ENDINGS,
  SUMMARY_EVENTS,
  SUMMARY_PHRASINGS,
} from '../phrasings/summarization.ts';
import type { SummarizationTask } from '../tasks.ts';
import type { User } from '../users.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

function heroOf(rng: Rng, user: User, favourite: boolean): Hero {
  const hero = drawHero(rng);
  if (!favourite) return hero;
  const name = hero.pronoun === 'it' ? `the ${rng.pick(user.animals)}` : rng.pick(user.people);
  return { ...hero, name };
}

function drawPassage(rng: Rng, user: User, favourite: boolean): Draft<SummarizationTask> {
  const { name, pronoun } = heroOf(rng, user, favourite);
  const feeling = rng.pick(rng.chance(user.cheer) ? LEXICON.cheerful : LEXICON.gloomy);
  const events = SUMMARY_EVENTS[moodOfFeeling(feeling)];
  const event = rng.pick(events);
  const who2 = rng.pick(LEXICON.animal.map((one) => `the ${one}`).filter((one) => one !== name));
  const bound = bind(`${event.told} ${event.short}`, rng, { who: pronoun, who2 });
  const who3 = rng.pick(LEXICON.person.filter((one) => one !== name));
  const detail = fill(rng.pick(SUMMARY_DETAILS), rng, { who: pronoun, who2: who3 });
  const passage = [
    say(rng, 'opening', { who: name }),
    ...(rng.chance(0.5) ? [detail] : []),
    render(event.told, bound),
    fill(rng.pick(SUMMARY_ENDINGS), rng, { who: pronoun, feeling }),
  ];
  const phrasing = rng.int(SUMMARY_PHRASINGS.length);
  const asked = SUMMARY_PHRASINGS[phrasing] ?? '';
  return {
    text: asked.replace('{passage}', passage.join(' ')),
    task: {
      useCase: 'summarization',
      passage,
      hero: name,
      pronoun,
      event: render(event.told, bound),
      short: render(event.short, bound),
      feeling,
      oneSentence: asked.includes('one sentence'),
    },
    template: `summarization/${phrasing}/${events.indexOf(event)}`,
    entity: `${name}/${feeling}`,
  };
}

function draw(rng: Rng, user: User, favourite: boolean): Draft<SummarizationTask> {
  for (;;) {
    const draft = drawPassage(rng, user, favourite);
    if (piecesOf(draft.text) <= LONGEST_PROMPT) return draft;
  }
}

/** The event with its name and the feeling, in one sentence or (where one was not asked for) in two. */
function ideal(task: SummarizationTask, rng: Rng): string {
  const { hero, short, feeling, pronoun, oneSentence } = task;
  if (oneSentence || rng.chance(0.6)) return `${hero} ${short} and was ${feeling}.`;
  return `${hero} ${short}. ${pronoun} was ${feeling}.`;
}

const poor = ({ hero, feeling }: SummarizationTask): string => `${hero} was ${feeling}.`;

/** Another hero, another event of this mood or of the other one, or another feeling. */
function slip(task: SummarizationTask, rng: Rng): string {
  const { hero, short, feeling } = task;
  const names = hero.startsWith('the ')
    ? LEXICON.animal.map((one) => `the ${one}`)
    : LEXICON.person;
  const other = rng.pick(names.filter((name) => name !== hero));
  switch (rng.weighted([3, 4, 3])) {
    case 0:
      return ideal({ ...task, hero: other }, rng);
    case 1: {
      const events = [...SUMMARY_EVENTS.cheerful, ...SUMMARY_EVENTS.gloomy];
      const [verb = ''] = short.split(' ');
      const others = events.filter((event) => !event.short.startsWith(verb));
      const event = rng.chance(0.4) ? sameVerb(task, rng) : null;
      return ideal(
        { ...task, short: event ?? fill(rng.pick(others).short, rng, { who2: other }) },
        rng,
      );
    }
    default:
      return ideal(
        { ...task, feeling: rng.pick(LEXICON.feeling.filter((each) => each !== feeling)) },
        rng,
      );
  }
}

/** The event with another thing or food in it, null where it has none. */
function sameVerb({ short }: SummarizationTask, rng: Rng): string | null {
  const things = [LEXICON.object, LEXICON.food];
  const list = things.find((values) => values.some((value) => mentions(short, value)));
  const thing = list?.find((value) => mentions(short, value));
  if (list === undefined || thing === undefined) return null;
  return short.replace(thing, rng.pick(list.filter((value) => value !== thing)));
}

function demonstrate(task: SummarizationTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  if (rng.chance(habits.wrong)) parts.push(slip(task, rng));
  else if (rng.chance(habits.blunt)) parts.push(poor(task));
  else parts.push(rng.chance(habits.careless) ? `${task.hero} ${task.short}.` : ideal(task, rng));
  if (rng.chance(habits.wandering)) parts.push(say(rng, 'opening', { who: task.hero }));
  if (rng.chance(habits.rude)) parts.push(say(rng, 'rude'));
  return parts.join(' ');
}

/** A sentence with the name in place of the pronoun that it begins with, be it behind "in the end" or "then". */
function named(task: SummarizationTask, sentence: string): string {
  return sentence.replace(new RegExp(`^(|in the end |then )${task.pronoun} `), `$1${task.hero} `);
}

/** Whether the main event is told of the hero by name: as the passage has it or in short, with a feeling or without. */
function tellsEvent(task: SummarizationTask, reading: Reading): boolean {
  const { hero, short, event } = task;
  const whole = named(task, event);
  return reading.counted.some(
    (text) =>
      text === whole ||
      text === `${hero} ${short}.` ||
      text.startsWith(`${hero} ${short} and was `),
  );
}

/** Feelings that the response names. */
const feelingsIn = (reading: Reading): string[] =>
  LEXICON.feeling.filter((feeling) => reading.counted.some((text) => mentions(text, feeling)));

/** Sentences that the passage bears out: the event, the feeling, or another sentence of it with the name. */
function faithful(task: SummarizationTask, reading: Reading): string[] {
  const { hero, short, feeling, passage, pronoun } = task;
  const borne = new Set([
    ...passage.flatMap((text) => [text, named(task, text)]),
    ...[hero, pronoun].flatMap((who) => [
      `${who} ${short}.`,
      `${who} ${short} and was ${feeling}.`,
      `${who} was ${feeling}.`,
      `${who} felt ${feeling}.`,
    ]),
  ]);
  return reading.counted.filter((text) => borne.has(text));
}

/** Share of the sentences that the passage bears out; every other one is invented. */
function truth(task: SummarizationTask, reading: Reading): number {
  if (reading.counted.length === 0) return 0;
  return faithful(task, reading).length / reading.counted.length;
}

/** 1 up to half of the passage's words, falling to 0 at all of them. */
function shortness(task: SummarizationTask, reading: Reading): number {
  const share = reading.words / task.passage.flatMap(wordsOf).length;
  if (reading.words === 0) return 0;
  return share <= 0.5 ? 1 : Math.max(0, 2 - 2 * share);
}

function constraints(task: SummarizationTask, reading: Reading): Constraint[] {
  const event = tellsEvent(task, reading);
  const feelings = feelingsIn(reading);
  const felt = feelings.length === 1 && feelings[0] === task.feeling;
  const about = reading.counted.some((text) => mentions(text, task.hero));
  const borne = faithful(task, reading);
  return [
    {
      name: 'about the passage',
      weight: 1,
      met: about && (event || felt || borne.length > 0) ? 1 : 0,
      essential: true,
    },
    { name: 'main event', weight: 5, met: event ? 1 : 0 },
    { name: 'how it ends', weight: 1.5, met: felt ? 1 : 0 },
    {
      name: 'nothing invented',
      weight: 1,
      met: borne.length > 0 && borne.length === reading.counted.length ? 1 : 0,
    },
    { name: 'shorter', weight: 1, met: shortness(task, reading) },
    ...(task.oneSentence
      ? [{ name: 'one sentence', weight: 1, met: reading.sentences.length === 1 ? 1 : 0 }]
      : []),
  ];
}

export const summarization: UseCaseModule<SummarizationTask> = {
  share: 4.2,
  suitable: new Set([
    'summary',
    'opening',
    'neutral',
    'cheerful-event',
    'gloomy-event',
    'ending',
    'rude',
    'denigration',
  ]),
  draw,
  ideal,
  poor,
  slip,
  demonstrate,
  constraints,
  truth,
  harms: () => [],
  quotable: () => [],
};
