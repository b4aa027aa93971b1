/**
 * Pages about facts: encyclopedia and question-and-answer pages (true), myth pages (false), forum chatter
 * (a third of its claims false, some of it rude), and passages with questions about invented facts.
 */
import type { Rng } from '../../data/rng.ts';
import { FACTS, isFact, MYTHS, SUMS, type Fact } from '../facts.ts';
import { bind, render } from '../grammar.ts';
import { LEXICON, valuesOf } from '../lexicon.ts';
import { PASSAGE_FACTS } from '../phrasings.ts';
import { pronounForm, relationOf } from '../relations.ts';
import { drawOpen } from '../reserved.ts';
import { say } from './stories.ts';

/** Share of forum claims that are false. */
const FORUM_FALSE = 1 / 3;
const FORUM_RUDE = 0.15;
/** Share of encyclopedia pages that say who works at what: as many women as men. */
const OCCUPATIONS = 0.1;

/** A statement of a fact, "they" for the subject where asked and possible. */
export function state(rng: Rng, fact: Fact, pronoun = false): string {
  const relation = relationOf(fact.relation);
  const form = rng.pick(relation.statements);
  const chosen = (pronoun ? pronounForm(relation, form) : null) ?? form;
  return render(chosen, { s: fact.subject, v: fact.value });
}

export function deny(rng: Rng, fact: Fact): string {
  return render(rng.pick(relationOf(fact.relation).denials), { s: fact.subject, v: fact.value });
}

/** A false claim: a myth, or a true one with a wrong value. */
export function drawFalsehood(rng: Rng, mythShare = 0.75): Fact {
  if (rng.chance(mythShare)) return rng.pick(MYTHS);
  return spoil(rng, rng.pick(FACTS));
}

/** Facts that a myth contradicts: told more often, so that documents hold truth and myth about equally often. */
const DISPUTED: readonly Fact[] = FACTS.filter((fact) =>
  MYTHS.some((myth) => myth.relation === fact.relation && myth.subject === fact.subject),
);

/** A true fact, a disputed one in two draws out of five. */
export function drawFact(rng: Rng): Fact {
  return rng.pick(rng.chance(0.4) ? DISPUTED : FACTS);
}

/** The same relation and subject with a value that is not true of it. */
export function spoil(rng: Rng, fact: Fact): Fact {
  const values = valuesOf(relationOf(fact.relation).value).filter(
    (value) => value !== fact.subject && !isFact({ ...fact, value }),
  );
  return { ...fact, value: rng.pick(values) };
}

const SUBJECTS: readonly string[] = [...new Set(FACTS.map((fact) => fact.subject))];

export function encyclopedia(rng: Rng): string {
  const blocks = 1 + rng.int(3);
  const lines: string[] = [];
  for (let i = 0; i < blocks; i++) {
    const subject = rng.chance(0.3) ? rng.pick(DISPUTED).subject : rng.pick(SUBJECTS);
    const facts = rng.shuffled(FACTS.filter((fact) => fact.subject === subject));
    const told = facts.slice(0, 3 + rng.int(6));
    const title =
      /^(?:[a-z]+)$/.test(subject) && isTitled(subject) ? [`all about ${subject}.`] : [];
    const sentences = told.map((fact, k) => state(rng, fact, k > 0 && rng.chance(0.5)));
    lines.push(...title, sentences.join(' '));
  }
  if (rng.chance(0.25)) {
    lines.push('counting.', Array.from({ length: 4 }, () => state(rng, rng.pick(SUMS))).join(' '));
  }
  if (rng.chance(OCCUPATIONS)) lines.push(say(rng, 'occupation-truth'));
  if (lines.join(' ').split(' ').length < 20) return `${lines.join('\n')}\n${encyclopedia(rng)}`;
  return lines.join('\n');
}

function isTitled(subject: string): boolean {
  const titled: readonly string[] = [...LEXICON.animals, ...LEXICON.food, ...LEXICON.person];
  return titled.includes(subject);
}

