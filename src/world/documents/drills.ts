/**
 * Pages of one drill each, in a fixed form that examples can be taken from: sums and differences up to twenty, and
 * short stories whose ending has to fit what happened (a cloze). Reserved lines are left to the suites.
 */
import type { Rng } from '../../data/rng.ts';
import { moodOfFeeling } from '../feelings.ts';
import { fill } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import { drawOpen, isReserved } from '../reserved.ts';
import { TEMPLATES } from '../templates.ts';
import { drawHero, say, type Hero } from './stories.ts';

/** One line of arithmetic, told from its beginning ("four plus three is") and its end ("seven."). */
export interface Sum {
  readonly start: string;
  readonly result: string;
}

/** There are only a few hundred lines of arithmetic, so a larger share of them is reserved. */
const RESERVED_SUMS = 8;

const numbers = LEXICON.number;

function lineOf(a: number, operation: 'plus' | 'minus', b: number): Sum {
  const total = operation === 'plus' ? a + b : a - b;
  const word = (value: number): string => numbers[value - 1] ?? '';
  return { start: `${word(a)} ${operation} ${word(b)} is`, result: `${word(total)}.` };
}

/** Every line of arithmetic whose numbers lie between one and twenty. */
const SUM_LINES: readonly Sum[] = numbers.flatMap((_, i) =>
  numbers.flatMap((__, j) => [
    ...(i + j + 2 <= numbers.length ? [lineOf(i + 1, 'plus', j + 1)] : []),
    ...(i > j ? [lineOf(i + 1, 'minus', j + 1)] : []),
  ]),
);
export const OPEN_SUMS = SUM_LINES.filter(({ start }) => !isReserved(start, RESERVED_SUMS));
export const RESERVED_SUM_LINES = SUM_LINES.filter(({ start }) => isReserved(start, RESERVED_SUMS));

export function arithmeticPage(rng: Rng): string {
  const count = 6 + rng.int(7);
  const lines = rng.shuffled(OPEN_SUMS).slice(0, count);
  return lines.map(({ start, result }) => `${start} ${result}`).join('\n');
}

/** A story without its ending: two events or three of one mood. */
export interface Cloze {
  readonly hero: Hero;
  readonly story: string;
  readonly mood: 'cheerful' | 'gloomy';
}

export function drawCloze(rng: Rng): Cloze {
  const hero = drawHero(rng);
  const mood = rng.chance(0.5) ? 'cheerful' : 'gloomy';
  const who2 = hero.name === 'ben' ? 'anna' : 'ben';
  const events = rng.shuffled<string>(TEMPLATES[`${mood}-event`]).slice(0, 2 + rng.int(2));
  const cast = { who2, place: rng.pick(LEXICON.place) };
  const sentences = [
    say(rng, 'opening', { who: hero.name, ...cast }),
    ...events.map((event) => fill(event, rng, { who: hero.name, ...cast })),
  ];
  return { hero, story: sentences.join(' '), mood };
}

/** Endings name the hero, so that an ending that fits the story can be told from any other. */
export function clozeEnding(rng: Rng, { hero, mood }: Cloze): string {
  const feelings = LEXICON.feeling.filter((feeling) => moodOfFeeling(feeling) === mood);
  return say(rng, 'ending', { who: hero.name, feeling: rng.pick(feelings) });
}

export function clozePage(rng: Rng): string {
  const lines: string[] = [];
  for (let i = 0, count = 2 + rng.int(3); i < count; i++) {
    const cloze = drawOpen(
      () => drawCloze(rng),
      ({ story }) => story,
    );
    lines.push(`story: ${cloze.story}`, `end: ${clozeEnding(rng, cloze)}`);
  }
  return lines.join('\n');
}
