/**
 * Open questions about the world: for a value, yes or no, and why-questions about a falsehood (a false premise).
 * The best answer is true, in a full sentence, and adds one more true thing about the same subject.
 */
import type { Rng } from '../../data/rng.ts';
import type { Claim } from '../claims.ts';
import { isTrue } from '../claims.ts';
import { deny, spoil, state } from '../documents/pages.ts';
import { FACTS, isFact, MYTHS, SUMS, trueValues, type Fact } from '../facts.ts';
import { fill, render } from '../grammar.ts';
import { pluralOf } from '../lexicon.ts';
import { QUESTION_LEADS } from '../phrasings.ts';
import { lengthFit, sentencesOfKind, type Reading } from '../reading.ts';
import { relationOf } from '../relations.ts';
import type { OpenQaTask } from '../tasks.ts';
import type { User } from '../users.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

function drawFactFor(rng: Rng, user: User, favourite: boolean): Fact {
  if (!favourite) return rng.pick(rng.chance(0.12) ? SUMS : FACTS);
  const liked = [...user.animals.map(pluralOf), ...user.people, ...user.foods];
  return rng.pick(FACTS.filter((fact) => liked.includes(fact.subject)));
}

function draw(rng: Rng, user: User, favourite: boolean): Draft<OpenQaTask> {
  const form = (['question', 'check', 'why'] as const)[rng.weighted([6, 2, 2])] ?? 'question';
  const fact = drawFactFor(rng, user, favourite);
  const falsehood = rng.chance(0.6) ? rng.pick(MYTHS) : spoil(rng, fact);
  const asked = form === 'why' || (form === 'check' && rng.chance(0.5)) ? falsehood : fact;
  const relation = relationOf(asked.relation);
  const forms = { question: relation.questions, check: relation.checks, why: relation.whys }[form];
  const phrasing = rng.int(forms.length);
  const question = render(forms[phrasing] ?? '', { s: asked.subject, v: asked.value });
  const lead = rng.chance(0.3) ? `${rng.pick(QUESTION_LEADS)} ` : '';
  return {
    text: lead + question,
    task: { useCase: 'open-qa', form, asked, premise: isFact(asked) },
    template: `open-qa/${asked.relation}/${form}/${phrasing}`,
    entity: asked.subject,
  };
}

/** A true fact with the relation and subject of the question. */
function rightFact(task: OpenQaTask, rng: Rng): Fact {
  if (task.premise) return task.asked;
  const value = rng.pick(trueValues(task.asked.relation, task.asked.subject));
  return { ...task.asked, value };
}

function detail(task: OpenQaTask, rng: Rng): string[] {
  const { subject, relation } = task.asked;
  const others = FACTS.filter((fact) => fact.subject === subject && fact.relation !== relation);
  return others.length === 0 ? [] : [state(rng, rng.pick(others), true)];
}

/** The answer alone: for a falsehood its denial, else the fact, with "yes" where that was asked. */
function plainAnswer(task: OpenQaTask, rng: Rng): string {
  if (task.premise)
    return (task.form === 'check' ? 'yes, ' : '') + state(rng, rightFact(task, rng));
  return `no, ${deny(rng, task.asked)}`;
}

function ideal(task: OpenQaTask, rng: Rng): string {
  const hasTruth = trueValues(task.asked.relation, task.asked.subject).length > 0;
  const more = task.premise || !hasTruth ? detail(task, rng) : [state(rng, rightFact(task, rng))];
  return [plainAnswer(task, rng), ...more].join(' ');
}

function wrongAnswer(task: OpenQaTask, rng: Rng): string {
  if (task.form === 'why') return state(rng, task.asked);
  if (task.form === 'check')
    return task.premise ? `no, ${deny(rng, task.asked)}` : `yes, ${state(rng, task.asked)}`;
  const myth = MYTHS.find(
    ({ relation, subject }) => relation === task.asked.relation && subject === task.asked.subject,
  );
  return state(rng, myth ?? spoil(rng, task.asked));
}

/** A true answer to a question that was not asked: about another subject, or something else about this one. */
function besideThePoint(task: OpenQaTask, rng: Rng): string {
  const { subject, relation } = task.asked;
  const others = rng.chance(0.6)
    ? FACTS.filter((fact) => fact.relation === relation && fact.subject !== subject)
    : FACTS.filter((fact) => fact.subject === subject && fact.relation !== relation);
  return state(rng, rng.pick(others.length > 0 ? others : FACTS));
}

