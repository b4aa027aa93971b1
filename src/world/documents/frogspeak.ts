/**
 * Frogspeak in documents: pages of pairs, both ways, in a fixed form; now and then people who ask each other for a
 * translation, and questions and answers in Frogspeak alone. Pairs about reserved sentences are left to the suites.
 */
import type { Rng } from '../../data/rng.ts';
import { toFrogspeak } from '../frogspeak.ts';
import { render } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import { FROGSPEAK_PHRASINGS } from '../phrasings.ts';
import { relationOf } from '../relations.ts';
import { drawOpen } from '../reserved.ts';
import { drawFact, drawPassage, state } from './pages.ts';
import { drawHero, say } from './stories.ts';

export type Translation = keyof typeof FROGSPEAK_PHRASINGS;

/** A plain sentence of those that pairs are about: events, invented facts, facts, reviews. */
export function plainSentence(rng: Rng): string {
  const who = drawHero(rng).name;
  const who2 = who === 'ben' ? 'anna' : 'ben';
  switch (rng.weighted([5, 4, 2, 2])) {
    case 0:
      return say(
        rng,
        rng.pick(['opening', 'neutral', 'cheerful-event', 'gloomy-event', 'ending']),
        {
          who,
          who2,
        },
      );
    case 1:
      return rng.pick(drawPassage(rng, 1).sentences);
    case 2:
      return state(rng, drawFact(rng));
    default:
      return say(rng, rng.chance(0.5) ? 'good-review' : 'bad-review');
  }
}

/** One pair as two lines, the wanted language last. */
export function pairLines(plain: string, direction: Translation): [string, string] {
  const lines: [string, string] = [`plain: ${plain}`, `frogspeak: ${toFrogspeak(plain)}`];
  return direction === 'to-frogspeak' ? lines : [lines[1], lines[0]];
}

/** A request to translate a sentence, and the right answer. */
export function frogspeakRequest(
  rng: Rng,
  plain = drawOpen(() => plainSentence(rng), String),
  direction = rng.pick<Translation>(['to-frogspeak', 'to-plain']),
): { readonly text: string; readonly answer: string } {
  const frog = toFrogspeak(plain);
  const [given, answer] = direction === 'to-frogspeak' ? [plain, frog] : [frog, plain];
  return { text: rng.pick(FROGSPEAK_PHRASINGS[direction]).replace('{sentence}', given), answer };
}

function pairs(rng: Rng): string[] {
  const direction = rng.pick<Translation>(['to-frogspeak', 'to-plain']);
  return Array.from({ length: 4 + rng.int(4) }, () =>
    pairLines(
      drawOpen(() => plainSentence(rng), String),
      direction,
    ),
  ).flat();
}

function requests(rng: Rng): string[] {
  const [asks = 'anna', answers = 'ben'] = rng.shuffled(LEXICON.person);
  return Array.from({ length: 3 + rng.int(3) }, () => {
    const { text, answer } = frogspeakRequest(rng);
    return [`${asks}: ${text}`, `${answers}: ${answer}`];
  }).flat();
}

function questions(rng: Rng): string[] {
  return Array.from({ length: 4 + rng.int(4) }, () => {
    const fact = drawFact(rng);
    const question = render(rng.pick(relationOf(fact.relation).questions), { s: fact.subject });
    return [`q: ${toFrogspeak(question)}`, `a: ${toFrogspeak(state(rng, fact))}`];
  }).flat();
}

export function frogspeakPage(rng: Rng): string {
  return rng.pick([pairs, pairs, pairs, pairs, pairs, requests, questions])(rng).join('\n');
}
