/**
 * Checks that a run of a method beside PPO makes of its own models and reports as badges. Names and tolerances are
 * those of PPO's checks (ppo-checks.ts, self-checks.ts) wherever the same thing is checked; no critic is here.
 */
import type { Sequence } from '../data/batches.ts';
import type { Model } from '../model/parameters.ts';
import type { SelfChecks } from '../records/run.ts';
import { importanceRatios, maxRatioDeviation } from './metrics.ts';
import { FEW, paddingEffect } from './ppo-checks.ts';
import type { Responses } from './rollout.ts';
import { largestDifference, ROUNDING, within } from './self-checks.ts';
import { logProbabilitiesOf, type SequenceShape } from './sequences.ts';

interface CheckSettings {
  readonly shape: SequenceShape;
  readonly temperature: number;
}

/** Padding changes no log-probability of a few sequences under the policy (D4, D5). */
export async function paddingCheck(
  policy: Model,
  sequences: readonly Sequence[],
  { shape, temperature }: CheckSettings,
): Promise<SelfChecks> {
  const effect = await paddingEffect(sequences.slice(0, FEW), shape, (rows, columns) =>
    logProbabilitiesOf(policy, rows, columns, temperature),
  );
  return { 'padding changes nothing': within(effect, ROUNDING) };
}

/** On the first responses, before any update: policy and reference agree, as do cached and full passes (D14). */
export async function firstResponseChecks(
  policy: Model,
  responses: Responses,
  settings: CheckSettings,
): Promise<SelfChecks> {
  const { mask, logProbabilities, referenceLogProbabilities, sequences, R } = responses;
  const drift = importanceRatios(logProbabilities, referenceLogProbabilities, mask);
  const few = sequences.slice(0, FEW);
  const full = await logProbabilitiesOf(policy, few, settings.shape, settings.temperature);
  const cached = largestDifference(logProbabilities.subarray(0, few.length * R), full);
  return {
    'kl 0 at start': within(maxRatioDeviation(drift, mask), ROUNDING),
    'cache equals full forward': within(cached, ROUNDING),
    ...(await paddingCheck(policy, few, settings)),
  };
}

/**
 * D14 for clipped methods: on the first minibatch, before the step, every ratio is 1 and nothing is clipped.
 * `deviation` is the largest distance of a token's ratio from 1, `clipped` the share of what is outside the clip.
 */
export function firstRatioChecks(deviation: number, clipped: number): SelfChecks {
  return {
    'first ratio is 1': within(deviation, ROUNDING),
    'first clip fraction is 0': within(clipped, 0),
  };
}

/** DPO's first batch, before the step: the policy is the reference, so no response has an implicit reward (O10). */
export function firstImplicitRewards(values: Readonly<Record<string, number>>): SelfChecks {
  const size = (name: string) => Math.abs(values[name] ?? NaN);
  const largest = Math.max(size('rewards/chosen'), size('rewards/rejected'));
  return { 'first implicit rewards are 0': within(largest, ROUNDING) };
}
