/**
 * How people of this world ask for a list: what to list, and the request around it. Every combination of the two
 * is a prompt template.
 */

/** Kinds of thing that share a fact: `{number}` of them are asked for. The other slot is the fact's value. */
export const LISTINGS = [
  { items: 'animals', relation: 'home', what: '{number} animals that live in the {place}' },
  { items: 'animals', relation: 'colour', what: '{number} animals that are {colour}' },
  { items: 'animals', relation: 'size', what: '{number} animals that are {size}' },
  { items: 'animals', relation: 'sound', what: '{number} animals that {sound} all day' },
  { items: 'animals', relation: 'can', what: '{number} animals that can {ability}' },
  { items: 'animals', relation: 'eats', what: '{number} animals that eat {food}' },
  { items: 'food', relation: 'taste', what: '{number} foods with a {taste} taste' },
  { items: 'food', relation: 'food-colour', what: '{number} foods that are {colour}' },
  { items: 'food', relation: 'grows', what: '{number} foods from the {place}' },
  { items: 'object', relation: 'made-of', what: '{number} things made of {material}' },
  { items: 'object', relation: 'found', what: '{number} things that people keep in the {place}' },
  { items: 'person', relation: 'job', what: '{number} people who work as a {job}' },
  { items: 'person', relation: 'lives', what: '{number} people who live in the {place}' },
] as const;

/** Gifts: of one material, or any, when one of them is to be what the other likes to eat. */
export const GIFTS = {
  material: '{number} gifts made of {material} for {person}',
  person: '{number} gifts for {person} on {day} with a food that {person} likes',
  animal: '{number} gifts for a {feeling} {animal} with a food that it likes',
} as const;

/** Requests around what is to be listed. */
export const LIST_REQUESTS = [
  'name {what}.',
  'please name {what}.',
  'can you name {what}?',
  'give me a list of {what}.',
  'please make a list of {what}.',
  'i want ideas. name {what}.',
] as const;

/** Every prompt template of brainstorming. */
export const BRAINSTORMING_PHRASINGS: readonly string[] = [
  ...LISTINGS.map(({ what }) => what),
  ...Object.values(GIFTS),
].flatMap((what) => LIST_REQUESTS.map((request) => request.replace('{what}', what)));
