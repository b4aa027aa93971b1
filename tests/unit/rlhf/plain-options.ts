/** PPO without any of its finer options, for settings written out in tests and goldens. Not a test itself. */
import type { PpoSettings } from '../../../src/rlhf/ppo.ts';

export const PLAIN = {
  adaptiveKl: null,
  klPlace: 'reward',
  klEstimator: 'k1',
  whitenScope: 'minibatch',
  whitenVariance: 'population',
  whitenRewards: false,
  scorePosition: 'last-token',
  entropyBonus: 0,
  ptxTargetRatio: 0,
  valueCoefficient: 0.1,
} as const satisfies Partial<PpoSettings>;
