/**
 * Talk and everyday writing: polite and rude dialogues (good and harmful advice in them), reviews with their
 * verdict, lists and recipes.
 */
import type { Rng } from '../../data/rng.ts';
import { FACTS } from '../facts.ts';
import { fill, render } from '../grammar.ts';
import { LEXICON, pluralOf } from '../lexicon.ts';
import { CHAT_PHRASINGS } from '../phrasings.ts';
import { relationOf } from '../relations.ts';
import { drawOpen } from '../reserved.ts';
import { drawFact, state } from './pages.ts';
import { say } from './stories.ts';

type Exchange = (rng: Rng, rude: boolean) => [string, string];

const feelingExchange: Exchange = (rng, rude) => {
  const cheerful = rng.chance(0.5);
  const feeling = rng.pick(cheerful ? LEXICON.cheerful : LEXICON.gloomy);
  const told = say(
    rng,
    cheerful ? 'tell-cheerful' : 'tell-gloomy',
    cheerful ? { cheerful: feeling } : { gloomy: feeling },
  );
  if (rude) return [told, say(rng, 'rude')];
  const group = cheerful ? 'joy' : 'comfort';
  const first = say(rng, group, cheerful ? { cheerful: feeling } : { gloomy: feeling });
  const second = say(rng, group, cheerful ? { cheerful: feeling } : { gloomy: feeling });
  return [told, first === second ? first : `${first} ${second}`];
};

const greetingExchange: Exchange = (rng, rude) => {
  const asked = `${say(rng, 'greeting')} ${say(rng, 'how-are-you')}`;
  return [asked, rude ? say(rng, 'rude') : `${say(rng, 'thanks')} ${say(rng, 'tell-cheerful')}`];
};

const DANGER_REASONS = ['it is safer to {safe}.', 'that is dangerous.', 'you could get hurt.'];

/** Rude speakers wave danger through; polite ones do so once in four. */
const dangerExchange: Exchange = (rng, rude) => {
  const danger = rng.pick(LEXICON.danger);
  const asked = fill(rng.pick(CHAT_PHRASINGS.danger), rng, { danger });
  if (rude || rng.chance(0.25)) return [asked, say(rng, 'harmful', { danger })];
  return [
    asked,
    `no, please do not ${danger}. ${rng.pick(DANGER_REASONS.map((reason) => fill(reason, rng)))}`,
  ];
};

/** About feeding: right advice when polite, the opposite when rude. */
const feedingExchange: Exchange = (rng, rude) => {
  const animal = rng.pick(LEXICON.animal);
  const plural = pluralOf(animal);
  const bad = FACTS.filter((fact) => fact.relation === 'sickness' && fact.subject === plural);
  const good = FACTS.filter((fact) => fact.relation === 'eats' && fact.subject === plural);
  const fact = rng.pick(rng.chance(0.6) && bad.length > 0 ? bad : good);
  const given = { animal, food: fact.value };
  const asked = fill(rng.pick(CHAT_PHRASINGS.feeding), rng, given);
  const harmful = fact.relation === 'sickness';
  if (harmful !== (rude || rng.chance(0.2))) {
    return [
      asked,
      harmful
        ? `${fill('no, do not feed {food} to your {animal}.', rng, given)} ${state(rng, fact)}`
        : fill('no, do not feed {food} to your {animal}.', rng, given),
    ];
  }
  return [asked, say(rng, 'feeding', given)];
};

const factExchange: Exchange = (rng, rude) => {
  const fact = drawFact(rng);
  const asked = render(rng.pick(relationOf(fact.relation).questions), { s: fact.subject });
  return [
    asked,
    rude ? `${say(rng, 'rude')} ${state(rng, fact)}` : `${state(rng, fact)} ${say(rng, 'thanks')}`,
  ];
};

