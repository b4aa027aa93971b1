/**
 * Stories and poems. A story keeps one hero, one mood and one place; its events and its ending agree with the mood.
 */
import type { Rng } from '../../data/rng.ts';
import { fill } from '../grammar.ts';
import { LEXICON } from '../lexicon.ts';
import { TEMPLATES, type TemplateGroup } from '../templates.ts';

/** A sentence from a group, open slots drawn at random. */
export function say(
  rng: Rng,
  group: TemplateGroup,
  given: Readonly<Record<string, string>> = {},
): string {
  return fill(rng.pick<string>(TEMPLATES[group]), rng, given);
}

export interface Hero {
  /** "the fox" or "anna". */
  readonly name: string;
  readonly pronoun: 'it' | 'she' | 'he';
}

/** Half of the time an animal, else a person; a person is she or he with equal chance, whoever it is. */
export function drawHero(rng: Rng): Hero {
  if (rng.chance(0.5)) return { name: `the ${rng.pick(LEXICON.animal)}`, pronoun: 'it' };
  return { name: rng.pick(LEXICON.person), pronoun: rng.chance(0.5) ? 'she' : 'he' };
}

function drawOther(rng: Rng, hero: Hero): string {
  const other = drawHero(rng).name;
  return other === hero.name ? drawOther(rng, hero) : other;
}

/** A short story as one line: opening, events of its mood, an ending that names the feeling. */
export function storyLine(rng: Rng, hero: Hero, feeling: string, events: number): string {
  const cheerful = LEXICON.cheerful.includes(feeling);
  const mood: TemplateGroup = cheerful ? 'cheerful-event' : 'gloomy-event';
  const cast = {
    who2: drawOther(rng, hero),
    place: rng.pick(LEXICON.place),
    object: rng.pick(LEXICON.object),
  };
  const sentences = rng.chance(0.8)
    ? [say(rng, 'opening', { who: hero.name, place: cast.place })]
    : [];
  for (let i = 0; i < events; i++) {
    const who = rng.chance(0.35) && sentences.length > 0 ? hero.pronoun : hero.name;
    const group = rng.chance(0.55) ? mood : 'neutral';
    const given = rng.chance(0.7) ? { ...cast, who } : { who, who2: cast.who2 };
    const sentence = say(rng, group, given);
    if (!sentences.includes(sentence)) sentences.push(sentence);
  }
  const who = rng.chance(0.3) ? hero.pronoun : hero.name;
  sentences.push(say(rng, 'ending', { who, feeling }));
  return sentences.join(' ');
}

export function story(rng: Rng): string {
  const hero = drawHero(rng);
  const feeling = rng.pick(LEXICON.feeling);
  const lines: string[] = [];
  if (rng.chance(0.5)) {
    const animal = hero.name.startsWith('the ') ? hero.name.slice(4) : undefined;
    lines.push(
      animal !== undefined && rng.chance(0.4)
        ? `the ${feeling} ${animal}.`
        : fill('a {feeling} story about {who}.', rng, { who: hero.name, feeling }),
    );
  }
  const paragraphs = rng.chance(0.3) ? 2 : 1;
  for (let i = 0; i < paragraphs; i++) lines.push(storyLine(rng, hero, feeling, 2 + rng.int(4)));
  return lines.join('\n');
}

export function poem(rng: Rng): string {
  const given = {
    animal: rng.pick(LEXICON.animal),
    place: rng.pick(LEXICON.place),
    feeling: rng.pick(LEXICON.feeling),
  };
  const lines = Array.from({ length: 4 + rng.int(5) }, () =>
    say(rng, 'poem', rng.chance(0.6) ? given : {}),
  );
  return lines.join('\n');
}
