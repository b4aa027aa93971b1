/** Rows of claims made from suites' answers: a mean, a ratio, a difference, each with single items. Pure. */
import type { Reference, ResultItem, ResultUnit } from '../../records/results.ts';
import type { MeasuredRow } from './claim.ts';
import { itemOutcome, spreadItems } from './rows.ts';
import { sampleOf, type Statistic, type Value } from './sample.ts';
import type { SuiteAnswer } from './suite-runs.ts';

/** A policy's answers to one suite, under the name that rows call it by. */
export interface SuiteRun {
  readonly suite: string;
  /** The suite's items in one of their forms. */
  readonly set: string;
  readonly policy: string;
  /** `-` where nothing was drawn: the answers are given. */
  readonly temperature: 1 | 'greedy' | '-';
  readonly seed: number;
  readonly answers: readonly SuiteAnswer[];
  /** Single items that a row keeps. */
  readonly items: number;
}

/** `score`, or the name of one of the suite's counts; and of which answers: those that have another count. */
export type Counted = string | { readonly count: string; readonly among: string };

/** In ids: `invented`, `invented of attempted`. */
export const countedName = (counted: Counted): string =>
  typeof counted === 'string' ? counted : `${counted.count} of ${counted.among}`;

/** Null for an answer that is not among those that are counted. */
function numberOf({ judgement }: SuiteAnswer, counted: Counted): number | null {
  const read = (name: string): number =>
    name === 'score' ? judgement.score : (judgement.counts[name] ?? Number.NaN);
  if (typeof counted === 'string') return read(counted);
  return read(counted.among) === 1 ? read(counted.count) : null;
}

export function suiteValues({ suite, answers }: SuiteRun, counted: Counted): Value[] {
  return answers.flatMap((answer) => {
    const value = numberOf(answer, counted);
    return value === null ? [] : [{ cluster: `${suite} ${answer.item.id}`, value }];
  });
}

/** Single items of runs of the same suite, each with what every run answered; only such as one of them counts. */
export function suiteItems(
  runs: readonly [SuiteRun, ...SuiteRun[]],
  counted: Counted,
): ResultItem[] {
  const [{ seed, suite, answers, items }] = runs;
  const each = answers.map(({ item }, i): ResultItem => ({
    seed,
    prompt: item.prompt,
    kind: suite,
    outputs: runs.map((run) => {
      const answer = run.answers[i]!;
      const { text, judgement } = answer;
      const score = numberOf(answer, counted);
      const ended = run.temperature === '-' ? null : answer.ended;
      return { policy: run.policy, text, ended, score, reasons: judgement.reasons };
    }),
  }));
  const all = each.filter(({ outputs }) => outputs.some(({ score }) => score !== null));
  return spreadItems(all, itemOutcome, items);
}

/**
 * Single items of several suites at once, the suites in turn: with what each of the policies answered, given as each
 * policy's runs of the same suites in the same order.
 */
export function pooledItems(
  first: readonly SuiteRun[],
  ...others: readonly (readonly SuiteRun[])[]
): ResultItem[] {
  const bySuite = first.map((run, s) =>
    suiteItems([run, ...others.map((runs) => runs[s]!)], 'score'),
  );
  const items = first[0]?.items ?? 0;
  const inTurn = Array.from({ length: items }, (_, i) =>
    bySuite.flatMap((own, s) => (i < own.length ? [own[(i + s) % own.length]!] : [])),
  ).flat();
  return spreadItems(inTurn, itemOutcome, items);
}

export interface SuiteWords {
  readonly id: string;
  readonly label: string;
  readonly judge: string;
  readonly paper?: number | null;
  readonly control?: boolean;
  readonly reference?: Reference;
}

/** A statistic of one count over runs of the same suite. */
export function suiteRow(
  statistic: Statistic,
  runs: readonly [SuiteRun, ...SuiteRun[]],
  counted: Counted,
  words: SuiteWords,
): MeasuredRow {
  return {
    paper: null,
    control: false,
    ...words,
    ...UNITS[statistic],
    temperature: String(runs[0].temperature),
    missing: null,
    sample: sampleOf(statistic, ...runs.map((run) => suiteValues(run, counted))),
    items: suiteItems(runs, counted),
    source: {
      set: runs[0].set,
      keys: runs.map(({ policy, temperature }) => `${policy}@${temperature}`),
    },
  };
}

/** How each statistic is written, and which value of it says "no difference". */
const UNITS: Readonly<
  Record<Statistic, { readonly unit: ResultUnit; readonly neutral: number | null }>
> = {
  mean: { unit: 'share', neutral: null },
  difference: { unit: 'points', neutral: 0 },
  ratio: { unit: 'ratio', neutral: 1 },
  recovered: { unit: 'share', neutral: 0 },
};
