/**
 * What exact mode says of a table and of its methods, the same in the command line's report, in the page's, and in the
 * page's badges: the solution before anything runs, the outcome of a method, and the checks on where it ended.
 */
import type { ExactPace, ExactSolution, ExactTable } from '../../records/exact.ts';
import type { SelfChecks } from '../../records/run.ts';
import { totalVariation } from '../categorical.ts';
import { EXACT } from '../../config/exact-table.ts';
import { exactOptimum, referenceProbabilities, type EnumerableTask } from '../exact-optimum.ts';
import { AWAY, isUsualPace, type ExactCall, type ExactMethod } from './methods.ts';
import type { ExactRecord } from './run.ts';
import { expectExactTask, SHIPPED_TASK } from './task.ts';

/** A task with beta and seed: what all methods are given. */
export interface ExactProblem extends ExactCall {
  readonly task: EnumerableTask;
  /** Where it is not the usual one. */
  readonly pace?: ExactPace;
}

export interface ExactOutcome {
  readonly label: string;
  /** Total-variation distance to pi*. */
  readonly tv: number;
  /** Total-variation distance to the method's own target: pi* for those that should reach it. */
  readonly tvTarget: number;
  /** E[r] - beta KL(policy || reference) at the end, and the largest possible. */
  readonly j: number;
  readonly jStar: number;
  readonly reachesOptimum: boolean;
  /** What `tvTarget` is promised to be below; null where nothing is promised. */
  readonly gate: number | null;
  /** What the method converges to, and where that is not pi*, why. */
  readonly words: string;
  /** Iterations made, and those of a whole run. */
  readonly step: number;
  readonly total: number;
  readonly checks: SelfChecks;
  /** Probability of each response at the end and under the target. */
  readonly responses: readonly number[];
  readonly target: readonly number[];
  readonly wallSeconds: number;
}

export interface ExactReport {
  readonly preset: 'exact';
  readonly seed: number;
  readonly beta: number;
  readonly task: EnumerableTask;
  /** Where it was not the usual one. */
  readonly pace?: ExactPace;
  /** pi* of each response. */
  readonly optimum: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
  readonly exact: Readonly<Record<string, ExactOutcome>>;
  readonly wallSeconds: number;
}

/** The shipped task with a person's rewards, beta and seed. */
export function exactProblem(table: ExactTable): ExactProblem {
  const { rewards, beta, seed, rate, iterations } = table;
  const problem = { task: { ...SHIPPED_TASK, rewards }, beta, seed };
  return isUsualPace(table) ? problem : { ...problem, pace: { rate, iterations } };
}

function isShipped({ task, beta, pace }: ExactProblem): boolean {
  return (
    pace === undefined &&
    beta === EXACT.beta.default &&
    JSON.stringify({ ...task, rewards: Array.from(task.rewards) }) === JSON.stringify(SHIPPED_TASK)
  );
}

/**
 * Checks on where a method has ended; none before its last iteration. `arrives`: within its gate of its own target,
 * on any table. `misses`: a method that should not reach pi* is farther than {@link AWAY} from it; said of the
 * shipped table, beta and pace only, because on another table the two may happen to lie together.
 */
export function exactChecks(
  method: Pick<ExactMethod, 'gate' | 'reachesOptimum'>,
  problem: ExactProblem,
  { step, total, tv, tvTarget }: Omit<ExactRecord, 'responses'>,
): SelfChecks {
  if (step < total) return {};
  const { gate, reachesOptimum } = method;
  return {
    ...(gate !== null && {
      arrives: { ok: tvTarget < gate, value: tvTarget, tolerance: gate },
    }),
    ...(!reachesOptimum &&
      isShipped(problem) && { misses: { ok: tv > AWAY, value: tv, tolerance: AWAY } }),
  };
}

/** Throws RangeError when the table is out of bounds. */
export function exactSolution(table: ExactTable, methods: readonly ExactMethod[]): ExactSolution {
  const { task, beta } = exactProblem(table);
  expectExactTask(task, beta);
  const { responses: optimum, objective: jStar } = exactOptimum(task, beta);
  const reference = referenceProbabilities(task);
  return {
    table,
    optimum,
    reference,
    tvReference: totalVariation(reference, optimum),
    jStar,
    methods: methods.map(({ name, label, words, reachesOptimum, gate, total, target }) => ({
      ...{ name, label, words, reachesOptimum, gate, total },
      target: target(task, beta),
    })),
  };
}

/** `wallSeconds` of computing. */
export function exactOutcome(
  method: ExactMethod,
  problem: ExactProblem,
  record: ExactRecord,
  wallSeconds: number,
): ExactOutcome {
  const { label, reachesOptimum, gate, words } = method;
  const { tv, tvTarget, j, jStar, step, total, responses } = record;
  return {
    ...{ label, tv, tvTarget, j, jStar, reachesOptimum, gate, words, step, total },
    checks: exactChecks(method, problem, record),
    responses,
    target: method.target(problem.task, problem.beta),
    wallSeconds,
  };
}

export function exactReport(
  { task, beta, seed, pace }: ExactProblem,
  versions: Readonly<Record<string, string>>,
  exact: Readonly<Record<string, ExactOutcome>>,
  wallSeconds: number,
): ExactReport {
  const optimum = exactOptimum(task, beta).responses;
  const of = { preset: 'exact', seed, beta, task, ...(pace && { pace }) } as const;
  return { ...of, optimum, versions, exact, wallSeconds };
}
