/**
 * Checks that a PPO run makes of its own arithmetic and reports as badges: before the first update the policy is the
 * reference, the critic is the reward model, padding and caching change nothing; later the reference stays as it was.
 */
import type { Model } from '../model/parameters.ts';
import type { SelfCheck } from '../records/run.ts';
import { maxRatioDeviation, importanceRatios } from './metrics.ts';
import type { Rollout, Scorer } from './rollout.ts';
import { logProbabilitiesOf, scoreSequences, type SequenceShape } from './sequences.ts';

/** Largest difference between float32 sampler and trainer that rounding explains. */
const ROUNDING = 1e-3;

const within = (value: number, tolerance: number): SelfCheck => ({
  ok: Number.isFinite(value) && value <= tolerance,
  value,
  tolerance,
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** FNV-1a over the bits of all weights; equal exactly when nothing changed (up to 2^-32). */
export async function modelChecksum(model: Model): Promise<number> {
  let hash = 0x811c9dc5;
  for (const { data } of (await model.tensors()).values()) {
    for (const word of new Uint32Array(data.buffer, data.byteOffset, data.length)) {
      hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
    }
  }
  return hash;
}

/** Before any update: what must be equal is compared on the first rollout. */
export async function firstChecks(
  models: { readonly policy: Model; readonly reference: Model; readonly value: Model },
  data: { readonly score: Scorer; readonly scoredByRewardModel: boolean },
  rollout: Rollout,
  settings: { readonly shape: SequenceShape; readonly temperature: number },
): Promise<Record<string, SelfCheck>> {
  const { mask, logProbabilities, referenceLogProbabilities, sequences } = rollout;
  const drift = importanceRatios(logProbabilities, referenceLogProbabilities, mask);
  const few = sequences.slice(0, 16);
  const { shape, temperature } = settings;
  const narrow = {
    promptLength: Math.max(...few.map(({ prompt }) => prompt.length)),
    responseLength: shape.responseLength,
  };
  const padded = await logProbabilitiesOf(models.policy, few, shape, temperature);
  const tight = await logProbabilitiesOf(models.policy, few, narrow, temperature);
  const checks = {
    'kl 0 at start': within(maxRatioDeviation(drift, mask), ROUNDING),
    'padding changes nothing': within(largestDifference(padded, tight), ROUNDING),
  };
  if (!data.scoredByRewardModel) return checks;
  const critic = await scoreSequences(models.value, few, shape);
  const judged = await data.score(few);
  return {
    ...checks,
    'critic starts as reward model': within(largestDifference(critic, judged), ROUNDING),
  };
}

/** D14: on the first minibatch, before the step, nothing has moved. */
export function firstMinibatchCheck(
  metrics: Readonly<Record<string, number>>,
): Record<string, SelfCheck> {
  const value = (name: string) => metrics[name] ?? NaN;
  return {
    'first ratio is 1': within(
      Math.abs(value('val/ratio') - 1) + Math.sqrt(value('val/ratio_var')),
      ROUNDING,
    ),
    'first approx-kl is 0': within(value('policy/approxkl_avg'), 1e-6),
    'first clip fraction is 0': within(value('policy/clipfrac_avg') + value('val/clipfrac_avg'), 0),
  };
}
