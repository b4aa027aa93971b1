/**
 * Where an iteration of PPO stands and what its last phase made: plain rows for the page, never stored. A half-done
 * iteration lives only as long as the loop that is in it; a reload does it again.
 */
import type { RolloutView } from './run-view.ts';

/** In the order in which an iteration goes through them; the last comes once for each minibatch. */
export const PHASES = ['rollout', 'reward', 'advantage', 'minibatch'] as const;
export type Phase = (typeof PHASES)[number];

export interface PhasePosition {
  /** The iteration under way, counted from 1. */
  readonly iteration: number;
  /** The phase that was done last. */
  readonly phase: Phase;
  /** Optimizer steps done in this iteration, and in all of it. */
  readonly minibatch: number;
  readonly minibatches: number;
}

export interface PhaseView extends PhasePosition {
  /** Answers in the rollout batch. */
  readonly answers: number;
  /** Metrics of this phase alone; names follow TRL. */
  readonly values: Readonly<Record<string, number>>;
  /** Some of the answers; a number that no phase has made yet is NaN. */
  readonly views: readonly RolloutView[];
}
