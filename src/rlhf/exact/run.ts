/**
 * One method of exact mode as an async generator of records that its caller paces and stops: after each iteration the
 * law of responses, its distances to pi* and to the method's own target, and the regularised objective of both.
 */
import { totalVariation } from '../categorical.ts';
import { exactOptimum, regularisedObjective, type EnumerableTask } from '../exact-optimum.ts';
import type { ExactCall, ExactMethod } from './methods.ts';
import { expectExactTask } from './task.ts';

export interface ExactRecord {
  /** Counted from 1. */
  readonly step: number;
  readonly total: number;
  /** Probability of each response, [V^L]. */
  readonly responses: readonly number[];
  /** Total-variation distance to pi*. */
  readonly tv: number;
  /** Total-variation distance to the method's own target. */
  readonly tvTarget: number;
  /** E[r] - beta KL(policy || reference). */
  readonly j: number;
  /** The same of pi*: the largest possible. */
  readonly jStar: number;
}

/** Runs to the end, one record after each iteration. Throws RangeError when the task or beta is out of bounds. */
export async function* exactRun(
  method: ExactMethod,
  task: EnumerableTask,
  call: ExactCall,
): AsyncGenerator<ExactRecord, void, void> {
  expectExactTask(task, call.beta);
  const { responses: star, objective: jStar } = exactOptimum(task, call.beta);
  const target = method.target(task, call.beta);
  let step = 0;
  for (const responses of method.laws(task, call)) {
    step++;
    const tv = totalVariation(responses, star);
    const tvTarget = totalVariation(responses, target);
    const j = regularisedObjective(task, responses, call.beta);
    yield await Promise.resolve({ step, total: method.total, responses, tv, tvTarget, j, jStar });
  }
}
