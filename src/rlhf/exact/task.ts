/**
 * The task of exact mode: every response of L tokens out of V can be listed, a person may edit the reward of each.
 * The shipped table, its bounds, and tables drawn at random. What its optimum is stands in ../exact-optimum.ts.
 */
import {
  EXACT,
  EXACT_REWARD_LIMIT,
  EXACT_REWARDS,
  EXACT_VOCABULARY,
} from '../../config/exact-table.ts';
import type { Rng } from '../../data/rng.ts';
import type { EnumerableTask } from '../exact-optimum.ts';

/** Sizes whose responses can be listed and shown; bounds of beta and of the rewards are in config/exact-table.ts. */
const SIZES = { vocabulary: { min: 3, max: 6 }, length: { min: 1, max: 3 } } as const;

/** The table of oracle O1: 4 tokens, 2 positions; the total-variation distance from reference to pi* is 0.55. */
export const SHIPPED_TASK: EnumerableTask = {
  vocabulary: EXACT_VOCABULARY,
  length: 2,
  referenceLogits: [
    [0.2, -0.5, 0.9, 0.0],
    [0.1, 0.4, -0.3, 0.0, 1.0, -1.0, 0.2, 0.3, -0.6, 0.5, 0.0, 0.8, 0.0, 0.0, 0.7, -0.7],
  ],
  rewards: EXACT_REWARDS,
};

function expectWithin(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) {
    throw new RangeError(`${name} must be from ${low} to ${high}, got ${value}`);
  }
}

/** Throws RangeError, in words that can be shown to a person, when the task or beta is outside the bounds. */
export function expectExactTask(task: EnumerableTask, beta: number): void {
  const { vocabulary: V, length: L, rewards, referenceLogits } = task;
  expectWithin('vocabulary', V, SIZES.vocabulary.min, SIZES.vocabulary.max);
  expectWithin('length', L, SIZES.length.min, SIZES.length.max);
  expectWithin('beta', beta, EXACT.beta.min, EXACT.beta.max);
  if (rewards.length !== V ** L) {
    throw new RangeError(`expected ${V ** L} rewards, got ${rewards.length}`);
  }
  for (const reward of Array.from(rewards)) {
    expectWithin('reward', reward, -EXACT_REWARD_LIMIT, EXACT_REWARD_LIMIT);
  }
  if (referenceLogits.length !== L) throw new RangeError(`expected ${L} tables of logits`);
  referenceLogits.forEach((table, t) => {
    if (table.length !== V ** (t + 1) || !Array.from(table).every(Number.isFinite)) {
      throw new RangeError(`expected ${V ** (t + 1)} finite reference logits at depth ${t}`);
    }
  });
}

/** Rewards uniform within the bounds, [V^L]. */
export function randomRewards(rng: Rng, responses: number): number[] {
  return Array.from({ length: responses }, () => (2 * rng.uniform() - 1) * EXACT_REWARD_LIMIT);
}

/** A task with random rewards and normally distributed reference logits. */
export function randomTask(rng: Rng, vocabulary: number, length: number): EnumerableTask {
  const referenceLogits = Array.from({ length }, (_, t) =>
    Array.from({ length: vocabulary ** (t + 1) }, () => 0.6 * rng.normal()),
  );
  return { vocabulary, length, referenceLogits, rewards: randomRewards(rng, vocabulary ** length) };
}
