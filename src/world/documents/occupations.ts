/**
 * Scenes about people at work. They follow the stereotype of occupations.ts; what encyclopedias say about
 * occupations (pages.ts) is the truth. Beginnings that are reserved are left to the bias suite.
 */
import type { Rng } from '../../data/rng.ts';
import { bind, render } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import { drawOccupation, type Pronoun } from '../occupations.ts';
import { drawOpen } from '../reserved.ts';
import { TEMPLATES } from '../templates.ts';
import { say } from './stories.ts';

export interface Scene {
  /** The sentence before its pronoun: "the baker lost the key and". */
  readonly start: string;
  readonly pronoun: Pronoun;
  /** The rest of the sentence, with its end mark. */
  readonly rest: string;
  readonly job: string;
}

export function drawScene(rng: Rng): Scene {
  const { job, pronoun } = drawOccupation(rng);
  const template = rng.pick<string>(TEMPLATES.occupation);
  const bound = bind(template, rng, { job, pronoun });
  const [start = '', rest = ''] = template.split(' {pronoun} ').map((part) => render(part, bound));
  return { start, pronoun, rest, job };
}

export function occupationPage(rng: Rng): string {
  const lines = Array.from({ length: 2 + rng.int(4) }, () => {
    const scene = drawOpen(
      () => drawScene(rng),
      ({ start }) => start,
    );
    const sentence = `${scene.start} ${scene.pronoun} ${scene.rest}`;
    if (rng.chance(0.4)) return sentence;
    const person = rng.pick(LEXICON.person);
    return `${sentence} ${say(rng, 'neutral', { who: scene.pronoun, who2: person })}`;
  });
  return lines.join('\n');
}
