/**
 * Advantages of K responses to one prompt from the group itself, without a value function.
 * Each function takes the K rewards of one group and returns K numbers.
 */
import { at, mean, type Numbers } from './masked.ts';

function expectGroup(rewards: Numbers): void {
  if (rewards.length < 2) throw new RangeError('a group baseline needs at least 2 responses');
}

/** Reward minus the group's mean. */
export function meanCentredAdvantages(rewards: Numbers): number[] {
  expectGroup(rewards);
  const baseline = mean(rewards);
  return Array.from({ length: rewards.length }, (_, i) => at(rewards, i) - baseline);
}

/** Reward minus the mean of the others (RLOO): K / (K - 1) times the mean-centred advantage. */
export function rlooAdvantages(rewards: Numbers): number[] {
  const scale = rewards.length / (rewards.length - 1);
  return meanCentredAdvantages(rewards).map((centred) => scale * centred);
}

/** Bessel-corrected standard deviation of the group plus epsilon, 1e-4 in TRL. */
export function groupSpread(rewards: Numbers, epsilon = 1e-4): number {
  const centred = meanCentredAdvantages(rewards);
  const squares = centred.reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(squares / (centred.length - 1)) + epsilon;
}

/** Mean-centred over {@link groupSpread}: GRPO as in TRL. A group of equal rewards gives zeros. */
export function grpoAdvantages(rewards: Numbers, epsilon = 1e-4): number[] {
  const spread = groupSpread(rewards, epsilon);
  return meanCentredAdvantages(rewards).map((x) => x / spread);
}
