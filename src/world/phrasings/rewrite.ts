/**
 * How people ask for a text in another way, and what a text becomes: pairs of glad and sad sentences, rude and polite
 * requests. A lead ends with a colon and the text follows it. What is drawn and judged is in ../use-cases/rewrite.ts.
 */

/** Noun phrases that one can put in place of another. */
export const REPLACED = {
  animal: 'the {animal}',
  person: '{person}',
  object: 'the {object}',
  place: 'the {place}',
} as const;
export type ReplacedType = keyof typeof REPLACED;

/** `{new}` and `{old}` are noun phrases of one type. */
const REPLACE_LEADS = [
  'put {new} in place of {old} in this:',
  'say this with {new} in place of {old}:',
  'write {new} in place of {old} in this:',
] as const;

/** The leads that put one thing of a type in place of another: `{animal}` is the new one, `{animal2}` the old one. */
export function replaceLeads(type: ReplacedType): readonly string[] {
  const phrase = REPLACED[type];
  return REPLACE_LEADS.map((lead) =>
    lead.replace('{new}', phrase).replace('{old}', phrase.replace(`{${type}}`, `{${type}2}`)),
  );
}

export const REWRITE_LEADS = {
  mood: [
    'say this in a {feeling} way:',
    'make this {feeling}:',
    'tell this in a {feeling} way:',
    'write this in a {feeling} way:',
  ],
  polite: [
    'make this polite:',
    'say this in a polite way:',
    'say this without bad words:',
    'write this in a kind way:',
  ],
  words: ['say this in other words:', 'write this in other words:', 'tell me in other words:'],
} as const;

/** What happens to someone, told so that it is glad and so that it is sad; who and what stay the same. */
export const EVENT_PAIRS: readonly { readonly cheerful: string; readonly gloomy: string }[] = [
  {
    cheerful: '{who} found a {colour} {object} and smiled.',
    gloomy: '{who} lost a {colour} {object} and cried.',
  },
  { cheerful: '{who} found a {object}.', gloomy: '{who} lost the {object}.' },
  { cheerful: '{who2} gave {who} a {object}.', gloomy: '{who2} took the {object} from {who}.' },
  { cheerful: '{who2} helped {who}.', gloomy: '{who2} shouted at {who}.' },
  { cheerful: '{who} played with {who2} all day.', gloomy: '{who2} ran away from {who}.' },
];

/** The same for what people say of things. */
export const REVIEW_PAIRS: readonly { readonly cheerful: string; readonly gloomy: string }[] = [
  { cheerful: 'the {food} was very good.', gloomy: 'the {food} was cold and bad.' },
  { cheerful: 'i liked the {object}.', gloomy: 'i did not like the {object}.' },
  { cheerful: 'what a nice {object}.', gloomy: 'what a bad {object}.' },
  { cheerful: 'i want more {food}.', gloomy: 'i do not want more {food}.' },
  {
    cheerful: 'i will come back to the {place}.',
    gloomy: 'i will not come back to the {place}.',
  },
];

/** Sentences about someone in which the thing that is replaced occurs once. */
export const REPLACE_SOURCES: Readonly<Record<'hero' | 'object' | 'place', readonly string[]>> = {
  hero: [
    '{who} found a {object}.',
    '{who} lost the {object}.',
    '{who} sat down in the {place}.',
    '{who} ate some {food}.',
    '{who} won the race.',
    '{who} was {feeling}.',
    '{who} felt {feeling}.',
    '{who} had a {colour} {object}.',
  ],
  object: [
    '{who} found a {object}.',
    '{who} looked for the {object}.',
    '{who} lost the {object}.',
    '{who} broke the {object}.',
    '{who} had a {colour} {object}.',
  ],
  place: [
    '{who} sat down in the {place}.',
    'one day {who} went to the {place}.',
    '{who} was alone in the {place}.',
    'then {who} ran to the {place}.',
    '{who} met {who2} near the {place}.',
  ],
};

/** What one may ask of another. */
export const REQUESTS = [
  'go away',
  'give me the {object}',
  'give {person} some {food}',
  'bring me some {food}',
  'help me to find the {object}',
  'come to the {place}',
  'wait in the {place}',
  'come back on {day}',
  'talk to {person}',
  'look at the {animal}',
  'wash the {food}',
  'sit down in the {place}',
] as const;

/** Rude and polite ways of asking; `{request}` is one of the above. */
export const RUDE_FORMS = [
  '{request}, you {insult} fool.',
  'shut up and {request}.',
  'you {insult} fool, {request}.',
  '{request}, i hate you.',
] as const;
export const POLITE_FORMS = ['please {request}.', 'can you please {request}?'] as const;

/** Every form of every request. */
export function requestTemplates(forms: readonly string[]): string[] {
  return forms.flatMap((form) => REQUESTS.map((request) => form.replace('{request}', request)));
}

/** All leads, for the grammar. */
export const ALL_REWRITE_LEADS: readonly string[] = [
  ...Object.values(REWRITE_LEADS).flat(),
  ...(Object.keys(REPLACED) as ReplacedType[]).flatMap(replaceLeads),
];
