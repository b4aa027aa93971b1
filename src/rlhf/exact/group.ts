/**
 * GRPO, Dr. GRPO and RLOO with a table for the policy: no value function, the other responses of a group are the
 * baseline. GRPO and Dr. GRPO use the k3 estimate as a term of the loss, RLOO the summed k1 estimate in the reward.
 * One update for each batch of groups, so that every sample is drawn from the policy that it updates.
 */
import { Rng } from '../../data/rng.ts';
import { clippedPolicyLoss } from '../clipping.ts';
import type { EnumerableTask } from '../exact-optimum.ts';
import { grpoAdvantages, meanCentredAdvantages, rlooAdvantages } from '../group-baselines.ts';
import { klEstimateSlope } from '../kl.ts';
import { at } from '../masked.ts';
import { linearToZero } from '../schedules.ts';
import { Adam, type AdamSettings } from './adam.ts';
import { TabularPolicy, type Experience } from './tabular-policy.ts';

export interface TabularGroupSettings {
  readonly method: 'grpo' | 'dr-grpo' | 'rloo';
  readonly seed: number;
  readonly beta: number;
  readonly schedule: 'linear-to-zero' | 'constant';
  readonly iterations: number;
  /** Groups in a batch. */
  readonly groups: number;
  readonly groupSize: number;
  readonly rate: number;
  readonly clip: number;
  readonly adam: AdamSettings;
}

type LossSettings = Pick<TabularGroupSettings, 'method' | 'beta' | 'groupSize' | 'clip'>;

const ADVANTAGES = {
  grpo: grpoAdvantages,
  'dr-grpo': meanCentredAdvantages,
  rloo: rlooAdvantages,
} as const;

/** One advantage for each response; responses of a group follow each other. */
function groupAdvantages(experience: Experience, settings: LossSettings): Float64Array {
  const { method, groupSize, beta } = settings;
  const { B, L, scores, logProbabilities, referenceLogProbabilities } = experience;
  const rewards = Float64Array.from(scores);
  if (method === 'rloo') {
    for (let i = 0; i < B * L; i++) {
      const b = Math.floor(i / L);
      rewards[b] =
        at(rewards, b) - beta * (at(logProbabilities, i) - at(referenceLogProbabilities, i));
    }
  }
  const advantages = new Float64Array(B);
  for (let start = 0; start < B; start += groupSize) {
    advantages.set(ADVANTAGES[method](rewards.subarray(start, start + groupSize)), start);
  }
  return advantages;
}

/**
 * Derivative of the loss by the log-probability of each taken token, [B x L]: mean over responses of one clipped term
 * with the ratio of the whole response (RLOO), or mean over tokens of clipped term and beta k3 (GRPO; all responses
 * have the same length, so its normalisation and that of Dr. GRPO coincide).
 */
function lossSlopes(
  experience: Experience,
  taken: Float64Array,
  advantages: Float64Array,
  settings: LossSettings,
): Float64Array {
  const { method, clip, beta } = settings;
  const { B, L, logProbabilities, referenceLogProbabilities } = experience;
  const slopes = new Float64Array(B * L);
  for (let b = 0; b < B; b++) {
    const advantage = at(advantages, b);
    let sequence = 0;
    for (let i = b * L; i < (b + 1) * L; i++) sequence += at(taken, i) - at(logProbabilities, i);
    for (let i = b * L; i < (b + 1) * L; i++) {
      const own = at(taken, i);
      const whole = method === 'rloo';
      const ratio = Math.exp(whole ? sequence : own - at(logProbabilities, i));
      const term = clippedPolicyLoss(ratio, advantage, clip).gradient * ratio;
      const leash = whole ? 0 : beta * klEstimateSlope('k3', own, at(referenceLogProbabilities, i));
      slopes[i] = whole ? term / B : (term + leash) / (B * L);
    }
  }
  return slopes;
}

/** Gradient of the method's loss by the logits, [states x V], for responses drawn from this very policy. */
export function groupGradient(
  policy: TabularPolicy,
  experience: Experience,
  settings: LossSettings,
): Float64Array {
  const rows = Array.from({ length: experience.B }, (_, b) => b);
  const taken = policy.takenLogProbabilities(experience, rows);
  const advantages = groupAdvantages(experience, settings);
  return policy.gradient(experience, rows, lossSlopes(experience, taken, advantages, settings));
}

/** Trains from the reference policy; yields the same policy after each iteration. */
export function* tabularGroup(
  task: EnumerableTask,
  settings: TabularGroupSettings,
): Generator<TabularPolicy, void, void> {
  const { seed, method, groups, groupSize, iterations, rate } = settings;
  const rng = Rng.named(seed, 'tabular-group', method);
  const policy = new TabularPolicy(task);
  const adam = new Adam(policy.logits.length, settings.adam);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const share = settings.schedule === 'linear-to-zero' ? linearToZero(iteration, iterations) : 1;
    const experience = policy.sample(groups * groupSize, rng);
    adam.step(policy.logits, groupGradient(policy, experience, settings), rate * share);
    yield policy;
  }
}
