/**
 * Texts to take things out of, and how people of this world ask for it. The sentences are ones that stories and
 * passages hold too; only what they name matters.
 */

/** Sentences that a text may consist of. */
export const EXTRACT_SENTENCES = [
  '{who} saw {who2}.',
  '{who} met {who2} near the {place}.',
  '{who} carried a {object} to the {place}.',
  '{who} asked {who2} for some {food}.',
  '{who} got some {food} from {who2}.',
  '{who} sang a song with {who2}.',
  '{who} played with {who2} all day.',
  '{who} gave {who2} a {object}.',
  '{who} helped {who2}.',
  '{who} ate some {food}.',
  '{who} looked at a {colour} {object}.',
  'then {who} ran to the {place}.',
  'there was a {object} in the {place}.',
] as const;

export const EXTRACT_KINDS = ['animals', 'people', 'things', 'foods', 'places'] as const;
export type ExtractKind = (typeof EXTRACT_KINDS)[number];

/** `{text}` is replaced by the text, `{kind}` by one of the kinds. */
export const EXTRACT_REQUESTS = [
  'read this text. {text} which {kind} are in it?',
  'name the {kind} in this text. {text}',
  '{text} make a list of the {kind} in this text.',
  'which {kind} are in this text? {text}',
  'here is a text. {text} name the {kind} in it.',
  'i want to know the {kind} in this text. {text}',
] as const;

/** The requests without their texts, and the sentences of the texts. */
export const EXTRACT_PHRASINGS: readonly string[] = EXTRACT_REQUESTS.flatMap((request) =>
  EXTRACT_KINDS.map((kind) => request.replace('{kind}', kind).replace('{text}', '')),
).concat(EXTRACT_SENTENCES);
