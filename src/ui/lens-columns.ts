/**
 * The columns of the token lens: what each is called and means, how its numbers become tints, and the steps of the
 * backward recursion as the record holds them. Nothing is computed here that training computed: numbers are only read,
 * ordered and compared.
 */
import type { RolloutView, TokenRow } from '../records/run-view.ts';
import { displayed } from './format.ts';

/** A token as it is shown; the state after the last token in words. */
export function tokenWords(token: string | null): string {
  return token === null ? 'after the end' : displayed(token);
}

/** A column of numbers. */
export interface LensColumn {
  readonly key: keyof Omit<TokenRow, 'token' | 'clipped'>;
  /** Heading of the table. */
  readonly label: string;
  /** What it is, in plain words. */
  readonly meaning: string;
  /** The value that is neither good nor bad. */
  readonly neutral: number;
}

export const LENS_COLUMNS: readonly LensColumn[] = [
  {
    key: 'logProbability',
    label: 'log π',
    meaning: 'How likely the policy found this token when it wrote it: 0 is certain, in nats.',
    neutral: 0,
  },
  {
    key: 'referenceLogProbability',
    label: 'log π ref',
    meaning: 'How likely the model of step 1 finds the same token, in nats.',
    neutral: 0,
  },
  {
    key: 'klPenalty',
    label: 'KL penalty',
    meaning:
      'What the token pays for being more likely than under the model of step 1: −β times its KL estimate. By the usual estimate, the difference of both, tokens that became less likely are paid. 0 where the KL is a part of the loss.',
    neutral: 0,
  },
  {
    key: 'score',
    label: 'Score',
    meaning:
      "The reward model's score of the whole answer, given where the answer ends, or one place after its last token.",
    neutral: 0,
  },
  {
    key: 'reward',
    label: 'Reward',
    meaning:
      'KL penalty and score together: what PPO is to collect. With whitening of rewards on, brought to spread 1 over the batch.',
    neutral: 0,
  },
  {
    key: 'value',
    label: 'Value',
    meaning: 'What the value function expected still to come, before this token was written.',
    neutral: 0,
  },
  {
    key: 'delta',
    label: 'TD error δ',
    meaning: 'How much better this one step went than the value function expected.',
    neutral: 0,
  },
  {
    key: 'advantage',
    label: 'Advantage',
    meaning:
      'How much better this step and, fading, all that came after it went than the value function expected.',
    neutral: 0,
  },
  {
    key: 'return',
    label: 'Return',
    meaning: 'Advantage and value together: what the value function learns to expect.',
    neutral: 0,
  },
  {
    key: 'usedAdvantage',
    label: 'Advantage used',
    meaning:
      'The advantage as the update used it: with whitening on, brought to mean 0 and spread 1 over its minibatch or the whole batch. The place after the last token has none: nothing was chosen there.',
    neutral: 0,
  },
  {
    key: 'ratio',
    label: 'Ratio',
    meaning:
      'How much likelier the token had become by the update that used it last: 1 is as when it was written.',
    neutral: 1,
  },
];

/** Of a group method: without what needs a value function, and its own words for what is left. */
const GROUP_WORDS: Partial<Record<LensColumn['key'], Pick<LensColumn, 'label' | 'meaning'>>> = {
  klPenalty: {
    label: 'KL term',
    meaning:
      'What the distance from the model of step 1 takes off for this token: −β times its KL estimate when it was written. GRPO has it as a term of the loss, RLOO in the reward of the whole answer.',
  },
  usedAdvantage: {
    label: 'Group advantage',
    meaning:
      'How much better the whole answer did than its group. Every token of an answer has the same one, because nothing guesses in the middle of it.',
  },
  ratio: {
    label: 'Ratio',
    meaning:
      'How much likelier the token, or with RLOO the whole answer, had become by the update that used it last: 1 is as when it was written.',
  },
};

const GROUP_KEYS: readonly LensColumn['key'][] = [
  'logProbability',
  'referenceLogProbability',
  'klPenalty',
  'score',
  'usedAdvantage',
  'ratio',
];

const GROUP_COLUMNS: readonly LensColumn[] = LENS_COLUMNS.filter(({ key }) =>
  GROUP_KEYS.includes(key),
).map((column) => ({ ...column, ...GROUP_WORDS[column.key] }));

/** What an answer has numbers for. */
export function columnsOf({ group }: Pick<RolloutView, 'group'>): readonly LensColumn[] {
  return group === undefined ? LENS_COLUMNS : GROUP_COLUMNS;
}

/** Steps of tint on each side of the neutral value. */
const MOST = 3;

/**
 * Tint of each value, from -3 to 3: its distance from the neutral value as a share of the largest one in the answer, in
 * thirds rounded to the nearest. 0 for what is neutral, and for what is no number.
 */
export function tints(values: readonly number[], neutral: number): number[] {
  const distances = values.map((value) => (Number.isFinite(value) ? value - neutral : 0));
  const largest = distances.reduce((most, distance) => Math.max(most, Math.abs(distance)), 0);
  // Adding 0 turns -0 into 0.
  return distances.map((distance) =>
    largest === 0 ? 0 : Math.round((MOST * distance) / largest) + 0,
  );
}

/** One step of the recursion: the token that gets its advantage, and what it is made of. */
export interface BackwardStep {
  /** Index of the token; the recursion begins at the last one. */
  readonly at: number;
  readonly row: TokenRow;
  /** V_{t+1} and A_{t+1}: those of the token after it, 0 after the last one, because the answer is over. */
  readonly nextValue: number;
  readonly nextAdvantage: number;
}

/** Step `done` of the recursion, counted from 0. Throws RangeError when the answer has no such token. */
export function backwardStep(tokens: readonly TokenRow[], done: number): BackwardStep {
  const at = tokens.length - 1 - done;
  const row = tokens[at];
  if (row === undefined)
    throw new RangeError(`step ${done} of an answer of ${tokens.length} tokens`);
  const next = tokens[at + 1];
  return { at, row, nextValue: next?.value ?? 0, nextAdvantage: next?.advantage ?? 0 };
}
