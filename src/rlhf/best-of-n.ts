/**
 * Best-of-n by sampling: n responses to each prompt, the best-scored one is kept. As a method it trains nothing: its
 * policy stays the reference, and its records say what keeping the best is worth. Exact law: best-of-n-law.ts.
 */
import { exactDivide } from '../data/batches.ts';
import { streamKey } from '../data/rng.ts';
import { DEFAULT_OPTIMIZER } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import type { SelfChecks } from '../records/run.ts';
import { bestOfNKlUpperBound, bestOfNWinRateUpperBound } from './best-of-n-law.ts';
import { tokenCount } from './group-loop.ts';
import { completionLengthMetrics, groupRewardMetrics } from './group-metrics.ts';
import type { Loop, Snapshot } from './loop.ts';
import { at, mean, type Numbers } from './masked.ts';
import { firstResponseChecks } from './method-checks.ts';
import { openPolicy, type Method, type MethodInput } from './method.ts';
import { policyLoop, type StepInput, type StepOutput } from './policy-loop.ts';
import {
  collectResponses,
  type ResponseModels,
  type Responses,
  type ResponseSettings,
} from './rollout.ts';

export interface BestOfNSettings extends ResponseSettings {
  /** Responses to each prompt, n. */
  readonly groupSize: number;
  readonly iterations: number;
  readonly promptsPerBatch: number;
  readonly seed: number;
}

/** Row of the highest score of each group of n rows that follow each other; the first of equals. */
export function bestRows(scores: Numbers, n: number): number[] {
  const groups = exactDivide(scores.length, n, 'responses per group');
  return Array.from({ length: groups }, (_, g) => {
    let best = g * n;
    for (let row = best + 1; row < (g + 1) * n; row++) {
      if (at(scores, row) > at(scores, best)) best = row;
    }
    return best;
  });
}

/** n responses to each chosen prompt, and the rows of the best ones; `step` and `scope` name the draws. */
export async function sampleBest(
  models: ResponseModels,
  input: Pick<MethodInput, 'prompts'>,
  settings: BestOfNSettings,
  { step, chosen, scope }: Pick<StepInput, 'step' | 'chosen'> & { readonly scope: string },
): Promise<{
  responses: Responses;
  best: number[];
  values: Record<string, number>;
  checks: SelfChecks;
}> {
  const { groupSize, seed } = settings;
  const prompts = chosen.flatMap((i) => Array.from({ length: groupSize }, () => input.prompts[i]!));
  const stream = {
    key: streamKey(seed, scope, 'rollout'),
    rows: prompts.map((_, b) => step * prompts.length + b),
  };
  const responses = await collectResponses(models, prompts, settings, stream);
  const best = bestRows(responses.scores, groupSize);
  const lengths = responses.sequences.map(({ response }) => response.length);
  const values = {
    ...groupRewardMetrics(responses.scores, groupSize),
    ...completionLengthMetrics(lengths, responses.ended),
    reward_best: mean(best.map((row) => at(responses.scores, row))),
  };
  const checks = step === 0 ? await firstResponseChecks(models.policy, responses, settings) : {};
  return { responses, best, values, checks };
}

/** `policy` is sampled and never changes. */
export function bestOfNLoop(
  policy: Model,
  input: MethodInput,
  settings: BestOfNSettings,
  from?: Snapshot,
): Loop {
  const { groupSize, iterations, promptsPerBatch, seed } = settings;
  if (groupSize < 2) throw new RangeError(`best-of-n needs an n of at least 2, got ${groupSize}`);
  const models = { policy, reference: input.reference, score: input.score };

  async function run({ step, chosen }: StepInput): Promise<StepOutput> {
    const draw = { step, chosen, scope: 'best-of-n' };
    const { responses, values, checks } = await sampleBest(models, input, settings, draw);
    const bounds = {
      kl_upper_bound: bestOfNKlUpperBound(groupSize),
      win_rate_upper_bound: bestOfNWinRateUpperBound(groupSize),
    };
    const tokens = tokenCount(responses.sequences);
    return { values: { ...values, ...bounds }, tokens, checks };
  }

  return policyLoop(
    {
      scope: 'best-of-n',
      policy,
      reference: input.reference,
      total: iterations,
      size: input.prompts.length,
      batch: promptsPerBatch,
      updates: 0,
      rate: () => 0,
      seed,
      optimizer: DEFAULT_OPTIMIZER,
      run,
    },
    from,
  );
}

export const BEST_OF_N: Method<BestOfNSettings> = {
  name: 'best-of-n',
  watch: 'reward_best',
  open: (input, settings, from) =>
    openPolicy(input.reference, from, (policy) => bestOfNLoop(policy, input, settings, from)),
};
