/**
 * Lists in answers: reads the things that a response names, numbered or not, and writes them. Which things are
 * right is for the use case to say.
 */
import type { Rng } from '../../data/rng.ts';
import { LEXICON } from '../lexicon.ts';
import { sentencesOfKind, type Reading } from '../reading.ts';

export interface Item {
  /** The thing without its article: "foxes", "ball". */
  readonly name: string;
  /** The number before it; null without one. */
  readonly number: number | null;
}

/** The items of the counted sentences in order; "the fox and the hen." are two. */
export function itemsOf(reading: Reading): Item[] {
  return sentencesOfKind(reading, 'item').flatMap((sentence) => {
    const [, digits, list = ''] = /^(?:(\d+): )?(.*)\.$/.exec(sentence) ?? [];
    const number = digits === undefined ? null : Number(digits);
    return list
      .split(/, | and /)
      .map((each) => ({ name: each.replace(/^(?:the|a) /, ''), number }));
  });
}

/** True for a list whose lines are numbered 1, 2, 3 and so on. */
export function isNumbered(items: readonly Item[]): boolean {
  return items.length > 0 && items.every(({ number }, i) => number === i + 1);
}

/** Noun phrases as a numbered list: "1: a ball. 2: a hat." */
export function numbered(phrases: readonly string[]): string {
  return phrases.map((phrase, i) => `${i + 1}: ${phrase}.`).join(' ');
}

/** The same without numbers: "a ball. a hat." */
export function unnumbered(phrases: readonly string[]): string {
  return phrases.map((phrase) => `${phrase}.`).join(' ');
}

/** A thing of the list as an answer names it: objects with "a", anything else as it is. */
export function phraseOf(name: string): string {
  return (LEXICON.object as readonly string[]).includes(name) ? `a ${name}` : name;
}

/** The list with one place, drawn at random, taken by something else. */
export function withOneChanged(rng: Rng, list: readonly string[], other: string): string[] {
  const at = rng.int(list.length);
  return list.map((each, i) => (i === at ? other : each));
}

/** `count` different values in random order; fewer when there are not so many. */
export function drawSome(rng: Rng, values: readonly string[], count: number): string[] {
  return rng.shuffled(values).slice(0, count);
}

/**
 * How far a list gives what was asked for, from 0 to 1: the share of the wanted number that is there, and at most
 * 0.6 as soon as anything in the list is wrong or stands there twice.
 * @param right number of different right items
 * @param listed number of all items
 * @param wanted number of items asked for
 */
export function listMet(right: number, listed: number, wanted: number): number {
  if (listed === 0) return 0;
  const covered = Math.min(1, right / wanted);
  return right === listed ? covered ** 2 : 0.6 * covered * (right / listed) ** 2;
}
