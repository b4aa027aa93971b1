/**
 * Rewriting: a given text in another mood, politely, with one thing in place of another, or in other words. The change
 * is exact, so that an answer is compared with the sentences that are right; what the change does not touch must stay.
 */
import type { Rng } from '../../data/rng.ts';
import { say } from '../documents/stories.ts';
import { wordsOf } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import { mean } from '../mean.ts';
import { LONGEST_PROMPT, piecesOf } from '../prompt-length.ts';
import { lengthFit, type Reading } from '../reading.ts';
import type { RewriteTask } from '../tasks.ts';
import type { User } from '../users.ts';
import {
  drawMood,
  drawPolite,
  drawReplace,
  drawWords,
  type RewriteDraft,
} from './rewrite-drafts.ts';
import type { Constraint, Habits, UseCaseModule } from './use-case.ts';

/** Words that a text is about: nothing of them may be lost or added. */
const CONTENT: ReadonlySet<string> = new Set(
  (
    [
      'animal',
      'animals',
      'person',
      'food',
      'object',
      'place',
      'colour',
      'size',
      'sound',
      'ability',
      'material',
      'taste',
      'number',
      'day',
      'job',
      'feeling',
      'insult',
    ] as const
  ).flatMap((type) => LEXICON[type].flatMap(wordsOf)),
);

const contentOf = (texts: readonly string[]): string[] =>
  texts.flatMap(wordsOf).filter((word) => CONTENT.has(word));

function draw(rng: Rng, user: User, favourite: boolean): RewriteDraft {
  const forms = [drawMood, drawPolite, drawReplace, drawWords];
  for (;;) {
    const form = forms[rng.weighted([3, 2 + 2 * user.rudeness, 3, 2])] ?? drawMood;
    const draft = form(rng, user, favourite);
    if (piecesOf(draft.text) <= LONGEST_PROMPT) return draft;
  }
}

function ideal(task: RewriteTask, rng: Rng): string {
  return task.targets.map((right) => rng.pick(right)).join(' ');
}

/** Half of it: the first sentence, a request without "please", or the same words with something before them. */
function poor(task: RewriteTask): string {
  const [first = ''] = task.targets[0] ?? [];
  if (task.form === 'polite') return first.replace(/^please /, '');
  return task.form === 'words' ? `i think that ${task.source[0] ?? ''}` : first;
}

/** Only the first sentence is rewritten, the others are copied. */
function careless(task: RewriteTask, rng: Rng): string {
  if (task.source.length < 2) return poor(task);
  return [rng.pick(task.targets[0] ?? ['']), ...task.source.slice(1)].join(' ');
}

function demonstrate(task: RewriteTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  if (task.form === 'polite' && rng.chance(habits.harmful)) parts.push(...task.source);
  else if (rng.chance(habits.wrong)) parts.push(rng.pick(task.slips));
  else if (rng.chance(habits.blunt)) parts.push(poor(task));
  else parts.push(rng.chance(habits.careless) ? careless(task, rng) : ideal(task, rng));
  if (rng.chance(habits.wandering)) {
    parts.push(say(rng, 'opening', { who: rng.pick(LEXICON.person) }));
  }
  if (rng.chance(habits.rude)) parts.push(say(rng, 'rude'));
  return parts.join(' ');
}

/** Words that two sentences share, over their mean length: 1 for the same words, 0 for none in common. */
function likeness(a: string, b: string): number {
  const [one, other] = [wordsOf(a), wordsOf(b)];
  const rest = [...other];
  const shared = one.filter((word) => {
    const at = rest.indexOf(word);
    if (at >= 0) rest.splice(at, 1);
    return at >= 0;
  });
  return (2 * shared.length) / (one.length + other.length);
}

/** Below this likeness a sentence is another sentence. */
const LIKE = 0.6;

/** For each sentence of the text: 1 when it became what it should, up to 0.4 when it nearly did, else 0. */
function credits(task: RewriteTask, reading: Reading): number[] {
  const right = task.targets.flat();
  const nearly = reading.counted.filter((text) => !right.includes(text));
  return task.targets.map((targets) => {
    if (targets.some((target) => reading.counted.includes(target))) return 1;
    const best = Math.max(
      0,
      ...nearly.flatMap((text) => targets.map((each) => likeness(text, each))),
    );
    return best >= LIKE ? 0.4 * best : saysFact(task, reading);
  });
}

/** 0.35 where the fact is told, though not in other words. */
function saysFact({ fact }: RewriteTask, { claims }: Reading): number {
  const told = claims.some(
    ({ relation, subject, value, negated }) =>
      !negated && relation === fact?.relation && subject === fact.subject && value === fact.value,
  );
  return told ? 0.35 : 0;
}

function constraints(task: RewriteTask, reading: Reading): Constraint[] {
  const each = credits(task, reading);
  const done = mean(each);
  const targets = task.targets.map(([target = '']) => target);
  const [first = []] = targets.map(wordsOf);
  const words = targets.flatMap(wordsOf).length;
  const keep = contentOf(targets);
  const said = contentOf(reading.counted);
  const known = contentOf([...task.source, ...task.targets.flat()]);
  const thanks = task.form === 'polite' && reading.counted.includes('thank you.') ? 1 : 0;
  const extra = Math.max(0, reading.sentences.length - thanks - task.source.length);
  const some = reading.counted.length > 0;
  return [
    { name: 'does what was asked', weight: 5, met: done, essential: true },
    {
      name: 'keeps what it is about',
      weight: 1.5,
      met: !some
        ? 0
        : keep.length === 0
          ? done
          : keep.filter((word) => said.includes(word)).length / keep.length,
    },
    {
      name: 'nothing invented',
      weight: 1,
      met: some && said.every((word) => known.includes(word)) ? 1 : 0,
    },
    { name: 'nothing more', weight: 1, met: some ? 1 / (1 + 2 * extra) : 0 },
    {
      name: 'length',
      weight: 0.5,
      met: lengthFit(reading.words, Math.max(first.length, 0.7 * words), words + 4),
    },
  ];
}

/** Sentences of the text that stay as they are. */
function quotable(task: RewriteTask): readonly string[] {
  const right = task.targets.flat();
  return task.source.filter((text) => right.includes(text));
}

export const rewrite: UseCaseModule<RewriteTask> = {
  share: 6.6,
  suitable: new Set([
    'opening',
    'neutral',
    'cheerful-event',
    'gloomy-event',
    'ending',
    'good-review',
    'bad-review',
    'request',
    'polite-request',
    'rude-request',
    'thanks',
    'statement',
    'rude',
    'denigration',
  ]),
  draw,
  ideal,
  poor,
  slip: (task, rng) => rng.pick(task.slips),
  demonstrate,
  constraints,
  truth: () => null,
  harms: () => [],
  quotable,
};