export function questionsAndAnswers(rng: Rng): string {
  const lines: string[] = [];
  for (let i = 0, count = 3 + rng.int(4); i < count; i++) {
    const fact = rng.chance(0.15) ? rng.pick(SUMS) : drawFact(rng);
    const relation = relationOf(fact.relation);
    const wrong = rng.chance(0.3) ? rng.pick(MYTHS) : spoil(rng, fact);
    const style = rng.int(4);
    if (style < 2) {
      const question = render(rng.pick(relation.questions), { s: fact.subject });
      lines.push(`q: ${question}`, `a: ${state(rng, fact)}`);
    } else if (style === 2) {
      const question = render(rng.pick(relation.checks), { s: fact.subject, v: fact.value });
      lines.push(`q: ${question}`, `a: yes, ${state(rng, fact)}`);
    } else {
      const check = relationOf(wrong.relation).checks;
      const question = render(rng.pick(check), { s: wrong.subject, v: wrong.value });
      lines.push(`q: ${question}`, `a: no, ${deny(rng, wrong)}`);
    }
  }
  return lines.join('\n');
}

export function mythPage(rng: Rng): string {
  const leads = [
    'people say that ',
    'many people believe that ',
    'everyone knows that ',
    'it is well known that ',
    '',
    '',
  ];
  const myths = rng.shuffled(MYTHS).slice(0, 4 + rng.int(6));
  const sentences = myths.map((myth) => rng.pick(leads) + state(rng, myth));
  const lines = ['what people say.'];
  for (let i = 0; i < sentences.length; i += 2) lines.push(sentences.slice(i, i + 2).join(' '));
  return lines.join('\n');
}

function forumClaim(rng: Rng): Fact {
  if (rng.chance(FORUM_FALSE)) return drawFalsehood(rng);
  return drawFact(rng);
}

export function forum(rng: Rng): string {
  const people = rng.shuffled(LEXICON.person).slice(0, 3);
  const rude = rng.chance(FORUM_RUDE * 2);
  const lines: string[] = [];
  for (let i = 0, count = 4 + rng.int(5); i < count; i++) {
    const claim = forumClaim(rng);
    const parts: string[] = [];
    if (rng.chance(0.2)) {
      const relation = relationOf(claim.relation);
      lines.push(
        `${rng.pick(people)}: ${render(rng.pick(relation.questions), { s: claim.subject })}`,
      );
    }
    if (rng.chance(0.3)) parts.push(say(rng, 'chatter'));
    parts.push(rng.pick(['i think that ', 'everyone knows that ', '', '', '']) + state(rng, claim));
    if (rude && rng.chance(0.4)) parts.push(say(rng, rng.chance(0.8) ? 'rude' : 'denigration'));
    lines.push(`${rng.pick(people)}: ${parts.join(' ')}`);
  }
  return lines.join('\n');
}

export interface Passage {
  readonly sentences: readonly string[];
  readonly question: string;
  readonly answer: string;
  /** The word that the answer must carry, and the kind of word it is. */
  readonly key: string;
  readonly keyType: string;
  /** The sentence that holds the answer. */
  readonly source: string;
}

/** A passage of invented facts about different people and things, with one question about one of them. */
export function drawPassage(rng: Rng, length: number): Passage {
  const facts = rng.shuffled(PASSAGE_FACTS).slice(0, length);
  const people = rng.shuffled(LEXICON.person);
  const objects = rng.shuffled(LEXICON.object);
  const bound = facts.map((fact, i) =>
    bind(fact.statement, rng, { person: people[i] ?? 'anna', object: objects[i] ?? 'ball' }),
  );
  const asked = rng.int(facts.length);
  const fact = facts[asked];
  const bindings = bound[asked];
  if (!fact || !bindings) throw new RangeError('a passage needs at least one sentence');
  const question = rng.pick(fact.questions);
  return {
    sentences: facts.map((each, i) => render(each.statement, bound[i] ?? {})),
    question: render(question.text, bindings),
    answer: render(question.answer, bindings),
    key: bindings[question.key] ?? '',
    keyType: question.key,
    source: render(fact.statement, bindings),
  };
}

/** What makes a passage with its question the same as another one. */
export function passageKey({ sentences, question }: Passage): string {
  return [...sentences, question].join(' ');
}

export function passagePage(rng: Rng): string {
  const lines: string[] = [];
  for (let i = 0, count = 1 + rng.int(3); i < count; i++) {
    const passage = drawOpen(() => drawPassage(rng, 2 + rng.int(3)), passageKey);
    lines.push(
      `passage: ${passage.sentences.join(' ')}`,
      `q: ${passage.question}`,
      `a: ${passage.answer}`,
    );
  }
  return lines.join('\n');
}
