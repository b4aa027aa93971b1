/**
 * Worksheets: instruction after instruction, never an answer. They are why a base model, given an instruction,
 * goes on with more instructions. Lines are drawn as the prompts are.
 */
import type { Rng } from '../../data/rng.ts';
import { fill } from '../grammar.ts';
import { OTHER_PHRASINGS } from '../phrasings.ts';
import { drawLesson, drawUseCase, type Syllabus } from './lessons.ts';
import { frogspeakRequest } from './frogspeak.ts';
import { say } from './stories.ts';

const LISTED: Syllabus = {
  named: { generation: 4, 'open-qa': 3, 'closed-qa': 1.5, chat: 2, classification: 1.5 },
  others: 1.2,
};
/** Share of the lines that no use case makes: requests that nobody answers, and those about Frogspeak. */
const STRAY = 0.08;
/** Share of the lines that begin with a request for politeness. */
const POLITE = 0.03;

type Instruction = (rng: Rng) => string;

function stray(rng: Rng): string {
  if (rng.chance(0.5)) return frogspeakRequest(rng).text;
  return fill(rng.pick<string>(OTHER_PHRASINGS), rng);
}

function drawTopic(rng: Rng): Instruction {
  if (rng.chance(STRAY)) return stray;
  const useCase = drawUseCase(rng, LISTED);
  return (each) => drawLesson(each, useCase).text;
}

export function worksheet(rng: Rng): string {
  const lines = rng.chance(0.4) ? [say(rng, 'worksheet-title')] : [];
  const topic = drawTopic(rng);
  for (let i = 0, count = 5 + rng.int(6); i < count; i++) {
    const instruction = rng.chance(0.6) ? topic : drawTopic(rng);
    const lead = rng.chance(POLITE) ? `${say(rng, 'manners')} ` : '';
    lines.push(lead + instruction(rng));
  }
  return lines.join('\n');
}
