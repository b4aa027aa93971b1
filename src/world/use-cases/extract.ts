/**
 * Extract: a short text, and everything of one kind that is in it ("which animals are in it?"). The answer lists what
 * the text names, in its order, and nothing else. Kept out of training prompts: see HELD_OUT_USE_CASE.
 */
import type { Rng } from '../../data/rng.ts';
import { say } from '../documents/stories.ts';
import { render, slotsOf } from '../grammar.ts';
import { valuesOf, type SlotType } from '../lexicon.ts';
import {
  EXTRACT_KINDS,
  EXTRACT_REQUESTS,
  EXTRACT_SENTENCES,
  type ExtractKind,
} from '../phrasings/extract.ts';
import { lengthFit, mentions, type Reading } from '../reading.ts';
import type { ExtractTask } from '../tasks.ts';
import type { User } from '../users.ts';
import {
  isNumbered,
  itemsOf,
  listMet,
  numbered,
  phraseOf,
  unnumbered,
  withOneChanged,
} from './items.ts';
import type { Constraint, Draft, Habits, UseCaseModule } from './use-case.ts';

/** Slot type of the things of each kind, without articles. */
const TYPES: Readonly<Record<ExtractKind, SlotType>> = {
  animals: 'animal',
  people: 'person',
  things: 'object',
  foods: 'food',
  places: 'place',
};

/** Sentences of a text: enough to find things in, and short enough for the longest prompt that models read. */
const LENGTH = 2;

type Found = Record<ExtractKind, string[]>;

const nothing = (): Found => ({ animals: [], people: [], things: [], foods: [], places: [] });

const kindOf = (value: string): ExtractKind | undefined =>
  EXTRACT_KINDS.find((kind) => valuesOf(TYPES[kind]).includes(value));

/** A value for a slot that the text has not named yet; half of the characters are animals. */
function drawValue(rng: Rng, type: SlotType, named: readonly string[], user: User | null): string {
  const whose = type !== 'who' ? type : rng.chance(0.5) ? 'animal' : 'person';
  const likedNames = whose === 'animal' ? user?.animals : whose === 'person' ? user?.people : [];
  const left = (values: readonly string[]): string[] =>
    values.filter((value) => !named.includes(value));
  const favourites = left(likedNames ?? []);
  const value = rng.pick(favourites.length > 0 ? favourites : left(valuesOf(whose)));
  return whose === 'animal' ? `the ${value}` : value;
}

/** A text and what it names, by kind and in order. */
function drawText(rng: Rng, user: User | null): { sentences: string[]; found: Found } {
  const found = nothing();
  const named: string[] = [];
  const templates = rng.shuffled<string>(EXTRACT_SENTENCES).slice(0, LENGTH);
  const sentences = templates.map((template) => {
    const bound: Record<string, string> = {};
    for (const { name, type } of slotsOf(template)) {
      const value = drawValue(rng, type, named, user);
      const bare = value.replace(/^the /, '');
      bound[name] = value;
      named.push(bare);
      const kind = kindOf(bare);
      if (kind !== undefined) found[kind].push(bare);
    }
    return render(template, bound);
  });
  return { sentences, found };
}

function draw(rng: Rng, user: User, favourite: boolean): Draft<ExtractTask> {
  for (;;) {
    const { sentences, found } = drawText(rng, favourite ? user : null);
    const several = EXTRACT_KINDS.filter((each) => found[each].length > 1);
    if (several.length === 0) continue;
    const kind = rng.pick(several);
    const request = rng.int(EXTRACT_REQUESTS.length);
    return {
      text: (EXTRACT_REQUESTS[request] ?? '')
        .replace('{kind}', kind)
        .replace('{text}', sentences.join(' ')),
      task: { useCase: 'extract', kind, sentences, wanted: found[kind] },
      template: `extract/${kind}/${request}`,
      entity: found[kind].join('/'),
    };
  }
}

/** Animals and places as the text names them, with their article. */
const phrase = (kind: ExtractKind, name: string): string =>
  kind === 'animals' || kind === 'places' ? `the ${name}` : phraseOf(name);

function phrases({ kind }: ExtractTask, names: readonly string[]): string[] {
  return names.map((name) => phrase(kindOf(name) ?? kind, name));
}

const list = (task: ExtractTask, names: readonly string[]): string =>
  numbered(phrases(task, names));

