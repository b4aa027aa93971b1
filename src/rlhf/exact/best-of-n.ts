/**
 * Best-of-n by sampling on an enumerable task: draw n from the reference, keep the best, ties by the first drawn. Its
 * exact law is ../best-of-n-law.ts; the empirical law of many draws approaches it and trains nothing.
 */
import { Rng } from '../../data/rng.ts';
import type { EnumerableTask } from '../exact-optimum.ts';
import { at } from '../masked.ts';
import { TabularPolicy } from './tabular-policy.ts';

export interface TabularBestOfNSettings {
  readonly seed: number;
  readonly n: number;
  readonly iterations: number;
  /** Kept responses in each iteration. */
  readonly episodes: number;
}

/** Yields the empirical law of all responses kept so far, [V^L], after each iteration. */
export function* tabularBestOfN(
  task: EnumerableTask,
  settings: TabularBestOfNSettings,
): Generator<number[], void, void> {
  const { seed, n, iterations, episodes } = settings;
  const rng = Rng.named(seed, 'tabular-best-of-n');
  const policy = new TabularPolicy(task);
  const kept = new Array<number>(task.rewards.length).fill(0);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { scores, responses } = policy.sample(episodes * n, rng);
    for (let start = 0; start < episodes * n; start += n) {
      let best = start;
      // Draws are exchangeable, so keeping the first of equals splits a tie in proportion to the reference.
      for (let i = start + 1; i < start + n; i++) if (at(scores, i) > at(scores, best)) best = i;
      const response = at(responses, best);
      kept[response] = at(kept, response) + 1;
    }
    yield kept.map((count) => count / ((iteration + 1) * episodes));
  }
}
