/**
 * Random enumerable tasks of other sizes than the golden one, and the naive enumeration that the exact code is compared
 * with: every response listed by its tokens, no tables of states, no backward induction. Not a test itself.
 */
import fc from 'fast-check';
import { softmax } from '../../../src/rlhf/categorical.ts';
import type { EnumerableTask } from '../../../src/rlhf/exact-optimum.ts';

/** `n` numbers from [-bound, bound]. */
export function numbers(n: number, bound: number): fc.Arbitrary<number[]> {
  return fc.array(fc.double({ min: -bound, max: bound, noNaN: true }), {
    minLength: n,
    maxLength: n,
  });
}

/** A distribution over `n` outcomes, none of them near 0. */
export const distribution = (n: number): fc.Arbitrary<number[]> => numbers(n, 3).map(softmax);

/** Vocabulary 3 to 6, length 1 to 3, rewards in [-1.5, 1.5] with ties likely. */
export const enumerableTask: fc.Arbitrary<EnumerableTask> = fc
  .record({ V: fc.integer({ min: 3, max: 6 }), L: fc.integer({ min: 1, max: 3 }) })
  .chain(({ V, L }) =>
    fc.record({
      vocabulary: fc.constant(V),
      length: fc.constant(L),
      referenceLogits: fc.tuple(...Array.from({ length: L }, (_, t) => numbers(V ** (t + 1), 1.5))),
      rewards: numbers(V ** L, 1.5).map((rewards) => rewards.map((r) => Math.round(4 * r) / 4)),
    }),
  );

/** The tokens of every response, in the order of the task's rewards. */
export function allResponses({ vocabulary: V, length: L }: EnumerableTask): number[][] {
  let responses: number[][] = [[]];
  for (let t = 0; t < L; t++) {
    responses = responses.flatMap((prefix) =>
      Array.from({ length: V }, (_, token) => [...prefix, token]),
    );
  }
  return responses;
}

/** Log-probability of each token of a response under logits per prefix, one number per token. */
export function naiveTokenLogProbabilities(
  tables: readonly ArrayLike<number>[],
  V: number,
  response: readonly number[],
): number[] {
  let state = 0;
  return response.map((token, t) => {
    const logits = Array.from({ length: V }, (_, a) => tables[t]?.[state * V + a] ?? NaN);
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    state = state * V + token;
    return (logits[token] ?? NaN) - Math.log(total);
  });
}

/** Probability of every response under the task's reference. */
export function naiveReference(task: EnumerableTask): number[] {
  return allResponses(task).map((response) =>
    Math.exp(
      naiveTokenLogProbabilities(task.referenceLogits, task.vocabulary, response).reduce(
        (sum, x) => sum + x,
        0,
      ),
    ),
  );
}
