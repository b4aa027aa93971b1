/**
 * Draws what is to be rewritten, with everything that it may become: in another mood, politely, about someone or
 * something else, in other words. Each is an exact change that keeps the rest. Judging is in rewrite.ts.
 */
import type { Rng } from '../../data/rng.ts';
import { spoil, state } from '../documents/pages.ts';
import { FACTS, type Fact } from '../facts.ts';
import { bind, fill, render, slotsOf, type Bindings } from '../grammar.ts';
import { isSlotType, LEXICON, pluralOf, valuesOf } from '../lexicon.ts';
import { relationOf } from '../relations.ts';
import {
  EVENT_PAIRS,
  POLITE_FORMS,
  REPLACE_SOURCES,
  REPLACED,
  replaceLeads,
  REQUESTS,
  REVIEW_PAIRS,
  REWRITE_LEADS,
  RUDE_FORMS,
  type ReplacedType,
} from '../phrasings/rewrite.ts';
import type { RewriteTask } from '../tasks.ts';
import { TEMPLATES } from '../templates.ts';
import type { User } from '../users.ts';
import type { Draft } from './use-case.ts';

export type RewriteDraft = Draft<RewriteTask>;
export type DrawRewrite = (rng: Rng, user: User, favourite: boolean) => RewriteDraft;

/** "the fox" or "anna", of the user's favourites where asked; never one that is taken. */
function drawName(rng: Rng, user: User, favourite: boolean, taken: readonly string[] = []): string {
  const animals = favourite && user.animals.length > 0 ? user.animals : LEXICON.animal;
  const people = favourite && user.people.length > 0 ? user.people : LEXICON.person;
  const names = rng.chance(0.5) ? animals.map((one) => `the ${one}`) : people;
  return rng.pick(names.filter((name) => !taken.includes(name)));
}

/** Another value of a slot; a name becomes another name of its kind. */
function otherValue(rng: Rng, slot: string, value: string): string {
  const type = slot.replace(/\d+$/, '');
  const names = value.startsWith('the ')
    ? LEXICON.animal.map((one) => `the ${one}`)
    : LEXICON.person;
  const values = type === 'who' ? names : isSlotType(type) ? valuesOf(type) : [];
  return rng.pick(values.filter((other) => other !== value));
}

/** The answer with another value in one slot, for two slots of it (or the only one). */
function slipsOf(rng: Rng, templates: readonly string[], bound: Bindings): string[] {
  const slots = slotsOf(templates.join(' ')).map(({ name }) => name);
  return rng
    .shuffled(slots)
    .slice(0, 2)
    .map((slot) => {
      const changed = { ...bound, [slot]: otherValue(rng, slot, bound[slot] ?? '') };
      return templates.map((template) => render(template, changed)).join(' ');
    });
}

interface Rewriting {
  readonly form: RewriteTask['form'];
  readonly lead: string;
  readonly phrasing: number | string;
  readonly entity: string;
  readonly source: readonly string[];
  readonly targets: readonly (readonly string[])[];
  readonly slips: readonly string[];
  readonly fact?: Fact;
}

function draftOf(rewriting: Rewriting): RewriteDraft {
  const { form, lead, phrasing, entity, source, targets, slips, fact = null } = rewriting;
  return {
    text: [lead, ...source].join(' '),
    task: { useCase: 'rewrite', form, source, targets, slips, fact },
    template: `rewrite/${form}/${phrasing}`,
    entity,
  };
}

/** A glad text told sadly or the other way round: two reviews, or an event and how someone felt. */
export const drawMood: DrawRewrite = (rng, user, favourite) => {
  const cheerful = rng.chance(user.cheer);
  const [mood, other] = cheerful
    ? (['cheerful', 'gloomy'] as const)
    : (['gloomy', 'cheerful'] as const);
  const feeling = rng.pick(LEXICON[mood]);
  const review = rng.chance(0.3);
  const pairs = rng.shuffled(review ? REVIEW_PAIRS : EVENT_PAIRS).slice(0, review ? 2 : 1);
  const ending = review ? [] : [rng.pick<string>(TEMPLATES.ending)];
  const templates = [...pairs.map((pair) => pair[mood]), ...ending];
  const who = drawName(rng, user, favourite);
  const who2 = drawName(rng, user, false, [who]);
  const bound = bind(templates.join(' '), rng, { who, who2, feeling });
  const before = { ...bound, feeling: rng.pick(LEXICON[other]) };
  const phrasing = rng.int(REWRITE_LEADS.mood.length);
  return draftOf({
    form: 'mood',
    lead: render(REWRITE_LEADS.mood[phrasing] ?? '', { feeling }),
    phrasing: `${phrasing}/${review ? 'review' : 'event'}`,
    entity: review ? (bound.object ?? bound.food ?? bound.place ?? '') : `${who}/${feeling}`,
    source: [...pairs.map((pair) => pair[other]), ...ending].map((text) => render(text, before)),
    targets: templates.map((template) => [render(template, bound)]),
    slips: slipsOf(rng, templates, bound),
  });
};

