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
  rate: {
    kind: 'number',
    label: 'Learning rate, times the usual',
    description:
      'Every method has a usual learning rate of its own, with which it is sure to arrive; this makes all of them smaller or larger.',
    unit: '',
    min: 0.1,
    max: 4,
    default: 1,
    paper: 'not stated',
    reference: '',
  },
  iterations: {
    kind: 'number',
    label: 'Iterations, times the usual',
    description: 'The same for the length of a whole run.',
    unit: '',
    min: 0.1,
    max: 4,
    default: 1,
    paper: 'not stated',
    reference: '',
  },
} as const satisfies SettingTable;

/** Keys of the methods of exact mode, in the order in which they are shown: what a link may name. */
export const EXACT_METHOD_NAMES: readonly string[] = [
  ...['ppo', 'ppo-constant', 'ppo-k3', 'rloo', 'rloo-constant', 'dr-grpo', 'grpo'],
  ...['dpo', 'dpo-sampled', 'dpo-independent', 'ipo', 'best-of-n'],
];

/** Rewards of exact mode lie within plus and minus this. */
export const EXACT_REWARD_LIMIT = 1.5;

/** The shipped task has 4 tokens and 2 positions. */
export const EXACT_VOCABULARY = 4;

/** Rewards of the shipped task, that of oracle O1, [16]. */
export const EXACT_REWARDS: readonly number[] = [
  1.0, -0.5, 0.3, 0.0, -1.2, 0.8, 0.4, -0.1, 0.6, -0.9, 1.5, 0.2, 0.0, 0.5, -0.4, 1.1,
];
