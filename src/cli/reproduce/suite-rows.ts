/** Rows of claims made from suites' answers: a mean, a ratio, a difference, each with single items. Pure. */
import type { ResultItem, ResultUnit } from '../../records/results.ts';
import type { MeasuredRow } from './claim.ts';
import { spreadItems } from './rows.ts';
import { sampleOf, type Statistic, type Value } from './sample.ts';
import type { SuiteAnswer } from './suite-runs.ts';

/** A policy's answers to one suite, under the name that rows call it by. */
export interface SuiteRun {
  readonly suite: string;
  /** The suite's items in one of their forms. */
  readonly set: string;
  readonly policy: string;
  readonly temperature: 1 | 'greedy';
  readonly seed: number;
  readonly answers: readonly SuiteAnswer[];
  /** Single items that a row keeps. */
  readonly items: number;
}

/** `score`, or the name of one of the suite's counts. */
export type Counted = string;

const numberOf = ({ judgement }: SuiteAnswer, counted: Counted): number =>
  counted === 'score' ? judgement.score : (judgement.counts[counted] ?? Number.NaN);

export function suiteValues({ suite, answers }: SuiteRun, counted: Counted): Value[] {
  return answers.map((answer) => ({
    cluster: `${suite} ${answer.item.id}`,
    value: numberOf(answer, counted),
  }));
}

function itemsOf(
  { seed, suite, policy, answers, items }: SuiteRun,
  counted: Counted,
): ResultItem[] {
  const kind = (answer: SuiteAnswer): string => (numberOf(answer, counted) < 0.5 ? 'low' : 'high');
  return spreadItems(answers, kind, items).map((answer) => ({
    seed,
    prompt: answer.item.prompt,
    kind: suite,
    outputs: [
      {
        policy,
        text: answer.text,
        ended: answer.ended,
        score: numberOf(answer, counted),
        reasons: answer.judgement.reasons,
      },
    ],
  }));
}

export interface SuiteWords {
  readonly id: string;
  readonly label: string;
  readonly judge: string;
  readonly paper?: number | null;
  readonly control?: boolean;
}

/** A statistic of one count over runs of the same suite; items are those of the first run. */
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
    items: statistic === 'mean' ? itemsOf(runs[0], counted) : [],
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