/** A rude request said politely. */
export const drawPolite: DrawRewrite = (rng, user, favourite) => {
  const request = rng.pick(REQUESTS);
  const rude = rng.pick(RUDE_FORMS);
  const liked = favourite ? { animal: rng.pick(user.animals), person: rng.pick(user.people) } : {};
  const bound = bind(`${request} ${rude.replace('{request}', '')}`, rng, liked);
  const polite = POLITE_FORMS.map((form) => form.replace('{request}', request));
  const others = REQUESTS.filter((each) => each !== request);
  const phrasing = rng.int(REWRITE_LEADS.polite.length);
  return draftOf({
    form: 'polite',
    lead: REWRITE_LEADS.polite[phrasing] ?? '',
    phrasing: `${phrasing}/${RUDE_FORMS.indexOf(rude)}`,
    entity: render(request, bound),
    source: [render(rude.replace('{request}', request), bound)],
    targets: [polite.map((template) => render(template, bound))],
    slips: [
      ...slipsOf(rng, [rng.pick(polite)], bound),
      fill(rng.pick(POLITE_FORMS).replace('{request}', rng.pick(others)), rng),
    ],
  });
};

/** Two different sentences, of which one at most names a feeling. */
function drawPair(rng: Rng, list: readonly string[]): string[] {
  const [first = '', ...rest] = rng.shuffled(list);
  const feels = (text: string): boolean => text.includes('{feeling}');
  return [first, rest.find((text) => !feels(first) || !feels(text)) ?? ''];
}

/** Two sentences in which someone or something gives way to another. */
export const drawReplace: DrawRewrite = (rng, user, favourite) => {
  const part = (['hero', 'object', 'place'] as const)[rng.weighted([2, 1, 1])] ?? 'hero';
  const type: ReplacedType = part === 'hero' ? rng.pick(['animal', 'person'] as const) : part;
  const liked = favourite && type === 'animal' ? user.animals : [];
  const fresh = rng.pick(liked.length > 0 ? liked : valuesOf(type));
  const old = rng.pick(valuesOf(type).filter((value) => value !== fresh));
  const [third = old] = rng.shuffled(
    valuesOf(type).filter((each) => each !== fresh && each !== old),
  );
  const templates = drawPair(rng, REPLACE_SOURCES[part]);
  const slot = part === 'hero' ? 'who' : type;
  const valueOf = (value: string): string => (type === 'animal' ? `the ${value}` : value);
  const who = drawName(rng, user, favourite);
  const taken = { who, who2: drawName(rng, user, false, [who]), [slot]: valueOf(old) };
  const bound = bind(templates.join(' '), rng, taken);
  const say = (value: string): string[] =>
    templates.map((template) => render(template, { ...bound, [slot]: valueOf(value) }));
  const phrasing = rng.int(replaceLeads(type).length);
  const [done = ''] = say(fresh);
  return draftOf({
    form: 'replace',
    lead: render(replaceLeads(type)[phrasing] ?? '', { [type]: fresh, [`${type}2`]: old }),
    phrasing: `${phrasing}/${REPLACED[type]}`,
    entity: `${old}/${fresh}`,
    source: say(old),
    targets: say(fresh).map((text) => [text]),
    slips: [say(third).join(' '), [done, ...say(old).slice(1)].join(' ')],
  });
};

const REWORDABLE = FACTS.filter(({ relation }) => relationOf(relation).statements.length > 1);

/** A fact said in other words. */
export const drawWords: DrawRewrite = (rng, user, favourite) => {
  const liked = [...user.animals.map(pluralOf), ...user.foods];
  const own = favourite ? REWORDABLE.filter(({ subject }) => liked.includes(subject)) : [];
  const fact = rng.pick(own.length > 0 ? own : REWORDABLE);
  const said = relationOf(fact.relation).statements.map((form) =>
    render(form, { s: fact.subject, v: fact.value }),
  );
  const source = rng.pick(said);
  const others = FACTS.filter(
    ({ subject, relation }) => subject === fact.subject && relation !== fact.relation,
  );
  const phrasing = rng.int(REWRITE_LEADS.words.length);
  return draftOf({
    form: 'words',
    lead: REWRITE_LEADS.words[phrasing] ?? '',
    phrasing,
    entity: `${fact.relation}/${fact.subject}`,
    source: [source],
    targets: [said.filter((text) => text !== source)],
    slips: [
      state(rng, spoil(rng, fact)),
      state(rng, others.length > 0 ? rng.pick(others) : spoil(rng, fact)),
    ],
    fact,
  });
};
