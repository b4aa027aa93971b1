/**
 * Instructions in or for Frogspeak, which demonstrations and rankings never contain: translations both ways, and
 * questions in Frogspeak, answered in either language. They show whether following instructions carries over to a
 * language that only documents hold (paper section 4.3).
 */
import type { Rng } from '../../data/rng.ts';
import { frogspeakRequest, plainSentence, type Translation } from '../documents/frogspeak.ts';
import { fromFrogspeak, toFrogspeak } from '../frogspeak.ts';
import { splitSentences } from '../grammar.ts';
import { drawReserved } from '../reserved.ts';
import type { OpenQaTask } from '../tasks.ts';
import {
  distinctItems,
  drawHeldOut,
  firstLine,
  idealAnswer,
  isClosed,
  persistently,
  readAnswer,
  verdict,
} from './answers.ts';
import { blindClaim, gradeAnswer } from './questions.ts';
import type { Suite, SuiteItem } from './suite.ts';

interface FrogspeakItem extends SuiteItem {
  /** The right translation; of a question, one right answer. */
  readonly answer: string;
  /** What a question in Frogspeak asks; null for a translation. */
  readonly task: OpenQaTask | null;
}

/** Changes every sentence of a text; a sentence that cannot be changed stays. */
function bySentence(text: string, change: (sentence: string) => string | null): string {
  return splitSentences(text)
    .map((sentence) => change(sentence) ?? sentence)
    .join(' ');
}

function drawTranslation(rng: Rng): Omit<FrogspeakItem, 'id'> {
  const plain = drawReserved(() => plainSentence(rng), String);
  const direction = rng.pick<Translation>(['to-frogspeak', 'to-plain']);
  const { text, answer } = frogspeakRequest(rng, plain, direction);
  return { prompt: text, answer, task: null };
}

function drawFrogQuestion(rng: Rng): Omit<FrogspeakItem, 'id'> | null {
  const drawn = drawHeldOut(rng, 'open-qa');
  if (drawn?.task.useCase !== 'open-qa' || drawn.task.form !== 'question') return null;
  const answer = idealAnswer({ ...drawn, id: drawn.prompt });
  return {
    prompt: bySentence(drawn.prompt, toFrogspeak),
    answer: bySentence(answer, toFrogspeak),
    task: drawn.task,
  };
}

export const frogspeakInstructions: Suite<FrogspeakItem> = {
  name: 'frogspeak-instructions',
  title: 'Instructions in and for Frogspeak',
  form: 'instruction',
  chance: 0.03,
  counts: {},
  items: (seed, count) =>
    distinctItems('frogspeak-instructions', seed, count, (rng) =>
      rng.chance(2 / 3) ? drawTranslation(rng) : persistently(() => drawFrogQuestion(rng)),
    ),
  judge: ({ id, prompt, answer, task }, response, ended) => {
    const line = firstLine(response);
    if (task === null)
      return verdict(isClosed(response, ended) && line === answer, `not "${answer}"`);
    const plain = { id, prompt: bySentence(prompt, fromFrogspeak), task };
    const { reading, sound } = readAnswer(
      plain,
      bySentence(line, fromFrogspeak),
      isClosed(response, ended),
    );
    const { isTrue, isInformative } = gradeAnswer(task, reading);
    return verdict(sound && isTrue && isInformative, 'no right answer');
  },
  ideal: ({ answer }) => answer,
  blind: ({ task }, rng) => task && blindClaim(task, rng),
};
