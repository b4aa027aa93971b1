/**
 * A response as the judges read it: its sentences, which of them count, and how fit it is to be judged at all.
 * What the prompt asked for is not known here.
 */
import { extractClaims, type Claim } from './claims.ts';
import {
  kindsOf,
  splitSentences,
  stripLabel,
  stripRequest,
  wordsOf,
  type SentenceKind,
} from './grammar.ts';

export interface ReadSentence {
  readonly text: string;
  readonly kinds: ReadonlySet<SentenceKind>;
  /** Well-formed, of a kind that suits the use case, without a label, and neither repeated nor an echo of the prompt. */
  readonly counts: boolean;
}

export interface Reading {
  readonly sentences: readonly ReadSentence[];
  /** Texts of the sentences that count. */
  readonly counted: readonly string[];
  readonly claims: readonly Claim[];
  readonly words: number;
  readonly ended: boolean;
  /** Share of the words that stand in counted sentences, from 0 to 1. */
  readonly fluency: number;
}

/**
 * Reads a response.
 * @param suitable kinds of sentence that an answer to this prompt may consist of.
 * @param quotable sentences of the prompt that an answer may repeat (a passage).
 */
export function readResponse(
  promptText: string,
  response: string,
  ended: boolean,
  suitable: ReadonlySet<SentenceKind>,
  quotable: readonly string[] = [],
): Reading {
  const asked = splitSentences(promptText).flatMap((each) => [each, stripRequest(each)]);
  const echoes = new Set(asked.filter((each) => !quotable.includes(each)));
  const seen = new Set<string>();
  const sentences = splitSentences(response).map((text) => {
    const kinds = kindsOf(text);
    const fits = [...kinds].some((kind) => suitable.has(kind)) && stripLabel(text) === text;
    const counts = fits && !seen.has(text) && !echoes.has(text);
    seen.add(text);
    return { text, kinds, counts };
  });
  const counted = sentences.filter((sentence) => sentence.counts).map(({ text }) => text);
  const words = wordsOf(response).length;
  return {
    sentences,
    counted,
    claims: extractClaims(counted.join(' '), promptText),
    words,
    ended,
    fluency: words === 0 ? 0 : wordsOf(counted.join(' ')).length / words,
  };
}

/** Counted sentences of any of the given kinds. */
export function sentencesOfKind(reading: Reading, ...kinds: readonly SentenceKind[]): string[] {
  return reading.sentences
    .filter((sentence) => sentence.counts && kinds.some((kind) => sentence.kinds.has(kind)))
    .map(({ text }) => text);
}

/** True when the words of `phrase` stand in `text` next to each other, as whole words. */
export function mentions(text: string, phrase: string): boolean {
  return ` ${wordsOf(text).join(' ')} `.includes(` ${wordsOf(phrase).join(' ')} `);
}

/** 1 inside [low, high], falling linearly to 0 at 0 and at 2.5 times `high`. */
export function lengthFit(words: number, low: number, high: number): number {
  if (words < low) return words / low;
  return words <= high ? 1 : Math.max(0, 1 - (words - high) / (1.5 * high));
}