/** Something of the kind that the text does not name. */
function invention(task: ExtractTask, rng: Rng): string {
  return rng.pick(valuesOf(TYPES[task.kind]).filter((value) => !task.wanted.includes(value)));
}

/** Things of the text that are of another kind. */
function othersInText(task: ExtractTask): string[] {
  const text = task.sentences.join(' ');
  return EXTRACT_KINDS.filter((kind) => kind !== task.kind)
    .flatMap((kind) => valuesOf(TYPES[kind]))
    .filter((value) => mentions(text, value));
}

/** Something that does not belong: mostly invented, else of another kind. */
function wrongItem(task: ExtractTask, rng: Rng): string {
  const others = othersInText(task);
  return others.length === 0 || rng.chance(0.6) ? invention(task, rng) : rng.pick(others);
}

function slip(task: ExtractTask, rng: Rng): string {
  const { wanted } = task;
  switch (rng.weighted([6, 2, 1])) {
    case 0:
      return list(task, withOneChanged(rng, wanted, wrongItem(task, rng)));
    case 1:
      return list(task, [...wanted, invention(task, rng)]);
    default:
      return list(task, wanted.slice(1));
  }
}

/** Things alone, without numbers: "the fox." */
const bare = (task: ExtractTask, names: readonly string[]): string =>
  unnumbered(phrases(task, names));

/** The first thing of the text. */
const poor = (task: ExtractTask): string => bare(task, task.wanted.slice(0, 1));

function demonstrate(task: ExtractTask, rng: Rng, habits: Habits): string {
  const blunt = rng.chance(habits.blunt);
  const kept = blunt
    ? task.wanted.slice(0, 1)
    : rng.chance(habits.careless)
      ? task.wanted.slice(1)
      : task.wanted;
  const ordered = rng.chance(habits.careless) ? rng.shuffled(kept) : kept;
  const names = rng.chance(habits.wrong)
    ? withOneChanged(rng, ordered, wrongItem(task, rng))
    : [...ordered];
  if (rng.chance(habits.wandering)) names.push(invention(task, rng));
  const parts = [blunt ? bare(task, names) : list(task, names)];
  if (rng.chance(habits.rude)) parts.push(say(rng, 'rude'));
  return parts.join(' ');
}

function constraints(task: ExtractTask, reading: Reading): Constraint[] {
  const { wanted } = task;
  const items = itemsOf(reading);
  const names = items.map(({ name }) => name);
  const text = task.sentences.join(' ');
  const right = [...new Set(names.filter((name) => wanted.includes(name)))];
  const invented = names.filter((name) => !mentions(text, name)).length;
  const places = right.map((name) => wanted.indexOf(name));
  const ordered = places.every((place, i) => i === 0 || place > (places[i - 1] ?? 0));
  const oneSentence = reading.sentences.length === 1 && items.length > 1;
  const strayed = reading.sentences.length - items.length;
  return [
    {
      name: 'names what is in the text',
      weight: 1,
      met: right.length > 0 ? 1 : names.length > invented ? 0.3 : 0,
      essential: true,
    },
    {
      name: 'all of it and nothing else',
      weight: 4,
      met: listMet(right.length, names.length, wanted.length),
    },
    { name: 'nothing invented', weight: 1, met: names.length > 0 && invented === 0 ? 1 : 0 },
    { name: 'in the order of the text', weight: 1, met: right.length > 1 && ordered ? 1 : 0 },
    { name: 'a list', weight: 1, met: isNumbered(items) || oneSentence ? 1 : 0 },
    {
      name: 'to the point',
      weight: 0.5,
      met: names.length === 0 ? 0 : 1 / (1 + 2 * Math.max(0, strayed)),
    },
    {
      name: 'length',
      weight: 0.5,
      met: lengthFit(reading.words, 2 * wanted.length, 4 * wanted.length),
    },
  ];
}

/** Share of the listed things that are of the kind and in the text; the rest is invented or misread. */
function truth(task: ExtractTask, reading: Reading): number {
  const names = itemsOf(reading).map(({ name }) => name);
  if (names.length === 0) return 0;
  return names.filter((name) => task.wanted.includes(name)).length / names.length;
}

export const extract: UseCaseModule<ExtractTask> = {
  share: 1.9,
  suitable: new Set(['item', 'rude', 'denigration']),
  draw,
  ideal: (task) => list(task, task.wanted),
  poor,
  slip,
  demonstrate,
  constraints,
  truth,
  harms: () => [],
  quotable: () => [],
};
