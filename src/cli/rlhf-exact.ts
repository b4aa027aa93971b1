/**
 * `npm run rlhf -- --preset exact`: every method of exact mode on one enumerable task, and how far from pi* and from
 * its own target each ends. Needs no model, no engine and no settings of a run.
 */
import { EXACT, EXACT_REWARD_LIMIT } from '../config/exact-table.ts';
import { Rng } from '../data/rng.ts';
import type { EnumerableTask } from '../rlhf/exact-optimum.ts';
import { EXACT_METHODS, type ExactMethod } from '../rlhf/exact/methods.ts';
import {
  exactOutcome,
  exactReport,
  type ExactOutcome,
  type ExactReport,
} from '../rlhf/exact/report.ts';
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
  const { seed: seeds } = EXACT;
  const seed = wholeOption('seed', given.seed, seeds.default, seeds.min, seeds.max);
  const beta = given.beta === undefined ? usual : numberOption('beta', given.beta, min, max);
  const task =
    given.rewards === undefined
      ? SHIPPED_TASK
      : { ...SHIPPED_TASK, rewards: rewardTable(given.rewards, seed) };
  return { kind: 'exact', task, beta, seed, report: given.json ?? null };
}

async function outcomeOf(method: ExactMethod, options: ExactOptions): Promise<ExactOutcome> {
  const started = performance.now();
  const progress = new Progress(method.name, () => performance.now());
  let last: ExactRecord | undefined;
  for await (const record of exactRun(method, options.task, options)) {
    last = record;
    progress.update(record.step, record.total, `distance to target ${record.tvTarget.toFixed(4)}`);
  }
  if (!last) throw new Error(`${method.name} yielded nothing`);
  return exactOutcome(method, options, last, (performance.now() - started) / 1000);
}

/** Runs the methods one after the other. */
export async function runExact(
  options: ExactOptions,
  versions: Readonly<Record<string, string>>,
  methods: readonly ExactMethod[] = EXACT_METHODS,
): Promise<ExactReport> {
  const started = performance.now();
  const exact: Record<string, ExactOutcome> = {};
  for (const method of methods) exact[method.name] = await outcomeOf(method, options);
  return exactReport(options, versions, exact, (performance.now() - started) / 1000);
}
