/**
 * The KL-regularised problem of the paper's Eq. 2 (gamma = 0) solved exactly where every response can be
 * listed: V tokens, fixed length L, one prompt. Gives what a sampled PPO must reach. Not a trainer.
 *
 * States are prefixes. At depth t there are V^t of them, numbered as base-V numbers, first token first; the
 * child of state s by token a is s * V + a. Policies are one flat [V^t x V] table per depth.
 */
import { expectation, klDivergence, logSoftmax, logSumExp } from './categorical.ts';
import { at, expectLength, type Numbers } from './masked.ts';

export interface EnumerableTask {
  /** V. */
  readonly vocabulary: number;
  /** L. */
  readonly length: number;
  /** Logits of the reference policy, one [V^t x V] table per depth. */
  readonly referenceLogits: readonly Numbers[];
  /** Reward of each response, [V^L]. */
  readonly rewards: Numbers;
}

export interface ExactOptimum {
  /** pi*(response), proportional to pi_ref e^{r / beta}, [V^L]. */
  readonly responses: number[];
  /** pi*(token | prefix), one [V^t x V] table per depth. */
  readonly policy: number[][];
  /** Soft value beta log E_ref[e^{r / beta} | prefix], [V^t] per depth. */
  readonly softValues: number[][];
  /** J(pi*) = beta log Z, the soft value of the empty prefix. */
  readonly objective: number;
}

/** The V logits of one state in a flat [V^t x V] table. */
function row(table: Numbers, state: number, V: number): number[] {
  return Array.from({ length: V }, (_, a) => at(table, state * V + a));
}

/** Probability of every response, [V^L], under conditional probabilities given per depth as [V^t x V]. */
export function responseProbabilities(policy: readonly Numbers[]): number[] {
  return policy.reduce<number[]>(
    (prefixes, table) => {
      const V = table.length / prefixes.length;
      return Array.from(
        { length: table.length },
        (_, i) => at(prefixes, Math.floor(i / V)) * at(table, i),
      );
    },
    [1],
  );
}

/** Conditional probabilities from logits, table by table; V entries each. */
export function conditionalProbabilities(logits: readonly Numbers[], V: number): number[][] {
  return logits.map((table) =>
    Array.from({ length: table.length / V }, (_, state) =>
      logSoftmax(row(table, state, V)).map(Math.exp),
    ).flat(),
  );
}

/** Probability of every response under the task's reference, [V^L]. */
export function referenceProbabilities(task: EnumerableTask): number[] {
  return responseProbabilities(conditionalProbabilities(task.referenceLogits, task.vocabulary));
}

/** J(pi) = E[r] - beta KL(pi || reference) of a distribution over responses, [V^L]. */
export function regularisedObjective(
  task: EnumerableTask,
  responses: Numbers,
  beta: number,
): number {
  const penalty = klDivergence(responses, referenceProbabilities(task));
  return expectation(responses, task.rewards) - beta * penalty;
}

/**
 * Optimal policy and soft values by backward induction, in log space.
 * Throws RangeError when a table has the wrong size or beta is not positive.
 */
export function exactOptimum(task: EnumerableTask, beta: number): ExactOptimum {
  const { vocabulary: V, length: L, referenceLogits, rewards } = task;
  if (!(beta > 0)) throw new RangeError(`beta must be positive, got ${beta}`);
  if (referenceLogits.length !== L) throw new RangeError(`expected ${L} tables of logits`);
  expectLength('rewards', rewards, V ** L);
  const policy: number[][] = [];
  const softValues: number[][] = [];
  let next: Numbers = rewards;
  for (let t = L - 1; t >= 0; t--) {
    const table = referenceLogits[t] ?? [];
    expectLength(`logits at depth ${t}`, table, V ** (t + 1));
    const following = next;
    const tilted = Array.from({ length: V ** t }, (_, state) =>
      logSoftmax(row(table, state, V)).map((lp, a) => lp + at(following, state * V + a) / beta),
    );
    const values = tilted.map((logits) => beta * logSumExp(logits));
    policy.unshift(tilted.flatMap((logits) => logSoftmax(logits).map(Math.exp)));
    softValues.unshift(values);
    next = values;
  }
  return { responses: responseProbabilities(policy), policy, softValues, objective: at(next, 0) };
}
