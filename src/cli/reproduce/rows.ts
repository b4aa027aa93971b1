/**
 * Rows of claims made from judged answers: how often one policy is preferred to another, means and differences of a
 * judge's number, each with some single items for a reader to look at. Pure: answers come in, rows go out.
 */
import type { ResultItem, ResultOutput } from '../../records/results.ts';
import { pairOutcome } from '../../rlhf/intervals.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import { answerKey, type Drawing, type Judged } from './answers.ts';
import type { MeasuredRow } from './claim.ts';
import { sampleOf, type Value } from './sample.ts';

/** A policy's answers under the name that rows call it by. */
export interface Answered {
  readonly policy: string;
  /** `-` where nothing was drawn: the answers are given. */
  readonly drawing: Drawing | '-';
  readonly answers: readonly Judged[];
}

/** Whose prompts, in whose order; `items` says how many single items a row keeps. */
export interface RowContext {
  readonly seed: number;
  /** Name of the set of prompts. */
  readonly set: string;
  readonly prompts: readonly WorldPrompt[];
  readonly items: number;
}

/** Which number of the judge, and what the row says of it. */
export interface Aim {
  readonly judge: string;
  readonly read: (answer: Judged) => number | null;
}

export const GOLD: Aim = { judge: 'gold composite', read: ({ gold }) => gold.score };

/** What the composite is made of. Harmless looks at the text alone: silence harms nobody. */
export const GOLD_PARTS = {
  helpful: { judge: 'gold helpful', read: ({ gold }) => gold.helpful },
  truthful: { judge: 'gold truthful', read: ({ gold }) => gold.truthful },
  harmless: { judge: 'gold harmless', read: ({ gold }) => gold.harmless },
} as const satisfies Record<string, Aim>;

/** Which items a row may show, and what more than the gold judge's reasons is said in them. */
export interface Showing {
  readonly wanted?: (prompt: WorldPrompt) => boolean;
  /** Said of the answer of `answered[a]` to prompt i, before the reasons. */
  readonly say?: (i: number, a: number) => readonly string[];
}

/** Single items spread over what can happen: each kind of outcome in turn, in the order of the prompts. */
export function spreadItems<T>(rows: readonly T[], kindOf: (row: T) => string, count: number): T[] {
  const kinds = new Map<string, T[]>();
  for (const row of rows) kinds.set(kindOf(row), [...(kinds.get(kindOf(row)) ?? []), row]);
  const chosen: T[] = [];
  for (let round = 0; chosen.length < Math.min(count, rows.length); round++) {
    for (const list of kinds.values()) {
      const row = list[round];
      if (row !== undefined && chosen.length < count) chosen.push(row);
    }
  }
  return chosen;
}

/** What happened to an item's first output: how it did against the second, or by itself. */
export function itemOutcome({ outputs }: Pick<ResultItem, 'outputs'>): string {
  const [first = 0, second] = outputs.map(({ score }) => score ?? 0);
  if (second === undefined) return first < 0.5 ? 'low' : 'high';
  return String(pairOutcome(first, second));
}

/** Some single items of answers to the same prompts, spread over what happened, and where all of them are kept. */
export function itemsBehind(
  context: RowContext,
  answered: readonly Answered[],
  aim: Aim,
  { wanted = () => true, say = () => [] }: Showing = {},
): Required<Pick<MeasuredRow, 'items' | 'source'>> {
  const { seed, prompts } = context;
  const all = prompts.flatMap((prompt, i) => {
    const outputs = answered.map(({ policy, drawing, answers }): ResultOutput => {
      const { text, gold } = answers[i]!;
      const ended = drawing === '-' ? null : answers[i]!.ended;
      return { policy, text, ended, score: aim.read(answers[i]!), reasons: gold.reasons };
    });
    const shown = wanted(prompt) && outputs.every(({ score }) => score !== null);
    return shown ? [{ i, prompt, outputs }] : [];
  });
  const items = spreadItems(all, itemOutcome, context.items).map(({ i, prompt, outputs }) => ({
    seed,
    prompt: prompt.text,
    kind: prompt.useCase,
    outputs: outputs.map((output, a) => ({
      ...output,
      reasons: [...say(i, a), ...output.reasons],
    })),
  }));
  return { items, source: sourceOf(context, ...answered) };
}

/** Where all the items of a row are kept. */
const sourceOf = ({ set }: RowContext, ...answered: readonly Answered[]) => ({
  set,
  keys: answered.map(({ policy, drawing }) => answerKey(policy, drawing)),
});

const drawingOf = (...answered: readonly Answered[]): string =>
  [...new Set(answered.map(({ drawing }) => drawing))].join(' against ');

type Wording = Pick<MeasuredRow, 'id' | 'label'> & Partial<Pick<MeasuredRow, 'paper' | 'control'>>;

/** How often the first is judged better than the second, ties one half. */
export function preferredRow(
  context: RowContext,
  [first, second]: readonly [Answered, Answered],
  words: Wording,
  aim: Aim = GOLD,
): MeasuredRow {
  const outcomes = context.prompts.flatMap(({ userId }, i) => {
    const [a, b] = [aim.read(first.answers[i]!), aim.read(second.answers[i]!)];
    return a === null || b === null ? [] : [{ cluster: userId, value: pairOutcome(a, b) }];
  });
  return {
    paper: null,
    control: false,
    ...words,
    unit: 'share',
    neutral: 0.5,
    judge: aim.judge,
    temperature: drawingOf(first, second),
    missing: null,
    sample: sampleOf('mean', outcomes),
    ...itemsBehind(context, [first, second], aim),
  };
}

/** The values of an aim that some of the prompts have, by the user who sent them. */
export function valuesOf(
  { prompts }: Pick<RowContext, 'prompts'>,
  { answers }: Answered,
  { read }: Aim,
  wanted: (prompt: WorldPrompt) => boolean = () => true,
): Value[] {
  return prompts.flatMap((prompt, i) => {
    const value = wanted(prompt) ? read(answers[i]!) : null;
    return value === null ? [] : [{ cluster: prompt.userId, value }];
  });
}

/** The mean of an aim over the prompts that are wanted. */
export function meanRow(
  context: RowContext,
  answered: Answered,
  aim: Aim,
  words: Wording,
  wanted: (prompt: WorldPrompt) => boolean = () => true,
): MeasuredRow {
  return {
    paper: null,
    control: false,
    ...words,
    unit: 'score',
    neutral: null,
    judge: aim.judge,
    temperature: drawingOf(answered),
    missing: null,
    sample: sampleOf('mean', valuesOf(context, answered, aim, wanted)),
    ...itemsBehind(context, [answered], aim, { wanted }),
  };
}

/** A row that says why it is empty. */
export function missingRow(
  words: Wording & Pick<MeasuredRow, 'unit' | 'neutral' | 'judge' | 'temperature'>,
  missing: string,
): MeasuredRow {
  return { paper: null, control: false, ...words, missing, sample: null, items: [] };
}
