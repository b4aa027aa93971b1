/**
 * The world's own grammar: one table of sentence templates used for writing and for recognising.
 * A sentence is well-formed when it matches a template with slot values from the lexicon. No semantics here:
 * what a sentence asserts is claims.ts.
 */
import type { Rng } from '../data/rng.ts';
import { FROGSPEAK_WORDS, fromFrogspeak } from './frogspeak.ts';
import { isSlotType, LEXICON, valuesOf, type SlotType } from './lexicon.ts';
import {
  CHAT_PHRASINGS,
  CLASSIFICATION_PHRASINGS,
  CLOSED_QA_LEADS,
  FROGSPEAK_PHRASINGS,
  GENERATION_PHRASINGS,
  OTHER_PHRASINGS,
  PASSAGE_FACTS,
  QUESTION_LEADS,
} from './phrasings.ts';
import { BRAINSTORMING_PHRASINGS } from './phrasings/brainstorming.ts';
import { EXTRACT_PHRASINGS } from './phrasings/extract.ts';
import { ITEM_TEMPLATES } from './phrasings/items.ts';
import { LITTLE_PHRASINGS, ROW_TEMPLATES } from './phrasings/other.ts';
import { pronounForm, RELATIONS, typed } from './relations.ts';
import {
  ALL_REWRITE_LEADS,
  POLITE_FORMS,
  requestTemplates,
  RUDE_FORMS,
} from './phrasings/rewrite.ts';
import { SUMMARY_PHRASINGS, SUMMARY_TEMPLATES } from './phrasings/summarization.ts';
import { TEMPLATES, type TemplateGroup } from './templates.ts';

export type Bindings = Readonly<Record<string, string>>;

const SLOT = /\{([a-z]+\d*)(?::([a-z]+))?\}/g;

/** Slot type of a slot written `{name}` or `{name:type}`; throws when the type is unknown. */
function slotType(name: string, type: string | undefined): SlotType {
  const found = type ?? name.replace(/\d+$/, '');
  if (!isSlotType(found)) throw new RangeError(`no slot type called ${found}`);
  return found;
}

/** The slots of a template in order, each name once. */
export function slotsOf(template: string): { name: string; type: SlotType }[] {
  const slots = new Map<string, SlotType>();
  for (const [, name = '', type] of template.matchAll(SLOT)) {
    if (!slots.has(name)) slots.set(name, slotType(name, type));
  }
  return [...slots].map(([name, type]) => ({ name, type }));
}

/** Draws a value for every slot that `given` leaves open; slots of one type get different values. */
export function bind(template: string, rng: Rng, given: Bindings = {}): Record<string, string> {
  const bound: Record<string, string> = { ...given };
  const slots = slotsOf(template);
  for (const { name, type } of slots) {
    if (bound[name] !== undefined) continue;
    const taken = slots.filter((slot) => slot.type === type).map((slot) => bound[slot.name]);
    bound[name] = rng.pick(valuesOf(type).filter((value) => !taken.includes(value)));
  }
  return bound;
}

/** Replaces slots by bound values; throws on an unbound slot. */
export function render(template: string, bindings: Bindings): string {
  return template.replace(SLOT, (_, name: string) => {
    const value = bindings[name];
    if (value === undefined) throw new RangeError(`slot ${name} is not bound in "${template}"`);
    return value;
  });
}

/** A sentence from a template, open slots drawn at random. */
export function fill(template: string, rng: Rng, given: Bindings = {}): string {
  return render(template, bind(template, rng, given));
}

/** The pattern of a template: slots become named groups, a repeated slot must repeat its value. */
export function patternOf(template: string): RegExp {
  const seen = new Set<string>();
  let source = '';
  let end = 0;
  for (const match of template.matchAll(SLOT)) {
    const [whole, name = '', type] = match;
    source += escapeLiteral(template.slice(end, match.index));
    end = match.index + whole.length;
    if (seen.has(name)) source += `\\k<${name}>`;
    else {
      const values = [...valuesOf(slotType(name, type))].sort((a, b) => b.length - a.length);
      source += `(?<${name}>${values.map(escapeLiteral).join('|')})`;
      seen.add(name);
    }
  }
  return new RegExp(`^${source}${escapeLiteral(template.slice(end))}$`);
}

function escapeLiteral(text: string): string {
  return text.replace(/[.?!*+^$()[\]{}|\\]/g, '\\$&');
}

/** Splits a template of several sentences into one template per sentence. */
export function sentencesOfTemplate(template: string): string[] {
  return template.match(/(?:\{[^}]*\}|[^.?!{])+[.?!]/g)?.map((part) => part.trim()) ?? [];
}

