/** What the groups of settings are called on the page. Their settings are declared in config. */
import type { SettingGroup } from '../config/spec.ts';
import type { TrainingStage } from '../worker/protocol.ts';
import type { Part } from './hash-route.ts';

export const GROUP_TITLES: Readonly<Record<SettingGroup, string>> = {
  general: 'General',
  base: 'Base model',
  sft: '1 Demonstrate',
  labels: '2 Labels',
  reward: '2 Reward model',
  method: '3 Method',
  ppo: '3 Reinforce',
  evaluate: 'Judge',
};

/** The groups that a run of a stage was made with. */
export const STAGE_GROUPS: Readonly<Record<TrainingStage, readonly SettingGroup[]>> = {
  pretrain: ['general', 'base'],
  sft: ['general', 'base', 'sft'],
  reward: ['general', 'labels', 'reward'],
  ppo: ['general', 'method', 'ppo'],
};

/** The group that is looked at first in each part. */
export const PART_GROUPS: Readonly<Record<Part, SettingGroup>> = {
  model: 'base',
  demonstrate: 'sft',
  rank: 'labels',
  reinforce: 'ppo',
  judge: 'evaluate',
  runs: 'general',
  world: 'general',
  paper: 'general',
  exact: 'general',
};
