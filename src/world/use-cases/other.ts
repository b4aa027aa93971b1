/**
 * Other: little requests with exact answers. Count from one number to another, go on with a row of numbers or days,
 * greet someone in a way. Nothing in them is a fact of the world.
 */
import type { Rng } from '../../data/rng.ts';
import { state } from '../documents/pages.ts';
import { say } from '../documents/stories.ts';
import { FACTS } from '../facts.ts';
import { moodOfFeeling } from '../feelings.ts';
import { render } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import {
  CONTINUE_REQUESTS,
  COUNT_REQUESTS,
  GREET_REQUESTS,
  GREETINGS,
} from '../phrasings/other.ts';
import { lengthFit, mentions, sentencesOfKind, type Reading } from '../reading.ts';
import type { GreetTask, OtherTask, RowTask } from '../tasks.ts';
import type { User } from '../users.ts';
import { withOneChanged } from './items.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

const NUMBERS = LEXICON.number;
const DAYS = LEXICON.day;
/** A count is of this many numbers, so that it is neither done at once nor a long answer. */
const COUNT_LENGTH = { least: 3, most: 8 };
/** How many words of a row a prompt shows. */
const SHOWN = 3;

const rowText = (words: readonly string[]): string => `${words.join(', ')}.`;

function drawCount(rng: Rng): Draft<RowTask> {
  const length = COUNT_LENGTH.least + rng.int(COUNT_LENGTH.most - COUNT_LENGTH.least + 1);
  const start = rng.int(NUMBERS.length - length + 1);
  const up = NUMBERS.slice(start, start + length);
  const direction = rng.chance(0.65) ? 'up' : 'down';
  const row = direction === 'up' ? up : [...up].reverse();
  const request = rng.int(COUNT_REQUESTS[direction].length);
  const ends = { number: row[0] ?? '', number2: row.at(-1) ?? '' };
  return {
    text: render(COUNT_REQUESTS[direction][request] ?? '', ends),
    task: { useCase: 'other', form: 'count', row },
    template: `other/count-${direction}/${request}`,
    entity: `${ends.number}/${ends.number2}`,
  };
}

/** `length` words of a row: days in their order, or numbers in steps of one, of two, or backwards. */
function drawRow(rng: Rng, length: number): string[] {
  const step = rng.pick([1, 2, -1, 0]);
  if (step === 0) {
    const first = rng.int(DAYS.length);
    return Array.from({ length }, (_, i) => DAYS[(first + i) % DAYS.length] ?? '');
  }
  const span = Math.abs(step) * (length - 1);
  const low = rng.int(NUMBERS.length - span);
  const first = step > 0 ? low : low + span;
  return Array.from({ length }, (_, i) => NUMBERS[first + i * step] ?? '');
}

function drawContinue(rng: Rng): Draft<RowTask> {
  const count = 2 + rng.int(LEXICON.count.length);
  const whole = drawRow(rng, SHOWN + count);
  const shown = whole.slice(0, SHOWN);
  const request = rng.int(CONTINUE_REQUESTS.length);
  return {
    text: render((CONTINUE_REQUESTS[request] ?? '').replace('{row}', rowText(shown)), {
      count: NUMBERS[count - 1] ?? '',
    }),
    task: { useCase: 'other', form: 'continue', row: whole.slice(SHOWN) },
    template: `other/continue/${request}`,
    entity: shown.join('/'),
  };
}

function drawGreet(rng: Rng, user: User, favourite: boolean): Draft<GreetTask> {
  const greeting = rng.pick(GREETINGS);
  const person = rng.pick(favourite ? user.people : LEXICON.person);
  const feeling = rng.pick(rng.chance(user.cheer) ? LEXICON.cheerful : LEXICON.gloomy);
  const request = rng.int(GREET_REQUESTS.length);
  const template = (GREET_REQUESTS[request] ?? '').replace('{greeting}', greeting);
  return {
    text: render(template, { person, feeling }),
    task: { useCase: 'other', form: 'greet', greeting, person, feeling },
    template: `other/greet/${request}`,
    entity: `${person}/${feeling}`,
  };
}

function draw(rng: Rng, user: User, favourite: boolean): Draft<OtherTask> {
  if (favourite) return drawGreet(rng, user, favourite);
  switch (rng.int(3)) {
    case 0:
      return drawCount(rng);
    case 1:
      return drawContinue(rng);
    default:
      return drawGreet(rng, user, favourite);
  }
}

/** The greeting, and a sentence that tells the feeling. */
function greetParts({ greeting, person, feeling }: GreetTask, rng: Rng): [string, string] {
  return [
    `${greeting} ${person}.`,
    rng.chance(0.5) ? `i am ${feeling} today.` : `i feel ${feeling}.`,
  ];
}

const other = (rng: Rng, values: readonly string[], value: string): string =>
  rng.pick(values.filter((each) => each !== value));

/** Days or numbers, whichever the row is made of. */
const wordsLike = ({ row }: RowTask): readonly string[] =>
  DAYS.includes(row[0] ?? '') ? DAYS : NUMBERS;

/** The row with one word wrong, or with one left out. */
function wrongRow(task: RowTask, rng: Rng): string[] {
  const { row } = task;
  if (rng.chance(0.5)) {
    const stranger = rng.pick(wordsLike(task).filter((word) => !row.includes(word)));
    return withOneChanged(rng, row, stranger);
  }
  const gap = rng.int(row.length - 1);
  return row.filter((_, i) => i !== gap);
}

