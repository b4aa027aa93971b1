/**
 * What exact mode lets a person set, declared like every other setting but outside the settings of a run: its tiny task
 * shares nothing with the language model. The rewards are a table and not a setting; their bounds and the shipped
 * ones are here.
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
  seed: {
    kind: 'integer',
    label: 'Seed',
    description: 'Names the random draws: the same seed and table give the same numbers.',
    unit: '',
    min: 0,
    max: 2 ** 31 - 1,
    default: 1,
    paper: 'not stated',
    reference: '',
  },
} as const satisfies SettingTable;

/** Rewards of exact mode lie within plus and minus this. */
export const EXACT_REWARD_LIMIT = 1.5;

/** The shipped task has 4 tokens and 2 positions. */
export const EXACT_VOCABULARY = 4;

/** Rewards of the shipped task, that of oracle O1, [16]. */
export const EXACT_REWARDS: readonly number[] = [
  1.0, -0.5, 0.3, 0.0, -1.2, 0.8, 0.4, -0.1, 0.6, -0.9, 1.5, 0.2, 0.0, 0.5, -0.4, 1.1,
];
