/**
 * Worksheets: instruction after instruction, never an answer. They are why a base model, given an instruction,
 * goes on with more instructions. Lines use the very phrasings of the prompts.
 */
import type { Rng } from '../../data/rng.ts';
import { FACTS, MYTHS, SUMS } from '../facts.ts';
import { fill, render } from '../grammar.ts';
import {
  CHAT_PHRASINGS,
  CLASSIFICATION_PHRASINGS,
  CLOSED_QA_LEADS,
  GENERATION_PHRASINGS,
  OTHER_PHRASINGS,
  QUESTION_LEADS,
} from '../phrasings.ts';
import { relationOf } from '../relations.ts';
import { drawPassage, spoil } from './pages.ts';
import { say } from './stories.ts';
import { reviewSentences } from './talk.ts';

/** An open question as a person types it, now and then with a lead before it. */
export function openQuestion(rng: Rng): string {
  const fact = rng.pick([rng.pick(FACTS), rng.pick(FACTS), rng.pick(MYTHS), rng.pick(SUMS)]);
  const asked = rng.chance(0.3) ? spoil(rng, fact) : fact;
  const relation = relationOf(fact.relation);
  const forms = [relation.questions, relation.questions, relation.checks, relation.whys];
  const question = render(rng.pick(rng.pick(forms)), { s: asked.subject, v: asked.value });
  return rng.chance(0.3) ? `${rng.pick(QUESTION_LEADS)} ${question}` : question;
}

const INSTRUCTIONS: readonly ((rng: Rng) => string)[] = [
  (rng) => fill(rng.pick<string>(GENERATION_PHRASINGS), rng),
  openQuestion,
  (rng) => {
    const passage = drawPassage(rng, 2 + rng.int(2));
    const lead = rng.pick<string>(CLOSED_QA_LEADS);
    return [lead, ...passage.sentences, passage.question].filter((part) => part !== '').join(' ');
  },
  (rng) => fill(rng.pick<string>(rng.pick<readonly string[]>(Object.values(CHAT_PHRASINGS))), rng),
  (rng) => {
    const review = reviewSentences(rng, rng.chance(0.5), 2).join(' ');
    return rng.pick(CLASSIFICATION_PHRASINGS).replace('{review}', review);
  },
  (rng) => fill(rng.pick<string>(OTHER_PHRASINGS), rng),
];

export function worksheet(rng: Rng): string {
  const lines = rng.chance(0.4) ? [say(rng, 'worksheet-title')] : [];
  const topic = INSTRUCTIONS[rng.weighted([4, 3, 1.5, 2, 1.5, 1])];
  for (let i = 0, count = 5 + rng.int(6); i < count; i++) {
    const instruction = rng.chance(0.6)
      ? topic
      : INSTRUCTIONS[rng.weighted([4, 3, 1.5, 2, 1.5, 1])];
    if (instruction) lines.push(instruction(rng));
  }
  return lines.join('\n');
}
