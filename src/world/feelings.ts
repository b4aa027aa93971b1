/**
 * Whether a text is cheerful, gloomy or neither, by the feeling words and doings of this world. Used by judges and
 * by the taste for cheerful texts; it asks nothing about who feels what.
 */
import { wordsOf } from './grammar.ts';
import { LEXICON } from './lexicon.ts';

export type Mood = 'cheerful' | 'gloomy' | 'neutral';

const CHEERFUL_SIGNS: readonly string[] =
  'smiled laughed danced sang won played friends helped gave wonderful nice good best'.split(' ');
const GLOOMY_SIGNS: readonly string[] =
  'cried lost broke alone shouted rain took bad worst cold sorry dangerous hurt'.split(' ');
const FEELING_WEIGHT = 2;

function signs(
  words: readonly string[],
  feelings: readonly string[],
  doings: readonly string[],
): number {
  const count = (list: readonly string[]): number =>
    words.filter((word) => list.includes(word)).length;
  return FEELING_WEIGHT * count(feelings) + count(doings);
}

/** Cheerful signs minus gloomy ones; a feeling word counts twice. */
export function cheerOf(text: string): number {
  const words = wordsOf(text);
  return (
    signs(words, LEXICON.cheerful, CHEERFUL_SIGNS) - signs(words, LEXICON.gloomy, GLOOMY_SIGNS)
  );
}

/** The same from -1 to 1: three signs of cheer, or of gloom, are as much as counts. */
export function cheerLevel(text: string): number {
  return Math.max(-3, Math.min(3, cheerOf(text))) / 3;
}

export function feelingOf(text: string): Mood {
  const cheer = cheerOf(text);
  return cheer > 0 ? 'cheerful' : cheer < 0 ? 'gloomy' : 'neutral';
}

/** Mood of a feeling word. */
export function moodOfFeeling(feeling: string): 'cheerful' | 'gloomy' {
  return LEXICON.cheerful.includes(feeling) ? 'cheerful' : 'gloomy';
}
