/**
 * Rows of exact mode that cross the wall between page and worker: the table that a person edits, what is solved for
 * it without any training, and how far each method has come. The arithmetic is in rlhf/exact.
 */
import type { SelfChecks } from './run.ts';

/** How fast and how long the methods learn, as factors of what each usually does. */
export interface ExactPace {
  readonly rate: number;
  readonly iterations: number;
}

/** What a person sets. */
export interface ExactTable extends ExactPace {
  /** Reward of each response, [V^L], numbered as base-V numbers, first token first. */
  readonly rewards: readonly number[];
  /** Reward per nat of KL. */
  readonly beta: number;
  readonly seed: number;
}

/** A method as it is shown; `target` belongs to one table. */
export interface ExactMethodRow {
  /** Key in reports. */
  readonly name: string;
  readonly label: string;
  /** What it converges to, and where that is not pi*, why. */
  readonly words: string;
  /** True when its target is pi* itself. */
  readonly reachesOptimum: boolean;
  /** Largest total-variation distance to the target that is promised at the end; null where nothing is. */
  readonly gate: number | null;
  /** Iterations of a whole run. */
  readonly total: number;
  /** Law of responses at which it should stop, [V^L]. */
  readonly target: readonly number[];
}

/** What is known of a table before any method runs. */
export interface ExactSolution {
  readonly table: ExactTable;
  /** pi* of each response, [V^L]. */
  readonly optimum: readonly number[];
  /** pi_ref of each response, [V^L]. */
  readonly reference: readonly number[];
  /** Total-variation distance from pi_ref, where every method begins, to pi*. */
  readonly tvReference: number;
  /** E[r] - beta KL(pi* || pi_ref), the largest possible. */
  readonly jStar: number;
  /** In the order in which they are shown. */
  readonly methods: readonly ExactMethodRow[];
}

/** One iteration of one method. */
export interface ExactPoint {
  /** Counted from 1. */
  readonly step: number;
  /** Total-variation distance to pi*. */
  readonly tv: number;
  /** The same to the method's own target. */
  readonly tvTarget: number;
  /** E[r] - beta KL(policy || reference). */
  readonly j: number;
}

/** What one method has done since it was last told of. */
export interface ExactProgress {
  readonly name: string;
  readonly points: readonly ExactPoint[];
  /** Probability of each response under the policy as it is now, [V^L]. */
  readonly responses: readonly number[];
  /** Empty until the method's last iteration. */
  readonly checks: SelfChecks;
}

export type ExactStatus = 'running' | 'paused' | 'stopped' | 'done';

export interface ExactState {
  readonly status: ExactStatus;
  /** Iterations that every method with so many has made. */
  readonly step: number;
  readonly total: number;
  /** Estimated at the speed so far; null when unknown. */
  readonly secondsLeft: number | null;
}