/** What may stand before a statement without changing what it says. */
export const STATEMENT_LEADS = [
  'i think that ',
  'everyone knows that ',
  'people say that ',
  'many people believe that ',
  'it is well known that ',
  'yes, ',
  'no, ',
] as const;

/** What may stand at the start of a line: a speaker or the part of a page. */
const LABELS = new Set([
  'q',
  'a',
  'passage',
  'review',
  'feeling',
  'task',
  'answer',
  'plain',
  'frogspeak',
  'story',
  'end',
  ...LEXICON.person,
]);

/** What a sentence is for: a template group, or its part in facts, prompts and passages. */
export type SentenceKind =
  | TemplateGroup
  | 'statement'
  | 'denial'
  | 'question'
  | 'prompt'
  | 'passage'
  | 'frogspeak'
  | 'item'
  | 'row'
  | 'request'
  | 'polite-request'
  | 'rude-request'
  | 'summary';

function factTemplates(): [SentenceKind, string][] {
  return RELATIONS.flatMap((relation) => {
    const told = (kind: SentenceKind, forms: readonly string[]): [SentenceKind, string][] =>
      forms
        .flatMap((form) => [form, pronounForm(relation, form)])
        .filter((form) => form !== null)
        .map((form) => [kind, typed(relation, form)]);
    const asked = [...relation.questions, ...relation.checks, ...relation.whys];
    return [
      ...told('statement', relation.statements),
      ...told('denial', relation.denials),
      ...asked.map((form): [SentenceKind, string] => ['question', typed(relation, form)]),
    ];
  });
}

function promptTemplates(): [SentenceKind, string][] {
  const prompts = [
    ...GENERATION_PHRASINGS,
    ...QUESTION_LEADS,
    ...CLOSED_QA_LEADS,
    ...Object.values(CHAT_PHRASINGS).flat(),
    ...CLASSIFICATION_PHRASINGS.map((phrasing) => phrasing.replace('{review}', '')),
    ...Object.values(FROGSPEAK_PHRASINGS)
      .flat()
      .map((phrasing) => phrasing.replace('{sentence}', '')),
    ...OTHER_PHRASINGS,
    ...BRAINSTORMING_PHRASINGS,
    ...EXTRACT_PHRASINGS,
    ...LITTLE_PHRASINGS,
    ...PASSAGE_FACTS.flatMap((fact) => fact.questions.map((question) => question.text)),
    ...SUMMARY_PHRASINGS.map((phrasing) => phrasing.replace('{passage}', '')),
  ];
  const passages = PASSAGE_FACTS.flatMap((fact) => [
    fact.statement,
    ...fact.questions.map((question) => question.answer),
  ]);
  return [
    ...prompts.flatMap(sentencesOfTemplate).map((text): [SentenceKind, string] => ['prompt', text]),
    ...passages.map((text): [SentenceKind, string] => ['passage', text]),
    ...ITEM_TEMPLATES.map((text): [SentenceKind, string] => ['item', text]),
    ...ROW_TEMPLATES.map((text): [SentenceKind, string] => ['row', text]),
  ];
}

/** Requests of each manner, and short accounts. */
function rewrittenTemplates(): [SentenceKind, string][] {
  const of = (kind: SentenceKind, texts: readonly string[]): [SentenceKind, string][] =>
    texts.map((text) => [kind, text]);
  return [
    ...of('request', requestTemplates(['{request}.'])),
    ...of('polite-request', requestTemplates(POLITE_FORMS)),
    ...of('rude-request', requestTemplates(RUDE_FORMS)),
    ...of('summary', SUMMARY_TEMPLATES),
  ];
}

/** What a person writes before a text, up to the colon: "make this polite:". */
const LEADS: readonly string[] = [
  ...ALL_REWRITE_LEADS,
  ...SUMMARY_PHRASINGS.flatMap((phrasing) => /^[^:]+:/.exec(phrasing) ?? []),
];
const LEAD_PATTERNS: readonly RegExp[] = LEADS.map(patternOf);

/** Takes a lead such as "make this polite: " off the front of a sentence; unchanged where there is none. */
export function stripRequest(sentence: string): string {
  const colon = sentence.indexOf(': ');
  if (colon <= 0) return sentence;
  const lead = sentence.slice(0, colon + 1);
  return LEAD_PATTERNS.some((pattern) => pattern.test(lead)) ? sentence.slice(colon + 2) : sentence;
}

/** Every sentence template of the world, once each, with what it is for. */
const KINDS: ReadonlyMap<string, ReadonlySet<SentenceKind>> = collectTemplates();

