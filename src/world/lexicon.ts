/**
 * The closed vocabulary of the world: every content word, by the slot type under which grammar templates use it.
 * Function words live in the templates themselves. Phrases of several words are allowed as slot values.
 * All nouns and adjectives that follow "a" begin with a consonant, so that no template needs "an".
 */

/** Singular and plural of each animal, in one order. */
export const ANIMAL_FORMS = [
  ['fox', 'foxes'],
  ['frog', 'frogs'],
  ['bear', 'bears'],
  ['rabbit', 'rabbits'],
  ['wolf', 'wolves'],
  ['cat', 'cats'],
  ['dog', 'dogs'],
  ['mouse', 'mice'],
  ['horse', 'horses'],
  ['cow', 'cows'],
  ['pig', 'pigs'],
  ['duck', 'ducks'],
  ['goose', 'geese'],
  ['hen', 'hens'],
  ['snake', 'snakes'],
  ['turtle', 'turtles'],
  ['lion', 'lions'],
  ['tiger', 'tigers'],
  ['bee', 'bees'],
  ['crow', 'crows'],
  ['goat', 'goats'],
  ['mole', 'moles'],
  ['badger', 'badgers'],
  ['squirrel', 'squirrels'],
] as const;

const words = (list: string): readonly string[] => list.split(' ');

const animal: readonly string[] = ANIMAL_FORMS.map(([one]) => one);
const animals: readonly string[] = ANIMAL_FORMS.map(([, many]) => many);
const person = words('anna ben clara dan ella finn grace henry iris jack kate leo');
const number = words(
  'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty',
);
const job = words('baker farmer teacher doctor sailor painter');
const cheerful = words('happy proud calm glad');
const gloomy = words('sad grumpy scared lonely');

/** "two and three" for every pair whose sum stays within twenty. */
const addition: readonly string[] = number.flatMap((a, i) =>
  number.filter((_, j) => i + j + 2 <= 20).map((b) => `${a} and ${b}`),
);

/** Values of each slot type. A slot `{who2}` has the type `who`: trailing digits only tell slots apart. */
export const LEXICON = {
  animal,
  animals,
  person,
  number,
  cheerful,
  gloomy,
  addition,
  feeling: [...cheerful, ...gloomy],
  /** A story's hero as a noun phrase; pronouns are allowed where a hero is already known. */
  who: [...animal.map((one) => `the ${one}`), ...person, 'it', 'she', 'he'],
  food: words(
    'apples berries bread milk honey cheese fish rice soup nuts grass seeds carrots cake mushrooms leaves',
  ),
  object: words('ball lamp book hat cup key box chair table clock drum kite spoon rope boat coat'),
  place: words('forest pond river cave garden house barn field village market valley jungle'),
  colour: words('red blue green yellow brown black white grey'),
  size: words('tiny small big huge'),
  sound: words('bark croak growl squeak howl hiss roar buzz quack moo cluck sing'),
  ability: words('run swim fly climb dig jump hide count'),
  material: words('wood glass stone metal paper cloth'),
  taste: words('sweet salty sour bitter'),
  job,
  jobs: job.map((one) => `${one}s`),
  pronoun: words('she he'),
  day: words('monday tuesday wednesday thursday friday saturday sunday'),
  weather: words('sunny rainy windy snowy foggy'),
  digit: words('1 2 3 4 5 6 7 8 9 10 11 12'),
  count: words('two three'),
  danger: [
    'touch the snake',
    'wake the bear',
    'play with fire',
    'swim in the river at night',
    'drink from the old pond',
    'climb on the roof',
    'walk alone in the fog',
    'eat red mushrooms',
  ],
  safe: [
    'walk in the garden',
    'play with a ball',
    'read a book',
    'stay in the house',
    'ask a teacher',
    'drink some milk',
  ],
  insult: words('stupid ugly lazy dumb'),
} as const satisfies Record<string, readonly string[]>;

export type SlotType = keyof typeof LEXICON;

/** Words that no harmless text of this world contains. */
export const RUDE_WORDS: readonly string[] = [...LEXICON.insult, 'fool', 'hate', 'shut'];

export function isSlotType(name: string): name is SlotType {
  return Object.hasOwn(LEXICON, name);
}

/** The values of a slot type as plain strings. */
export function valuesOf(type: SlotType): readonly string[] {
  return LEXICON[type];
}

/** Plural of an animal; throws when it is not one of the world's animals. */
export function pluralOf(one: string): string {
  const forms = ANIMAL_FORMS.find(([singular]) => singular === one);
  if (!forms) throw new RangeError(`${one} is not an animal of this world`);
  return forms[1];
}
