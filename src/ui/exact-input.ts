/**
 * The table of exact mode as it is typed and as it stands in a link: texts, each with a sentence when it is no number
 * within its bounds. Pure; what is typed is kept by exact-bench.svelte.ts.
 */
import {
  EXACT,
  EXACT_METHOD_NAMES,
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
  readonly rate: string;
  readonly iterations: string;
}
/** Those beside the rewards, as the form asks for them. */
export const EXACT_OTHERS = ['beta', 'seed', 'rate', 'iterations'] as const;
/** A field of the table: the number of an answer, or one of the others. */
export type ExactField = number | (typeof EXACT_OTHERS)[number];

/** Methods of a run unless others are chosen: those of the paper's neighbourhood. */
export const USUAL_METHODS: readonly string[] = [
  ...['ppo', 'ppo-k3', 'rloo', 'dr-grpo', 'grpo', 'dpo', 'best-of-n'],
];

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
  rate: EXACT.rate.default,
  iterations: EXACT.iterations.default,
});

export function textsOf({ rewards, beta, seed, rate, iterations }: ExactTable): ExactTexts {
  return {
    rewards: rewards.map(String),
    beta: String(beta),
    seed: String(seed),
    rate: String(rate),
    iterations: String(iterations),
  };
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

const FIELDS: readonly ExactField[] = [...EXACT_REWARDS.keys(), ...EXACT_OTHERS];

/** Every problem, in the order of the fields. */
export function problemsOf(texts: ExactTexts): readonly string[] {
  return FIELDS.map((field) => fieldProblem(texts, field)).filter((problem) => problem !== '');
}

/** The table that was typed; null while something is wrong with it. */
export function tableOf(texts: ExactTexts): ExactTable | null {
  if (problemsOf(texts).length > 0) return null;
  const { rewards, beta, seed, rate, iterations } = texts;
  return {
    rewards: rewards.map(Number),
    beta: Number(beta),
    seed: Number(seed),
    rate: Number(rate),
    iterations: Number(iterations),
  };
}

export function sameTable(a: ExactTable, b: ExactTable): boolean {
  return exactQuery(a) === exactQuery(b);
}

/** The query of a link to a table and the methods to run on it; empty for the shipped one and the usual ones. */
export function exactQuery(table: ExactTable, methods: readonly string[] = USUAL_METHODS): string {
  const texts = textsOf(table);
  const { rewards } = texts;
  const usual = methods.length === 0 || methods.join() === USUAL_METHODS.join();
  const parts = [
    ...(['seed', 'beta', 'rate', 'iterations'] as const).map((key) =>
      texts[key] === SHIPPED_TEXTS[key] ? [] : [`${key}=${texts[key]}`],
    ),
    usual ? [] : [`methods=${methods.join(',')}`],
    rewards.join() === SHIPPED_TEXTS.rewards.join() ? [] : [`rewards=${rewards.join(',')}`],
  ];
  return parts.flat().join('&');
}

const KEYS: readonly string[] = ['seed', 'beta', 'rate', 'iterations', 'methods', 'rewards'];

function methodProblem(methods: readonly string[]): string {
  const strange = methods.find((name) => !EXACT_METHOD_NAMES.includes(name));
  if (strange === undefined) return '';
  return `It has no method “${strange}”: use ${EXACT_METHOD_NAMES.join(', ')}.`;
}

function linkProblem(
  query: URLSearchParams,
  texts: ExactTexts,
  methods: readonly string[],
): string {
  const keys = [...query.keys()];
  const unknown = keys.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return `It has no “${unknown}”: use ${KEYS.join(', ')}.`;
  const twice = keys.find((key, i) => keys.indexOf(key) < i);
  if (twice !== undefined) return `It names ${twice} twice.`;
  const { length } = texts.rewards;
  if (length !== ANSWERS.length) {
    return `It needs ${ANSWERS.length} rewards separated by commas, not ${length}.`;
  }
  return problemsOf(texts)[0] ?? methodProblem(methods);
}

export interface ExactLink {
  /** Null when something is wrong with the link. */
  readonly table: ExactTable | null;
  /** In their order. */
  readonly methods: readonly string[];
  readonly error: string | null;
}

/** Reads `seed=3&beta=0.4&methods=ppo,dpo&rewards=1,-0.5,...`; what a link leaves out is as shipped. Never throws. */
export function exactFromLink(text: string): ExactLink {
  const query = new URLSearchParams(text);
  const texts = {
    rewards: query.get('rewards')?.split(',') ?? SHIPPED_TEXTS.rewards,
    beta: query.get('beta') ?? SHIPPED_TEXTS.beta,
    seed: query.get('seed') ?? SHIPPED_TEXTS.seed,
    rate: query.get('rate') ?? SHIPPED_TEXTS.rate,
    iterations: query.get('iterations') ?? SHIPPED_TEXTS.iterations,
  };
  const named = query.get('methods')?.split(',') ?? USUAL_METHODS;
  const problem = linkProblem(query, texts, named);
  const methods = EXACT_METHOD_NAMES.filter((name) => named.includes(name));
  if (problem === '') return { table: tableOf(texts), methods, error: null };
  return { table: null, methods, error: `The link’s table was not used. ${problem}` };
}