function collectTemplates(): Map<string, Set<SentenceKind>> {
  const groups = (Object.entries(TEMPLATES) as [TemplateGroup, readonly string[]][]).flatMap(
    ([group, texts]) => texts.map((text): [SentenceKind, string] => [group, text]),
  );
  const kinds = new Map<string, Set<SentenceKind>>();
  for (const [kind, text] of [
    ...factTemplates(),
    ...promptTemplates(),
    ...rewrittenTemplates(),
    ...groups,
  ]) {
    kinds.set(text, (kinds.get(text) ?? new Set<SentenceKind>()).add(kind));
  }
  return kinds;
}

export const SENTENCE_TEMPLATES: readonly string[] = [...KINDS.keys()];

interface Compiled {
  readonly pattern: RegExp;
  readonly kinds: ReadonlySet<SentenceKind>;
}

/** Patterns by the first word of what they match, so that recognising looks at a few of them only. */
const BY_FIRST_WORD: ReadonlyMap<string, readonly Compiled[]> = indexTemplates();

function indexTemplates(): Map<string, Compiled[]> {
  const index = new Map<string, Compiled[]>();
  for (const [template, kinds] of KINDS) {
    const compiled = { pattern: patternOf(template), kinds };
    const [first] = slotsOf(template);
    const starts =
      first && template.startsWith('{')
        ? valuesOf(first.type).map((value) =>
            render(template, { ...blanks(template), [first.name]: value }),
          )
        : [template];
    for (const word of new Set(starts.map(firstWord))) {
      const held = index.get(word);
      if (held) held.push(compiled);
      else index.set(word, [compiled]);
    }
  }
  return index;
}

function blanks(template: string): Record<string, string> {
  return Object.fromEntries(slotsOf(template).map(({ name }) => [name, '_']));
}

function firstWord(text: string): string {
  return /^[^\s.,?!:]+/.exec(text)?.[0] ?? '';
}

function match(sentence: string): SentenceKind[] {
  const candidates = BY_FIRST_WORD.get(firstWord(sentence)) ?? [];
  return candidates.flatMap(({ pattern, kinds }) => (pattern.test(sentence) ? [...kinds] : []));
}

/** Takes a speaker or part label off the front of a sentence ("q: ", "anna: "). */
export function stripLabel(sentence: string): string {
  const colon = sentence.indexOf(': ');
  return colon > 0 && LABELS.has(sentence.slice(0, colon)) ? sentence.slice(colon + 2) : sentence;
}

/** Takes leads such as "i think that " off the front of a statement. */
export function stripLeads(sentence: string): string {
  const lead = STATEMENT_LEADS.find((candidate) => sentence.startsWith(candidate));
  return lead === undefined ? sentence : stripLeads(sentence.slice(lead.length));
}

/**
 * What a sentence (with its end mark, with or without a label) is for; empty when the world's templates cannot
 * write it. Leads such as "i think that" are allowed before statements and denials only.
 */
export function kindsOf(sentence: string): ReadonlySet<SentenceKind> {
  const bare = stripLabel(sentence.trim());
  const whole = match(bare);
  if (whole.length > 0) return new Set(whole);
  const plain = fromFrogspeak(bare);
  if (plain !== null) return new Set(kindsOf(plain).size > 0 ? ['frogspeak'] : []);
  const asked = stripRequest(bare);
  if (asked !== bare) return new Set(acceptsSentence(asked) ? ['prompt'] : []);
  const unled = stripLeads(bare);
  if (unled === bare) return new Set();
  return new Set(match(unled).filter((kind) => kind === 'statement' || kind === 'denial'));
}

/** True when the sentence (with its end mark) is one that the world's templates can write. */
export function acceptsSentence(sentence: string): boolean {
  return kindsOf(sentence).size > 0;
}

/** Sentences in order; a rest without an end mark counts as one. A line end always ends a sentence. */
export function splitSentences(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => line.match(/[^.?!]+[.?!]*|[.?!]+/g) ?? [])
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** Share of the sentences that the grammar accepts; 0 for a text without sentences. */
export function wellFormedShare(text: string): number {
  const sentences = splitSentences(text);
  if (sentences.length === 0) return 0;
  return sentences.filter(acceptsSentence).length / sentences.length;
}

/** Words (letters and digits) of a text, in lower case. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Every word type that a document of this world can contain; documents have no capitals. */
export const WORD_TYPES: ReadonlySet<string> = new Set([
  ...SENTENCE_TEMPLATES.flatMap((template) => wordsOf(template.replace(SLOT, ' '))),
  ...Object.values(LEXICON).flatMap((values) => values.flatMap(wordsOf)),
  ...STATEMENT_LEADS.flatMap(wordsOf),
  ...FROGSPEAK_WORDS,
  ...LEADS.flatMap((lead) => wordsOf(lead.replace(SLOT, ' '))),
  ...LABELS,
]);
