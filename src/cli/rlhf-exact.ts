/**
 * `npm run rlhf -- --preset exact`: every method of exact mode on one enumerable task, and how far from pi* and from
 * its own target each ends. Needs no model, no engine and no settings of a run.
 */
import { EXACT, EXACT_REWARD_LIMIT } from '../config/exact-table.ts';
import { Rng } from '../data/rng.ts';
import { exactOptimum, type EnumerableTask } from '../rlhf/exact-optimum.ts';
import { EXACT_METHODS, type ExactMethod } from '../rlhf/exact/methods.ts';
import { exactRun, type ExactRecord } from '../rlhf/exact/run.ts';
import { randomRewards, SHIPPED_TASK } from '../rlhf/exact/task.ts';
import { UsageError, wholeOption } from './options.ts';
import { Progress } from './progress.ts';

export interface ExactOptions {
  readonly kind: 'exact';
  readonly task: EnumerableTask;
  readonly beta: number;
  readonly seed: number;
  /** File for the report, or null for stdout. */
  readonly report: string | null;
}

interface ExactOutcome {
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
  /** pi* of each response. */
  readonly optimum: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
  readonly exact: Readonly<Record<string, ExactOutcome>>;
  readonly wallSeconds: number;
}

function numberOption(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= low && value <= high)) {
    throw new UsageError(`--${name} must be a number from ${low} to ${high}, not "${text}".`);
  }
  return value;
}

function rewardTable(text: string, seed: number): number[] {
  const count = SHIPPED_TASK.rewards.length;
  if (text === 'random') return randomRewards(Rng.named(seed, 'exact rewards'), count);
  const words = text.split(',');
  if (words.length !== count) {
    throw new UsageError(
      `--rewards must be ${count} numbers separated by commas, or random, not ${words.length} words.`,
    );
  }
  return words.map((word) =>
    numberOption('rewards', word, -EXACT_REWARD_LIMIT, EXACT_REWARD_LIMIT),
  );
}

/** Throws UsageError. The shipped table unless `rewards` gives another. */
export function exactOptions(given: {
  readonly seed?: string;
  readonly beta?: string;
  readonly rewards?: string;
  readonly json?: string;
}): ExactOptions {
  const { min, max, default: usual } = EXACT.beta;
  const seed = wholeOption('seed', given.seed, 1, 0, 2 ** 31 - 1);
  const beta = given.beta === undefined ? usual : numberOption('beta', given.beta, min, max);
  const task =
    given.rewards === undefined
      ? SHIPPED_TASK
      : { ...SHIPPED_TASK, rewards: rewardTable(given.rewards, seed) };
  return { kind: 'exact', task, beta, seed, report: given.json ?? null };
}

async function outcomeOf(method: ExactMethod, options: ExactOptions): Promise<ExactOutcome> {
  const { task, beta } = options;
  const started = performance.now();
  const progress = new Progress(method.name, () => performance.now());
  let last: ExactRecord | undefined;
  for await (const record of exactRun(method, task, options)) {
    last = record;
    progress.update(record.step, record.total, `distance to target ${record.tvTarget.toFixed(4)}`);
  }
  if (!last) throw new Error(`${method.name} yielded nothing`);
  const { tv, tvTarget, j, jStar, responses } = last;
  const { label, reachesOptimum, gate, words } = method;
  const wallSeconds = (performance.now() - started) / 1000;
  const target = method.target(task, beta);
  const numbers = { tv, tvTarget, j, jStar };
  return { label, ...numbers, reachesOptimum, gate, words, responses, target, wallSeconds };
}

/** Runs the methods one after the other. */
export async function runExact(
  options: ExactOptions,
  versions: Readonly<Record<string, string>>,
  methods: readonly ExactMethod[] = EXACT_METHODS,
): Promise<ExactReport> {
  const { task, beta, seed } = options;
  const started = performance.now();
  const exact: Record<string, ExactOutcome> = {};
  for (const method of methods) exact[method.name] = await outcomeOf(method, options);
  const optimum = exactOptimum(task, beta).responses;
  const wallSeconds = (performance.now() - started) / 1000;
  return { preset: 'exact', seed, beta, task, optimum, versions, exact, wallSeconds };
}
