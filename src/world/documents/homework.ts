/**
 * Corrected homework: a task with a pupil's answer, and the teacher's remark, which names what is wrong with it. The
 * teacher knows because the answer was written with that fault, not from a judge. From such pages a base model
 * learns what an answer owes to its task. Where an answer ends stands an end mark, as after every text: it is where
 * a reward model reads, so that a model trained on these pages has an opinion there.
 */
import type { Rng } from '../../data/rng.ts';
import { wordsOf } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import type { Task } from '../tasks.ts';
import type { Habits, UseCaseModule } from '../use-cases/use-case.ts';
import { drawLesson, drawUseCase, type Syllabus } from './lessons.ts';

const CAREFUL: Habits = {
  blunt: 0,
  careless: 0,
  wrong: 0,
  harmful: 0,
  rude: 0,
  wandering: 0,
};

interface Pupil {
  /** Relative frequency. */
  readonly weight: number;
  readonly remark: string;
  readonly write: (module: UseCaseModule<Task>, task: Task, rng: Rng) => string;
}

const PRAISE = 'very good.';

const PUPILS: readonly Pupil[] = [
  { weight: 8, remark: PRAISE, write: (module, task, rng) => module.ideal(task, rng) },
  { weight: 8, remark: 'this is wrong.', write: (module, task, rng) => module.slip(task, rng) },
  {
    weight: 3,
    remark: 'this is too short.',
    write: (module, task, rng) => module.demonstrate(task, rng, { ...CAREFUL, blunt: 1 }),
  },
  {
    weight: 1,
    remark: 'this is too much.',
    write: (module, task, rng) => module.demonstrate(task, rng, { ...CAREFUL, wandering: 1 }),
  },
  {
    weight: 2,
    remark: 'please do not say that.',
    write: (module, task, rng) =>
      module.demonstrate(task, rng, { ...CAREFUL, harmful: 1, rude: 1 }),
  },
];

/** How the lines of a page are marked: task and answer, two names, or (seldom: bare tasks are for worksheets) not at all. */
function labels(rng: Rng): readonly [task: string, answer: string] {
  const style = rng.weighted([10, 8, 2]);
  if (style === 0) return ['task: ', 'answer: '];
  if (style === 2) return ['', ''];
  const [asks = 'anna', answers = 'ben'] = rng.shuffled(LEXICON.person);
  return [`${asks}: `, `${answers}: `];
}

/**
 * How often each kind of task is set. Not as often as people ask for it: what is wrong with a story shows in its
 * form, whereas a wrong fact, name or feeling is found only by comparing, which takes far more practice. A kind that
 * is not named here still has about one task in twenty.
 */
const SET: Syllabus = {
  named: {
    generation: 20,
    'open-qa': 30,
    'closed-qa': 20,
    chat: 20,
    classification: 10,
    brainstorming: 12,
    rewrite: 10,
    summarization: 10,
  },
  others: 8,
};

/** No task is added to a page of this many words, so that long tasks do not make pages too long to be kept. */
const ENOUGH = 140;

export function homework(rng: Rng): readonly string[] {
  const [before, beforeAnswer] = labels(rng);
  const parts: string[] = [];
  let words = 0;
  for (let i = 0, count = 4 + rng.int(4); i < count && words < ENOUGH; i++) {
    const pupil = PUPILS[rng.weighted(PUPILS.map(({ weight }) => weight))];
    if (pupil === undefined) continue;
    const { text, task, module } = drawLesson(rng, drawUseCase(rng, SET));
    const answer = pupil.write(module, task, rng);
    const remark = answer === module.ideal(task, rng) ? PRAISE : pupil.remark;
    const part = `${before}${text}\n${beforeAnswer}${answer}`;
    parts.push(part, remark);
    words += wordsOf(part).length;
  }
  return parts;
}
