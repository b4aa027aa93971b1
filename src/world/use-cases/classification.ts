/**
 * Classification: is a review happy or sad? The answer is one sentence of the form "the review is happy."
 */
import type { Rng } from '../../data/rng.ts';
import { reviewSentences } from '../documents/talk.ts';
import { wordsOf } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import { CLASSIFICATION_PHRASINGS } from '../phrasings.ts';
import { lengthFit, mentions, type Reading } from '../reading.ts';
import type { ClassificationTask } from '../tasks.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

const NOUNS: readonly string[] = [...LEXICON.food, ...LEXICON.object, ...LEXICON.place];

function draw(rng: Rng): Draft<ClassificationTask> {
  const cheerful = rng.chance(0.5);
  const review = reviewSentences(rng, cheerful, 2).join(' ');
  const phrasing = rng.int(CLASSIFICATION_PHRASINGS.length);
  return {
    text: (CLASSIFICATION_PHRASINGS[phrasing] ?? '').replace('{review}', review),
    task: { useCase: 'classification', verdict: cheerful ? 'happy' : 'sad' },
    template: `classification/${phrasing}`,
    entity: wordsOf(review).find((word) => NOUNS.includes(word)) ?? '',
  };
}

const opposite = (verdict: 'happy' | 'sad'): string => (verdict === 'happy' ? 'sad' : 'happy');

/** The best answer; an example before the query may already have had the same one. */
const rightVerdict = (task: ClassificationTask): string => `the review is ${task.verdict}.`;

function demonstrate(task: ClassificationTask, rng: Rng, habits: Habits): string {
  const verdict = rng.chance(habits.wrong * 0.6) ? opposite(task.verdict) : task.verdict;
  const parts = [rng.chance(habits.blunt) ? `${verdict}.` : `the review is ${verdict}.`];
  if (rng.chance(habits.wandering)) {
    parts.push(...reviewSentences(rng, task.verdict === 'happy', 1));
  }
  if (rng.chance(habits.rude)) parts.push('what a dumb question.');
  return parts.join(' ');
}

function constraints(task: ClassificationTask, reading: Reading): Constraint[] {
  const text = reading.counted.join(' ');
  const right = mentions(text, task.verdict);
  const wrong = mentions(text, opposite(task.verdict));
  const sentences = reading.sentences.length;
  return [
    { name: 'gives a verdict', weight: 1, met: right || wrong ? 1 : 0, essential: true },
    { name: 'right', weight: 3, met: right && !wrong ? 1 : 0 },
    { name: 'form', weight: 2, met: /^(the review is|this is a) \w+/.test(text) ? 1 : 0 },
    { name: 'one sentence', weight: 1, met: sentences === 1 ? 1 : 0 },
    { name: 'length', weight: 0.5, met: lengthFit(reading.words, 4, 6) },
  ];
}

export const classification: UseCaseModule<ClassificationTask> = {
  share: 3.5,
  suitable: new Set(['verdict', 'good-review', 'bad-review', 'rude', 'denigration']),
  draw,
  ideal: rightVerdict,
  poor: (task) => `${task.verdict}.`,
  slip: (task) => `the review is ${opposite(task.verdict)}.`,
  demonstrate,
  constraints,
  truth: () => null,
  harms: () => [],
  quotable: (task) => [rightVerdict(task)],
};
