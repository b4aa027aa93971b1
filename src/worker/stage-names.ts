/** The training stages in words, as shown to people and used in the names of runs. */
import type { TrainingStage } from './protocol.ts';

export const STAGE_NAMES: Readonly<Record<TrainingStage, string>> = {
  sft: 'SFT',
  reward: 'Reward model',
  ppo: 'PPO',
};
