/**
 * What exact mode lets a person set, declared like every other setting but outside the settings of a run: its tiny task
 * shares nothing with the language model. The rewards are a table and not a setting; their bounds are here.
 */
import type { SettingTable } from './spec.ts';

export const EXACT = {
  beta: {
    kind: 'number',
    label: 'KL penalty (beta)',
    description:
      'Price of each nat by which the policy moves away from the reference. Below 0.1 the optimum is a single response.',
    unit: 'reward per nat',
    min: 0.1,
    max: 10,
    default: 0.5,
    paper: '0.02',
    reference: 'C.4, E.7',
  },
} as const satisfies SettingTable;

/** Rewards of exact mode lie within plus and minus this. */
export const EXACT_REWARD_LIMIT = 1.5;
