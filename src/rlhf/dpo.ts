/**
 * DPO and IPO on comparisons collected beforehand: no reward model, no sampling. The reference's log-probabilities are
 * computed once, before the first step. Learning rate falls in a straight line to 0, as in TRL.
 */
import type { OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { dpoUpdate, pairLogProbabilities, type DpoUpdateSettings } from './dpo-update.ts';
import { tokenCount } from './group-loop.ts';
import type { Loop, Snapshot } from './loop.ts';
import { at } from './masked.ts';
import { firstImplicitRewards, paddingCheck } from './method-checks.ts';
import { openPolicy, type Method, type MethodInput, type PreferencePair } from './method.ts';
import { policyLoop, type StepInput, type StepOutput } from './policy-loop.ts';
import { comparisonsFromRanks } from './ranking-loss.ts';
import type { RankedSequences } from './reward.ts';
import { linearToZero } from './schedules.ts';

export interface DpoSettings extends DpoUpdateSettings {
  readonly epochs: number;
  /** Pairs in each step. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly optimizer: OptimizerSettings;
}

/** All strict preferences of all rankings, as pairs; ties teach nothing. */
export function pairsFromRankings(rankings: readonly RankedSequences[]): PreferencePair[] {
  return rankings.flatMap(({ sequences, ranks }) =>
    comparisonsFromRanks(ranks).map(({ winner, loser }) => ({
      chosen: sequences[winner]!,
      rejected: sequences[loser]!,
    })),
  );
}

/** Steps of a run: whole batches only, at least one. */
function dpoSteps(pairs: number, epochs: number, batchSize: number): number {
  return Math.max(1, Math.floor((pairs * epochs) / batchSize));
}

/** Trains `policy` in place. With `from`, it must hold the weights of that snapshot. */
export function dpoLoop(
  policy: Model,
  { reference, pairs }: Pick<MethodInput, 'reference' | 'pairs'>,
  settings: DpoSettings,
  from?: Snapshot,
): Loop {
  const { shape, temperature, epochs, batchSize, learningRate, seed, optimizer } = settings;
  const total = dpoSteps(pairs.length, epochs, batchSize);
  let precomputed: Float32Array | undefined;

  async function run(input: StepInput): Promise<StepOutput> {
    precomputed ??= await pairLogProbabilities(reference, pairs, shape, temperature);
    const known = precomputed;
    const chosen = input.chosen.map((i) => pairs[i]!);
    const given = [
      ...input.chosen.map((i) => at(known, i)),
      ...input.chosen.map((i) => at(known, pairs.length + i)),
    ];
    const rate = input.learningRate;
    const sequences = chosen.flatMap((pair) => [pair.chosen, pair.rejected]);
    const first = input.step === 0 ? await paddingCheck(policy, sequences, settings) : {};
    const values = await dpoUpdate(policy, input.optimizer, chosen, given, settings, rate);
    const checks = input.step === 0 ? { ...first, ...firstImplicitRewards(values) } : {};
    return { values, tokens: tokenCount(sequences), checks };
  }

  return policyLoop(
    {
      scope: 'dpo',
      policy,
      reference,
      total,
      size: pairs.length,
      batch: batchSize,
      updates: 1,
      rate: (step) => learningRate * linearToZero(step, total),
      seed,
      optimizer,
      run,
    },
    from,
  );
}

export const DPO: Method<DpoSettings> = {
  name: 'dpo',
  watch: 'rewards/margins',
  open: (input, settings, from) =>
    openPolicy(input.reference, from, (policy) => dpoLoop(policy, input, settings, from)),
};
