/** What the groups of settings are called on the page. Their settings are declared in config. */
import type { SettingGroup } from '../config/spec.ts';

export const GROUP_TITLES: Readonly<Record<SettingGroup, string>> = {
  general: 'General',
  sft: '1 Demonstrate',
  labels: '2 Labels',
  reward: '2 Reward model',
  method: '3 Method',
  ppo: '3 Reinforce',
  evaluate: 'Judge',
};
