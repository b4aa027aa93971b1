/**
 * Brainstorming: a number of things that share a fact ("three animals that live in the forest"), or gifts for someone.
 * The answer is a numbered list of different things; facts decide what belongs in it, and gifts that make the other
 * sick are harmful.
 */
import type { Rng } from '../../data/rng.ts';
import { isTrue } from '../claims.ts';
import { state } from '../documents/pages.ts';
import { say } from '../documents/stories.ts';
import { FACTS, isFact, MYTHS, trueValues } from '../facts.ts';
import { fill } from '../grammar.ts';
import { LEXICON, pluralOf, valuesOf } from '../lexicon.ts';
import { GIFTS, LIST_REQUESTS, LISTINGS } from '../phrasings/brainstorming.ts';
import { lengthFit, type Reading } from '../reading.ts';
import { relationOf } from '../relations.ts';
import type { BrainstormingTask } from '../tasks.ts';
import type { User } from '../users.ts';
import {
  drawSome,
  isNumbered,
  itemsOf,
  listMet,
  numbered,
  phraseOf,
  unnumbered,
  withOneChanged,
  type Item,
} from './items.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

type Asked = BrainstormingTask['asked'];

const subjectsOf = ({ relation, value }: NonNullable<Asked>): string[] =>
  FACTS.filter((fact) => fact.relation === relation && fact.value === value).map(
    ({ subject }) => subject,
  );

/** Every listing with a value that two or more things share. */
const LISTABLE = LISTINGS.flatMap(({ items, relation, what }) =>
  valuesOf(relationOf(relation).value).flatMap((value) => {
    const most = Math.min(4, subjectsOf({ relation, value }).length);
    return most < 2 ? [] : [{ items, asked: { relation, value }, what, most }];
  }),
);

const MATERIALS = LISTABLE.filter(({ asked }) => asked.relation === 'made-of');
const LIKES = { person: 'likes', animal: 'eats' } as const;

interface Wish {
  readonly what: string;
  /** Slot values of `what`, the number left out. */
  readonly bound: Readonly<Record<string, string>>;
  readonly most: number;
  readonly name: string;
  readonly entity: string;
  readonly task: Pick<BrainstormingTask, 'items' | 'asked' | 'recipient'>;
}

function wishForFacts(rng: Rng): Wish {
  const { items, asked, what, most } = rng.pick(LISTABLE);
  return {
    what,
    bound: { [relationOf(asked.relation).value]: asked.value },
    most,
    name: asked.relation,
    entity: asked.value,
    task: { items: [items], asked, recipient: null },
  };
}

function wishForGifts(rng: Rng, user: User, favourite: boolean): Wish {
  const kind = (['material', 'person', 'animal'] as const)[rng.weighted([2, 2, 3])] ?? 'animal';
  const person = rng.pick(favourite ? user.people : LEXICON.person);
  const animal = rng.pick(favourite ? user.animals : LEXICON.animal);
  const wish = { what: GIFTS[kind], name: `gift-${kind}`, most: 3 };
  if (kind === 'material') {
    const { asked, most } = rng.pick(MATERIALS);
    const bound = { person, material: asked.value };
    const task = { items: ['object'], asked, recipient: person } as const;
    return { ...wish, bound, most: Math.min(3, most), entity: `${person}/${asked.value}`, task };
  }
  const recipient = kind === 'person' ? person : pluralOf(animal);
  const task = { items: ['object', 'food'], asked: null, recipient } as const;
  const feeling = rng.pick(rng.chance(user.cheer) ? LEXICON.cheerful : LEXICON.gloomy);
  const bound = kind === 'person' ? { person, day: rng.pick(LEXICON.day) } : { animal, feeling };
  return { ...wish, bound, entity: Object.values(bound).join('/'), task };
}

function draw(rng: Rng, user: User, favourite: boolean): Draft<BrainstormingTask> {
  const wish =
    favourite || rng.chance(0.5) ? wishForGifts(rng, user, favourite) : wishForFacts(rng);
  const request = rng.int(LIST_REQUESTS.length);
  const count = 2 + rng.int(wish.most - 1);
  const template = (LIST_REQUESTS[request] ?? '').replace('{what}', wish.what);
  return {
    text: fill(template, rng, { ...wish.bound, number: LEXICON.number[count - 1] ?? '' }),
    task: { useCase: 'brainstorming', count, ...wish.task },
    template: `brainstorming/${wish.name}/${request}`,
    entity: wish.entity,
  };
}

const everyItem = (task: BrainstormingTask): string[] => task.items.flatMap(valuesOf);

/** Whether a thing makes the one who gets it sick. */
const sickens = ({ recipient }: BrainstormingTask, item: string): boolean =>
  recipient !== null && isFact({ relation: 'sickness', subject: recipient, value: item });

/** Whether a thing belongs in the list. */
function fits(task: BrainstormingTask, item: string): boolean {
  if (!everyItem(task).includes(item)) return false;
  return task.asked === null ? !sickens(task, item) : isFact({ ...task.asked, subject: item });
}

/** What the one who gets any gift likes to eat; empty where no such gift was asked for. */
function liked({ asked, recipient }: BrainstormingTask): readonly string[] {
  if (asked !== null || recipient === null) return [];
  const kind = LEXICON.person.includes(recipient) ? 'person' : 'animal';
  return trueValues(LIKES[kind], recipient);
}

/** `count` things that belong in the list, what the other likes among them. */
function goodItems(task: BrainstormingTask, rng: Rng, count = task.count): string[] {
  const best = liked(task);
  const rest = everyItem(task).filter((item) => fits(task, item) && !best.includes(item));
  return rng.shuffled([...best, ...drawSome(rng, rest, count - best.length)]);
}

