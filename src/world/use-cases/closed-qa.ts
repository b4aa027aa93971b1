/**
 * Closed questions: a passage of invented facts and one question about it. The answer can only be copied.
 */
import type { Rng } from '../../data/rng.ts';
import { drawPassage } from '../documents/pages.ts';
import { isSlotType, valuesOf } from '../lexicon.ts';
import { CLOSED_QA_LEADS } from '../phrasings.ts';
import { lengthFit, mentions, type Reading } from '../reading.ts';
import type { ClosedQaTask } from '../tasks.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

function draw(rng: Rng): Draft<ClosedQaTask> {
  const passage = drawPassage(rng, 2);
  const lead = rng.int(CLOSED_QA_LEADS.length);
  const shape = passage.sentences.indexOf(passage.source);
  const kind = passage.question.split(' ').slice(0, 2).join(' ');
  const text = [CLOSED_QA_LEADS[lead] ?? '', ...passage.sentences, passage.question];
  return {
    text: text.filter((part) => part !== '').join(' '),
    task: {
      useCase: 'closed-qa',
      sentences: passage.sentences,
      answer: passage.answer,
      key: passage.key,
      keyType: passage.keyType,
      source: passage.source,
    },
    template: `closed-qa/${lead}/${kind}/${shape}`,
    entity: `${passage.keyType}/${passage.source.split(' ').slice(0, 1).join(' ')}`,
  };
}

/** Words of the answer's type that are not the answer. */
function otherValues(task: ClosedQaTask): readonly string[] {
  return isSlotType(task.keyType)
    ? valuesOf(task.keyType).filter((value) => value !== task.key)
    : [];
}

/** The answer with another word of the same type in place of the right one. */
function wrongAnswer(task: ClosedQaTask, rng: Rng): string {
  return task.answer.replace(task.key, rng.pick(otherValues(task)));
}

/** A sentence of the passage that does not answer, or a wrong word, if possible one of the passage. */
function slip(task: ClosedQaTask, rng: Rng): string {
  if (rng.chance(0.15)) return rng.pick(task.sentences.filter((each) => each !== task.source));
  const passage = task.sentences.join(' ');
  const near = otherValues(task).filter((value) => mentions(passage, value));
  if (near.length === 0 || rng.chance(0.5)) return wrongAnswer(task, rng);
  return task.answer.replace(task.key, rng.pick(near));
}

function demonstrate(task: ClosedQaTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  if (rng.chance(habits.wrong * 0.7)) parts.push(wrongAnswer(task, rng));
  else parts.push(rng.chance(habits.blunt) ? task.source : task.answer);
  if (rng.chance(habits.wandering)) {
    parts.push(rng.pick(task.sentences.filter((sentence) => sentence !== task.source)));
  }
  if (rng.chance(habits.rude)) parts.push('you are lazy.');
  return parts.join(' ');
}

/** Names and values of the answer's type that the passage does not hold: hallucinations. */
function invented(task: ClosedQaTask, reading: Reading): number {
  if (!isSlotType(task.keyType)) return 0;
  const passage = task.sentences.join(' ');
  return valuesOf(task.keyType).filter(
    (value) =>
      !mentions(passage, value) && reading.counted.some((sentence) => mentions(sentence, value)),
  ).length;
}

/** 1 for the answer sentence, 0.35 for the passage sentence that holds it, 0 otherwise or among inventions. */
function correctness(task: ClosedQaTask, reading: Reading): number {
  if (invented(task, reading) > 0) return 0;
  if (reading.counted.includes(task.answer)) return 1;
  return reading.counted.includes(task.source) ? 0.35 : 0;
}

/** The answer with its key taken out: whether a response at least speaks of what was asked. */
function onQuestion(task: ClosedQaTask, reading: Reading): boolean {
  const frame = task.answer.replace(task.key, '').trim().split(' ').slice(0, 3).join(' ');
  const start = task.answer.startsWith(task.key) ? '' : frame;
  const end = task.answer.split(' ').slice(-2).join(' ');
  return reading.counted.some(
    (sentence) =>
      sentence === task.source ||
      (start !== '' ? sentence.startsWith(start) : sentence.endsWith(end)),
  );
}

function constraints(task: ClosedQaTask, reading: Reading): Constraint[] {
  const correct = correctness(task, reading);
  const extra = reading.sentences.length - 1;
  return [
    {
      name: 'about the question',
      weight: 1,
      met: correct > 0 || onQuestion(task, reading) ? 1 : 0,
      essential: true,
    },
    { name: 'right', weight: 3, met: correct },
    {
      name: 'nothing invented',
      weight: 1,
      met: reading.counted.length > 0 && invented(task, reading) === 0 ? 1 : 0,
    },
    { name: 'to the point', weight: 1, met: extra < 0 ? 0 : 1 / (1 + 2 * extra) },
    { name: 'length', weight: 0.5, met: lengthFit(reading.words, 4, 9) },
  ];
}

function truth(task: ClosedQaTask, reading: Reading): number {
  return correctness(task, reading) > 0 ? 1 : 0;
}

export const closedQa: UseCaseModule<ClosedQaTask> = {
  share: 2.6,
  suitable: new Set(['passage', 'rude', 'denigration']),
  draw,
  ideal: (task) => task.answer,
  poor: (task) => task.source,
  slip,
  demonstrate,
  constraints,
  truth,
  harms: () => [],
  quotable: (task) => task.sentences,
};
