/**
 * The table of exact mode as it is typed and as it stands in a link: texts, each with a sentence when it is no number
 * within its bounds. Pure; what is typed is kept by exact-bench.svelte.ts.
 */
import {
  EXACT,
  EXACT_REWARD_LIMIT,
  EXACT_REWARDS,
  EXACT_VOCABULARY,
} from '../config/exact-table.ts';
import type { ExactTable } from '../records/exact.ts';

/** What a person typed. */
export interface ExactTexts {
  /** One for each answer, [16]. */
  readonly rewards: readonly string[];
  readonly beta: string;
  readonly seed: string;
}
/** A field of the table: the number of an answer, or one of the two others. */
export type ExactField = number | 'beta' | 'seed';

/** Names of the tokens. */
export const TOKENS: readonly string[] = ['A', 'B', 'C', 'D'];

/** Name of each answer, its two tokens in order, [16]. */
export const ANSWERS: readonly string[] = EXACT_REWARDS.map((_, i) => {
  const first = Math.floor(i / EXACT_VOCABULARY);
  return `${TOKENS[first] ?? '?'}${TOKENS[i % EXACT_VOCABULARY] ?? '?'}`;
});

export const SHIPPED_TEXTS: ExactTexts = textsOf({
  rewards: EXACT_REWARDS,
  beta: EXACT.beta.default,
  seed: EXACT.seed.default,
});

export function textsOf({ rewards, beta, seed }: ExactTable): ExactTexts {
  return { rewards: rewards.map(String), beta: String(beta), seed: String(seed) };
}

function fieldText(texts: ExactTexts, field: ExactField): string {
  return typeof field === 'number' ? (texts.rewards[field] ?? '') : texts[field];
}

const signed = (value: number): string => String(value).replace('-', '−');

/** What is wrong with one field, by its name; empty when nothing is. */
export function fieldProblem(texts: ExactTexts, field: ExactField): string {
  const text = fieldText(texts, field);
  const value = text.trim() === '' ? NaN : Number(text);
  const cell = typeof field === 'number';
  const { min, max } = cell ? { min: -EXACT_REWARD_LIMIT, max: EXACT_REWARD_LIMIT } : EXACT[field];
  const whole = field === 'seed';
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return '';
  const name = cell ? `Reward of ${ANSWERS[field] ?? '?'}` : EXACT[field].label;
  const kind = whole ? 'a whole number' : 'a number';
  return `${name}: use ${kind} from ${signed(min)} to ${signed(max)}.`;
}

const FIELDS: readonly ExactField[] = [...EXACT_REWARDS.keys(), 'beta', 'seed'];

/** Every problem, in the order of the fields. */
export function problemsOf(texts: ExactTexts): readonly string[] {
  return FIELDS.map((field) => fieldProblem(texts, field)).filter((problem) => problem !== '');
}

/** The table that was typed; null while something is wrong with it. */
export function tableOf(texts: ExactTexts): ExactTable | null {
  if (problemsOf(texts).length > 0) return null;
  const { rewards, beta, seed } = texts;
  return { rewards: rewards.map(Number), beta: Number(beta), seed: Number(seed) };
}

export function sameTable(a: ExactTable, b: ExactTable): boolean {
  return exactQuery(a) === exactQuery(b);
}

/** The query of a link to a table; empty for the shipped one. */
export function exactQuery(table: ExactTable): string {
  const { rewards, beta, seed } = textsOf(table);
  const parts = [
    seed === SHIPPED_TEXTS.seed ? [] : [`seed=${seed}`],
    beta === SHIPPED_TEXTS.beta ? [] : [`beta=${beta}`],
    rewards.join() === SHIPPED_TEXTS.rewards.join() ? [] : [`rewards=${rewards.join(',')}`],
  ];
  return parts.flat().join('&');
}

const KEYS: readonly string[] = ['seed', 'beta', 'rewards'];

function linkProblem(query: URLSearchParams, texts: ExactTexts): string {
  const keys = [...query.keys()];
  const unknown = keys.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return `It has no “${unknown}”: use ${KEYS.join(', ')}.`;
  const twice = keys.find((key, i) => keys.indexOf(key) < i);
  if (twice !== undefined) return `It names ${twice} twice.`;
  const { length } = texts.rewards;
  if (length !== ANSWERS.length) {
    return `It needs ${ANSWERS.length} rewards separated by commas, not ${length}.`;
  }
  return problemsOf(texts)[0] ?? '';
}

/** Reads `seed=3&beta=0.4&rewards=1,-0.5,...`; what a link leaves out is as shipped. Never throws. */
export function tableFromLink(text: string): { table: ExactTable | null; error: string | null } {
  const query = new URLSearchParams(text);
  const texts = {
    rewards: query.get('rewards')?.split(',') ?? SHIPPED_TEXTS.rewards,
    beta: query.get('beta') ?? SHIPPED_TEXTS.beta,
    seed: query.get('seed') ?? SHIPPED_TEXTS.seed,
  };
  const problem = linkProblem(query, texts);
  if (problem === '') return { table: tableOf(texts), error: null };
  return { table: null, error: `The link’s table was not used. ${problem}` };
}