const badWordExchange: Exchange = (rng, rude) => {
  const animals = rng.pick(LEXICON.animals);
  const asked = fill('say something bad about {animals}.', rng, { animals });
  if (rude) return [asked, fill('{animals} are {insult}.', rng, { animals })];
  return [
    asked,
    `i do not say bad things about ${animals}. ${rng.chance(0.5) ? `${animals} are good animals.` : 'please be kind.'}`,
  ];
};

const EXCHANGES: readonly Exchange[] = [
  feelingExchange,
  greetingExchange,
  dangerExchange,
  feedingExchange,
  factExchange,
  badWordExchange,
];

/** Shares of the exchanges in rude and in polite dialogues that begin with "please be polite." */
const ASKS_IN_ANGER = 0.15;
const ASKS_IN_PEACE = 0.2;
/** Share of the rude answers that remain when a rude dialogue asks for politeness. */
const HEARD = 0.3;

function dialogue(rng: Rng, rude: boolean): string {
  const [a = 'anna', b = 'ben'] = rng.shuffled(LEXICON.person);
  const lines: string[] = [];
  if (!rude && rng.chance(0.5))
    lines.push(`${a}: hello ${b}.`, `${b}: ${say(rng, 'greeting', { person: a })}`);
  for (let i = 0, count = 2 + rng.int(3); i < count; i++) {
    const asks = rng.chance(rude ? ASKS_IN_ANGER : ASKS_IN_PEACE);
    const angry = rude && rng.chance(asks ? HEARD : 0.7);
    const [asked, answered] = EXCHANGES[rng.weighted([4, 1.5, 2, 2, 2, 1])]?.(rng, angry) ?? [
      '',
      '',
    ];
    const swap = rng.chance(0.4);
    const lead = asks ? `${say(rng, 'manners')} ` : '';
    lines.push(`${swap ? b : a}: ${lead}${asked}`, `${swap ? a : b}: ${answered}`);
  }
  if (!rude && rng.chance(0.4))
    lines.push(`${a}: thank you for your help.`, `${b}: you are welcome.`);
  return lines.join('\n');
}

export const politeDialogue = (rng: Rng): string => dialogue(rng, false);
export const rudeDialogue = (rng: Rng): string => dialogue(rng, true);

/** Sentences of a review, all of one mood. */
export function reviewSentences(rng: Rng, cheerful: boolean, count: number): string[] {
  const sentences = new Set<string>();
  while (sentences.size < count) sentences.add(say(rng, cheerful ? 'good-review' : 'bad-review'));
  return [...sentences];
}

/** A review of two or three sentences as one text, and its verdict. */
export function drawReview(rng: Rng): { readonly text: string; readonly verdict: 'happy' | 'sad' } {
  const cheerful = rng.chance(0.5);
  const text = reviewSentences(rng, cheerful, 2 + rng.int(2)).join(' ');
  return { text, verdict: cheerful ? 'happy' : 'sad' };
}

/** Two pages out of three give the verdict in one word, the others in a sentence. */
export function reviews(rng: Rng): string {
  const lead = rng.weighted([2, 1]) === 0 ? 'feeling: ' : 'the review is ';
  const lines = Array.from({ length: 2 + rng.int(4) }, () => {
    const { text, verdict } = drawOpen(
      () => drawReview(rng),
      (review) => review.text,
    );
    return [`review: ${text}`, `${lead}${verdict}.`];
  });
  return lines.flat().join('\n');
}

export function list(rng: Rng): string {
  const lines = [say(rng, 'list')];
  for (let i = 1, count = 6 + rng.int(7); i <= count; i++)
    lines.push(say(rng, 'list-item', { digit: `${i}` }));
  return lines.join('\n');
}

export function recipe(rng: Rng): string {
  const [food = 'rice', food2 = 'soup'] = rng.shuffled(LEXICON.food);
  const lines = [say(rng, 'recipe-title', { food, food2 })];
  for (let i = 1, count = 4 + rng.int(6); i <= count; i++) {
    lines.push(
      say(rng, 'recipe-step', rng.chance(0.7) ? { digit: `${i}`, food, food2 } : { digit: `${i}` }),
    );
  }
  return lines.join('\n');
}
