/**
 * What the lessons need to know of the page, as plain values, and the arithmetic behind the answers that they give.
 * Nothing here asks or trains: the facts are gathered in lesson-path.svelte.ts.
 */
import { metricEdges, type Edges } from '../records/metric-edges.ts';
import type { MetricRecord } from '../records/run.ts';
import type { VoteRate } from '../records/vote-rate.ts';
import type { RewardReport } from '../records/reward-report.ts';

export interface LessonAnswers {
  /** True for the model that comes with the page. */
  readonly byBase: boolean;
  readonly checkpoint: string;
  readonly responses: readonly { readonly text: string; readonly ended: boolean }[];
}

export interface LessonFacts {
  /** The last answers to the prompt box; null before the first. */
  readonly answers: LessonAnswers | null;
  readonly sftDone: boolean;
  readonly sft: readonly MetricRecord[];
  /** Answers that one ranking puts in order. */
  readonly k: number;
  /** Rankings there are, by whomever. */
  readonly rankings: number;
  readonly reward: RewardReport | null;
  readonly ppoDone: boolean;
  readonly ppo: readonly MetricRecord[];
  readonly judged: VoteRate | null;
}

/** Whether an answer went on past its end: it did not stop, or began a new line of something else. */
export function wentOn({
  text,
  ended,
}: {
  readonly text: string;
  readonly ended: boolean;
}): boolean {
  return !ended || text.trim().includes('\n');
}

/** Share of a run at its start, and at its end, over which a metric is averaged. */
const EDGE = 0.1;

/** Mean of a metric over the first and over the last tenth of a run; null without records of that metric. */
export function edges(rows: readonly MetricRecord[], metric: string): Edges | null {
  return metricEdges(rows, metric, EDGE);
}

/** Pairs among K answers: K(K-1)/2 (the paper's K choose 2, section 3.5). */
export function pairsOf(k: number): number {
  return (k * (k - 1)) / 2;
}
