/**
 * How each relation of facts.ts is said, denied, asked and presupposed. `{s}` is the subject, `{v}` the value.
 * One table for generators, recogniser, claim extraction and prompts. It holds no facts.
 */
import type { SlotType } from './lexicon.ts';

export interface Relation {
  readonly name: string;
  readonly subject: SlotType;
  readonly value: SlotType;
  readonly statements: readonly string[];
  readonly denials: readonly string[];
  /** Questions for the value. */
  readonly questions: readonly string[];
  /** Yes-or-no questions. */
  readonly checks: readonly string[];
  /** Questions that presuppose the claim; asked of a falsehood they have a false premise. */
  readonly whys: readonly string[];
}

const relation = (
  name: string,
  subject: SlotType,
  value: SlotType,
  statements: readonly string[],
  denials: readonly string[],
  questions: readonly string[],
  checks: readonly string[],
  whys: readonly string[],
): Relation => ({ name, subject, value, statements, denials, questions, checks, whys });

export const RELATIONS: readonly Relation[] = [
  relation(
    'colour',
    'animals',
    'colour',
    ['{s} are {v}.', 'the colour of {s} is {v}.'],
    ['{s} are not {v}.'],
    ['what colour are {s}?', 'what is the colour of {s}?'],
    ['are {s} {v}?'],
    ['why are {s} {v}?'],
  ),
  relation(
    'size',
    'animals',
    'size',
    ['{s} are {v}.', 'the size of {s} is {v}.'],
    ['{s} are not {v}.'],
    ['what size are {s}?', 'are {s} big or small?'],
    ['are {s} {v}?'],
    ['why are {s} {v}?'],
  ),
  relation(
    'home',
    'animals',
    'place',
    ['{s} live in the {v}.', 'you can find {s} in the {v}.'],
    ['{s} do not live in the {v}.'],
    ['where do {s} live?', 'where can i find {s}?'],
    ['do {s} live in the {v}?'],
    ['why do {s} live in the {v}?'],
  ),
  relation(
    'eats',
    'animals',
    'food',
    ['{s} eat {v}.', '{s} like to eat {v}.'],
    ['{s} do not eat {v}.'],
    ['what do {s} eat?', 'what do {s} like to eat?'],
    ['do {s} eat {v}?'],
    ['why do {s} eat {v}?'],
  ),
  relation(
    'sound',
    'animals',
    'sound',
    ['{s} {v}.', '{s} {v} all day.'],
    ['{s} do not {v}.'],
    ['what sound do {s} make?', 'how do {s} sound?'],
    ['do {s} {v}?'],
    ['why do {s} {v}?'],
  ),
  relation(
    'can',
    'animals',
    'ability',
    ['{s} can {v}.', '{s} know how to {v}.'],
    ['{s} can not {v}.'],
    ['what can {s} do?', 'what do {s} know how to do?'],
    ['can {s} {v}?'],
    ['why can {s} {v}?'],
  ),
  relation(
    'afraid',
    'animals',
    'animals',
    ['{s} are afraid of {v}.', '{s} run away from {v}.'],
    ['{s} are not afraid of {v}.'],
    ['what are {s} afraid of?', 'who scares {s}?'],
    ['are {s} afraid of {v}?'],
    ['why are {s} afraid of {v}?'],
  ),
  relation(
    'friend',
    'animals',
    'animals',
    ['{s} are friends of {v}.', '{s} like to play with {v}.'],
    ['{s} are not friends of {v}.'],
    ['who are the friends of {s}?', 'who do {s} like to play with?'],
    ['are {s} friends of {v}?'],
    ['why are {s} friends of {v}?'],
  ),
  relation(
    'sickness',
    'animals',
    'food',
    ['{s} get sick from {v}.'],
    ['{s} do not get sick from {v}.'],
    ['what makes {s} sick?'],
    ['do {s} get sick from {v}?'],
    ['why do {s} get sick from {v}?'],
  ),
  relation(
    'food-colour',
    'food',
    'colour',
    ['the colour of {s} is {v}.'],
    ['the colour of {s} is not {v}.'],
    ['what is the colour of {s}?', 'what colour is the food called {s}?'],
    ['is the colour of {s} {v}?'],
    ['why is the colour of {s} {v}?'],
  ),
  relation(
    'taste',
    'food',
    'taste',
    ['the taste of {s} is {v}.'],
    ['the taste of {s} is not {v}.'],
    ['what is the taste of {s}?', 'how does it taste to eat {s}?'],
    ['is the taste of {s} {v}?'],
    ['why is the taste of {s} {v}?'],
  ),
  relation(
    'price',
    'food',
    'number',
    ['the price of {s} is {v}.', 'you pay {v} for {s}.'],
    ['the price of {s} is not {v}.'],
    ['what is the price of {s}?', 'how much do i pay for {s}?'],
    ['is the price of {s} {v}?'],
    ['why is the price of {s} {v}?'],
  ),
  relation(
    'grows',
    'food',
    'place',
    ['you can find {s} in the {v}.', 'people get {s} from the {v}.'],
    ['you can not find {s} in the {v}.'],
    ['where can i find {s}?', 'where do people get {s}?'],
    ['can i find {s} in the {v}?'],
    ['why do people get {s} from the {v}?'],
  ),
  relation(
    'made-of',
    'object',
    'material',
    ['a {s} is made of {v}.', 'people use {v} to make a {s}.'],
    ['a {s} is not made of {v}.'],
    ['what is a {s} made of?', 'what do people use to make a {s}?'],
    ['is a {s} made of {v}?'],
    ['why is a {s} made of {v}?'],
  ),
  relation(
    'found',
    'object',
    'place',
    ['you can find a {s} in the {v}.', 'people keep a {s} in the {v}.'],
    ['you can not find a {s} in the {v}.'],
    ['where can i find a {s}?', 'where do people keep a {s}?'],
    ['can i find a {s} in the {v}?'],
    ['why do people keep a {s} in the {v}?'],
  ),
  relation(
    'costs',
    'object',
    'number',
    ['the price of a {s} is {v}.', 'you pay {v} for a {s}.'],
    ['the price of a {s} is not {v}.'],
    ['what is the price of a {s}?', 'how much do i pay for a {s}?'],
    ['is the price of a {s} {v}?'],
    ['why is the price of a {s} {v}?'],
  ),
  relation(
    'job',
    'person',
    'job',
    ['{s} is a {v}.', '{s} works as a {v}.'],
    ['{s} is not a {v}.'],
    ['what is the job of {s}?', 'what does {s} work as?'],
    ['is {s} a {v}?'],
    ['why is {s} a {v}?'],
  ),
  relation(
    'lives',
    'person',
    'place',
    ['{s} lives in the {v}.', 'you can find {s} in the {v}.'],
    ['{s} does not live in the {v}.'],
    ['where does {s} live?', 'where can i find {s}?'],
    ['does {s} live in the {v}?'],
    ['why does {s} live in the {v}?'],
  ),
  relation(
    'likes',
    'person',
    'food',
    ['{s} likes {v}.', '{s} likes to eat {v}.'],
    ['{s} does not like {v}.'],
    ['what does {s} like to eat?', 'what food does {s} like?'],
    ['does {s} like {v}?'],
    ['why does {s} like {v}?'],
  ),
  relation(
    'pet',
    'person',
    'animal',
    ['the pet of {s} is a {v}.', '{s} has a {v}.'],
    ['the pet of {s} is not a {v}.'],
    ['what is the pet of {s}?', 'what pet does {s} have?'],
    ['is the pet of {s} a {v}?'],
    ['why is the pet of {s} a {v}?'],
  ),
  relation(
    'next-day',
    'day',
    'day',
    ['{v} comes after {s}.', 'the day after {s} is {v}.'],
    ['{v} does not come after {s}.'],
    ['what day comes after {s}?', 'what is the day after {s}?'],
    ['does {v} come after {s}?'],
    ['why does {v} come after {s}?'],
  ),
  relation(
    'sum',
    'addition',
    'number',
    ['{s} make {v}.'],
    ['{s} do not make {v}.'],
    ['what do {s} make?', 'how much is {s}?'],
    ['do {s} make {v}?'],
    ['why do {s} make {v}?'],
  ),
];

/** A relation by name; throws when there is none. */
export function relationOf(name: string): Relation {
  const found = RELATIONS.find((candidate) => candidate.name === name);
  if (!found) throw new RangeError(`no relation called ${name}`);
  return found;
}

/** A form of a relation as a grammar template: the subject slot is `{s:type}`, the value slot `{v:type}`. */
export function typed(relation: Relation, form: string): string {
  return form.replace('{s}', `{s:${relation.subject}}`).replace('{v}', `{v:${relation.value}}`);
}

/** The statement with "they" for an animal subject already named, or null where it does not begin with one. */
export function pronounForm(relation: Relation, form: string): string | null {
  return relation.subject === 'animals' && form.startsWith('{s} ')
    ? form.replace('{s}', 'they')
    : null;
}