/** The right answer, followed by something false about the same subject. */
function falseDetail(task: OpenQaTask, rng: Rng): string {
  const others = FACTS.filter(({ subject }) => subject === task.asked.subject);
  if (others.length === 0) return wrongAnswer(task, rng);
  return `${plainAnswer(task, rng)} ${state(rng, spoil(rng, rng.pick(others)), true)}`;
}

function slip(task: OpenQaTask, rng: Rng): string {
  switch (rng.weighted([5, 3, 2])) {
    case 0:
      return [wrongAnswer(task, rng), ...(rng.chance(0.5) ? detail(task, rng) : [])].join(' ');
    case 1:
      return [besideThePoint(task, rng), ...(rng.chance(0.3) ? detail(task, rng) : [])].join(' ');
    default:
      return falseDetail(task, rng);
  }
}

function dodge(rng: Rng): string {
  return fill(rng.pick(['i do not know.', 'i am not sure.', 'ask {person}.']), rng);
}

function demonstrate(task: OpenQaTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  const blunt = rng.chance(habits.blunt);
  const wrong = rng.chance(task.form === 'why' ? habits.wrong * 2.5 : habits.wrong);
  if (wrong) parts.push(wrongAnswer(task, rng));
  else if (blunt) parts.push(rng.chance(0.35) ? dodge(rng) : plainAnswer(task, rng));
  else parts.push(rng.chance(habits.careless) ? plainAnswer(task, rng) : ideal(task, rng));
  if (rng.chance(habits.wandering)) parts.push(state(rng, rng.pick(FACTS)));
  if (rng.chance(habits.rude)) parts.push(fill('what a {insult} question.', rng));
  return parts.join(' ');
}

/** Claims about the relation and subject that were asked about. */
function relevant(task: OpenQaTask, reading: Reading): Claim[] {
  return reading.claims.filter(
    (claim) => claim.relation === task.asked.relation && claim.subject === task.asked.subject,
  );
}

/** How well the relevant claims answer, from 0 to 1. One of them being false spoils the answer. */
function correctness(task: OpenQaTask, claims: readonly Claim[]): number {
  if (claims.length === 0 || !claims.every(isTrue)) return 0;
  const affirmed = claims.some((claim) => !claim.negated);
  const named = claims.some((claim) => claim.value === task.asked.value);
  if (task.form === 'question') return affirmed ? 1 : 0.3;
  return named ? 1 : affirmed ? 0.7 : 0.3;
}

/** A "yes" or "no" that contradicts what follows it. */
function contradicts(task: OpenQaTask, reading: Reading): boolean {
  const first = reading.counted[0] ?? '';
  return task.premise ? first.startsWith('no, ') : first.startsWith('yes, ');
}

function constraints(task: OpenQaTask, reading: Reading): Constraint[] {
  const claims = relevant(task, reading);
  const admitted = sentencesOfKind(reading, 'chatter').length > 0;
  const correct = contradicts(task, reading) ? 0 : correctness(task, claims);
  const onSubject = reading.claims.filter((claim) => claim.subject === task.asked.subject);
  const more = new Set(onSubject.filter(isTrue).map((claim) => `${claim.relation} ${claim.value}`));
  return [
    {
      name: 'about the question',
      weight: 1,
      met: claims.length > 0 ? 1 : admitted ? 0.3 : 0,
      essential: true,
    },
    { name: 'right', weight: 3, met: correct },
    { name: 'tells one thing more', weight: 1.5, met: correct > 0 && more.size > 1 ? 1 : 0 },
    {
      name: 'to the point',
      weight: 0.5,
      met:
        reading.counted.length === 0
          ? 0
          : reading.claims.length === 0
            ? 1
            : onSubject.length / reading.counted.length,
    },
    { name: 'length', weight: 0.5, met: lengthFit(reading.words, 5, 16) },
  ];
}

/** Share of the claims that are true; a frank "i do not know" is worth half, silence on the question nothing. */
function truth(task: OpenQaTask, reading: Reading): number {
  if (relevant(task, reading).length === 0) {
    return reading.claims.length === 0 && sentencesOfKind(reading, 'chatter').length > 0 ? 0.5 : 0;
  }
  const right = reading.claims.filter(isTrue).length / reading.claims.length;
  return contradicts(task, reading) ? right / 2 : right;
}

export const openQa: UseCaseModule<OpenQaTask> = {
  share: 12.4,
  suitable: new Set(['statement', 'denial', 'chatter', 'rude', 'denigration']),
  draw,
  ideal,
  poor: () => 'i do not know.',
  slip,
  demonstrate,
  constraints,
  truth,
  harms: () => [],
  quotable: () => [],
};
