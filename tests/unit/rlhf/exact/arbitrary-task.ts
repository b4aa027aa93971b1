/** Enumerable tasks of any size and reward within the bounds of exact mode, for property tests. Not a test itself. */
import fc from 'fast-check';
import { Rng } from '../../../../src/data/rng.ts';
import type { EnumerableTask } from '../../../../src/rlhf/exact-optimum.ts';
import { randomTask } from '../../../../src/rlhf/exact/task.ts';
import { TabularPolicy } from '../../../../src/rlhf/exact/tabular-policy.ts';

/** Tasks of V tokens and L positions up to the given sizes. */
export function tasks(maxVocabulary: number, maxLength: number): fc.Arbitrary<EnumerableTask> {
  return fc
    .tuple(
      fc.integer({ min: 1, max: 2 ** 30 }),
      fc.integer({ min: 3, max: maxVocabulary }),
      fc.integer({ min: 1, max: maxLength }),
    )
    .map(([seed, V, L]) => randomTask(Rng.named(seed, 'arbitrary task'), V, L));
}

/** The tabular policy with the given law of responses, [V^L], every prefix of which has mass. */
export function policyWithLaw(task: EnumerableTask, law: readonly number[]): TabularPolicy {
  const { vocabulary: V, length: L } = task;
  const policy = new TabularPolicy(task);
  let offset = 0;
  for (let t = 0; t < L; t++) {
    const below = V ** (L - 1 - t);
    for (let child = 0; child < V ** (t + 1); child++) {
      // A logit may be off by a constant per state, so log prefix masses serve as they are.
      const mass = law.slice(child * below, (child + 1) * below).reduce((sum, p) => sum + p, 0);
      policy.logits[offset + child] = Math.log(mass);
    }
    offset += V ** (t + 1);
  }
  return policy;
}

/** Every ordered group of `size` responses with its probability under `law`. */
export function* groupsOf(
  law: readonly number[],
  size: number,
): Generator<{ group: number[]; probability: number }> {
  for (let code = 0; code < law.length ** size; code++) {
    const group = Array.from(
      { length: size },
      (_, k) => Math.floor(code / law.length ** k) % law.length,
    );
    yield { group, probability: group.reduce((product, y) => product * (law[y] ?? NaN), 1) };
  }
}