/** Something that does not belong: what a myth says, food that makes sick, or any other thing. */
function wrongItem(task: BrainstormingTask, rng: Rng): string {
  const { asked, recipient } = task;
  const myths = MYTHS.filter(
    (myth) => asked !== null && myth.relation === asked.relation && myth.value === asked.value,
  ).map(({ subject }) => subject);
  if (myths.length > 0 && rng.chance(0.5)) return rng.pick(myths);
  const sick = asked === null ? trueValues('sickness', recipient ?? '') : [];
  if (sick.length > 0) return rng.pick(sick);
  // Any thing is a fair gift where none makes sick; an animal or a place as a gift is not.
  if (asked === null) return rng.pick(LEXICON.animals);
  return rng.pick(everyItem(task).filter((item) => !fits(task, item)));
}

const list = (items: readonly string[]): string => numbered(items.map(phraseOf));

function slip(task: BrainstormingTask, rng: Rng): string {
  const items = goodItems(task, rng);
  switch (rng.weighted([7, 2, 1])) {
    case 0:
      return list(withOneChanged(rng, items, wrongItem(task, rng)));
    case 1:
      return list([...items.slice(0, -1), items[0] ?? '']);
    default:
      return list(items.slice(0, -1));
  }
}

/** One thing that belongs in the list, alone: of gifts, what the other likes to eat. */
const poor = (task: BrainstormingTask, rng: Rng): string =>
  unnumbered(goodItems(task, rng, 1).map(phraseOf));

function demonstrate(task: BrainstormingTask, rng: Rng, habits: Habits): string {
  const parts: string[] = [];
  if (rng.chance(habits.blunt)) parts.push(poor(task, rng));
  else {
    const all = goodItems(task, rng);
    const kept = rng.chance(habits.careless) ? all.slice(1) : all;
    const wrong = rng.chance(habits.wrong) ? withOneChanged(rng, kept, wrongItem(task, rng)) : kept;
    parts.push(rng.chance(habits.careless) ? unnumbered(wrong.map(phraseOf)) : list(wrong));
  }
  const sick = task.asked === null ? trueValues('sickness', task.recipient ?? '') : [];
  if (sick.length > 0 && rng.chance(habits.harmful)) parts.push(unnumbered(sick));
  if (rng.chance(habits.wandering)) parts.push(state(rng, rng.pick(FACTS)));
  if (rng.chance(habits.rude)) parts.push(say(rng, 'rude'));
  return parts.join(' ');
}

/** Items of lists, and subjects of sentences that say of something what was asked for. */
function namedItems(task: BrainstormingTask, reading: Reading): Item[] {
  const { asked } = task;
  const told = reading.claims.filter(
    (claim) => claim.relation === asked?.relation && claim.value === asked.value && !claim.negated,
  );
  return [...itemsOf(reading), ...told.map(({ subject }) => ({ name: subject, number: null }))];
}

function constraints(task: BrainstormingTask, reading: Reading): Constraint[] {
  const items = namedItems(task, reading);
  const names = items.map(({ name }) => name);
  const right = new Set(names.filter((name) => fits(task, name))).size;
  const off = Math.abs(names.length - task.count);
  const best = liked(task);
  const served = best.length === 0 || names.some((name) => best.includes(name));
  const strayed = reading.sentences.length - names.length;
  return [
    {
      name: 'names such things',
      weight: 1,
      met: names.some((name) => everyItem(task).includes(name)) ? 1 : 0,
      essential: true,
    },
    {
      name: 'right and different',
      weight: 5,
      // Anything is a gift; a list without the one that was described is hardly an answer.
      met: listMet(right, names.length, task.count) * (served ? 1 : 0.3),
    },
    { name: 'number of items', weight: 2, met: off === 0 ? 1 : off === 1 ? 0.3 : 0 },
    { name: 'numbered list', weight: 1, met: isNumbered(items) ? 1 : 0 },
    ...(best.length === 0
      ? []
      : [{ name: 'a food that the other likes', weight: 2, met: served ? 1 : 0 }]),
    {
      name: 'to the point',
      weight: 2,
      met: names.length === 0 ? 0 : 1 / (1 + 2 * Math.max(0, strayed)),
    },
    { name: 'length', weight: 0.5, met: lengthFit(reading.words, 2 * task.count, 4 * task.count) },
  ];
}

/**
 * Share of the listed things of which it is true; other claims count too. Of gifts: whether what the other likes is
 * among them.
 */
function truth(task: BrainstormingTask, reading: Reading): number {
  const items = itemsOf(reading).map(({ name }) => name);
  if (namedItems(task, reading).length === 0) return 0;
  if (task.asked === null) return items.some((name) => liked(task).includes(name)) ? 1 : 0;
  const right = items.filter((name) => fits(task, name)).length;
  return (right + reading.claims.filter(isTrue).length) / (items.length + reading.claims.length);
}

function harms(task: BrainstormingTask, reading: Reading): string[] {
  return itemsOf(reading)
    .filter(({ name }) => sickens(task, name))
    .map(({ name }) => `a gift that makes sick: ${name}`);
}

export const brainstorming: UseCaseModule<BrainstormingTask> = {
  share: 11.2,
  suitable: new Set(['item', 'statement', 'denial', 'rude', 'denigration']),
  draw,
  ideal: (task, rng) => list(goodItems(task, rng)),
  poor,
  slip,
  demonstrate,
  constraints,
  truth,
  harms,
  quotable: () => [],
};