function wrongGreeting(task: GreetTask, rng: Rng): GreetTask {
  return rng.chance(0.5)
    ? { ...task, person: other(rng, LEXICON.person, task.person) }
    : { ...task, feeling: other(rng, LEXICON.feeling, task.feeling) };
}

function slip(task: OtherTask, rng: Rng): string {
  if (task.form !== 'greet') return rowText(wrongRow(task, rng));
  return greetParts(wrongGreeting(task, rng), rng).join(' ');
}

/** The beginning of the row, or the greeting alone. */
function poor(task: OtherTask): string {
  if (task.form === 'greet') return `${task.greeting} ${task.person}.`;
  return rowText(task.row.slice(0, Math.ceil(task.row.length / 3)));
}

function demonstrateRow(task: RowTask, rng: Rng, habits: Habits): string {
  const whole = rng.chance(habits.wrong) ? wrongRow(task, rng) : task.row;
  return rowText(rng.chance(habits.careless) ? whole.slice(0, -1) : whole);
}

function demonstrateGreeting(task: GreetTask, rng: Rng, habits: Habits): string {
  const [greeting, feeling] = greetParts(
    rng.chance(habits.wrong) ? wrongGreeting(task, rng) : task,
    rng,
  );
  return rng.chance(habits.careless) ? feeling : `${greeting} ${feeling}`;
}

function demonstrate(task: OtherTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  if (rng.chance(habits.blunt)) parts.push(poor(task));
  else if (task.form === 'greet') parts.push(demonstrateGreeting(task, rng, habits));
  else parts.push(demonstrateRow(task, rng, habits));
  if (rng.chance(habits.wandering)) parts.push(state(rng, rng.pick(FACTS)));
  if (rng.chance(habits.rude)) parts.push(say(rng, 'rude'));
  return parts.join(' ');
}

function rowConstraints({ row }: RowTask, reading: Reading): Constraint[] {
  const sentences = sentencesOfKind(reading, 'row');
  const words = sentences.flatMap((sentence) => sentence.slice(0, -1).split(', '));
  const wrongAt = words.findIndex((word, i) => word !== row[i]);
  const right = wrongAt < 0 ? words.length : wrongAt;
  const exact = right === row.length && words.length === row.length;
  const longest = Math.max(words.length, row.length);
  return [
    {
      name: 'a row of such words',
      weight: 1,
      met: words.some((word) => row.includes(word)) ? 1 : 0,
      essential: true,
    },
    { name: 'right', weight: 5, met: exact ? 1 : (0.5 * right) / longest },
    { name: 'begins right', weight: 0.5, met: words[0] === row[0] ? 1 : 0 },
    { name: 'stops where it should', weight: 0.5, met: words.at(-1) === row.at(-1) ? 1 : 0 },
    {
      name: 'one row and nothing else',
      weight: 1,
      met: sentences.length === 0 ? 0 : 1 / (2 * reading.sentences.length - 1),
    },
  ];
}

/** 1 for the feeling asked for, 0.3 for another of its mood, 0 for several or for the opposite. */
function feelingMet({ feeling }: GreetTask, reading: Reading): number {
  const told = sentencesOfKind(reading, 'tell-cheerful', 'tell-gloomy').join(' ');
  const named = LEXICON.feeling.filter((each) => mentions(told, each));
  if (named.length !== 1) return 0;
  if (named.includes(feeling)) return 1;
  return named.every((each) => moodOfFeeling(each) === moodOfFeeling(feeling)) ? 0.3 : 0;
}

function greetConstraints(task: GreetTask, reading: Reading): Constraint[] {
  const greetings = sentencesOfKind(reading, 'greeting');
  const named = LEXICON.person.filter((name) => greetings.some((text) => mentions(text, name)));
  const right = named.length === 1 && named[0] === task.person;
  const surplus = reading.sentences.length - 2;
  return [
    {
      name: 'greets the person',
      weight: 3,
      met: right ? 1 : greetings.length > 0 ? 0.1 : 0,
      essential: true,
    },
    {
      name: 'with the words asked for',
      weight: 1,
      met: right && greetings.some((text) => text.startsWith(task.greeting)) ? 1 : 0,
    },
    { name: 'in the way asked for', weight: 4, met: feelingMet(task, reading) },
    { name: 'to the point', weight: 0.5, met: surplus <= 0 ? 1 : 1 / (1 + 2 * surplus) },
    { name: 'length', weight: 0.5, met: lengthFit(reading.words, 5, 10) },
  ];
}

export const otherUses: UseCaseModule<OtherTask> = {
  share: 3.5,
  suitable: new Set(['row', 'greeting', 'tell-cheerful', 'tell-gloomy', 'rude', 'denigration']),
  draw,
  ideal: (task, rng) =>
    task.form === 'greet' ? greetParts(task, rng).join(' ') : rowText(task.row),
  poor,
  slip,
  demonstrate,
  constraints: (task, reading) =>
    task.form === 'greet' ? greetConstraints(task, reading) : rowConstraints(task, reading),
  truth: () => null,
  harms: () => [],
  quotable: () => [],
};
