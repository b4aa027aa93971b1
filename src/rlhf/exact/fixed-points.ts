/**
 * Where each method of exact mode stops when its expected gradient is zero, in closed form or by iteration to it.
 * PPO and RLOO with k1 in the reward, and DPO, stop at pi* (../exact-optimum.ts); the ones here stop elsewhere,
 * each for a reason that lies in its own loss and not in its sampling.
 */
import {
  conditionalProbabilities,
  referenceProbabilities,
  responseProbabilities,
  type EnumerableTask,
} from '../exact-optimum.ts';
import { at, type Numbers } from '../masked.ts';

/** TRL's constant under the group's standard deviation. */
const STD_EPSILON = 1e-4;

/**
 * The one state of {@link k3LossOptimum}: p_i = beta ref_i / (beta + v - q_i) with v = sum p q (O4). The sum of p
 * falls as v grows and is 1 for one v between max q - beta and max q, which bisection finds.
 */
function k3LossState(reference: Numbers, q: Numbers, beta: number): { p: number[]; v: number } {
  const top = Math.max(...Array.from(q));
  const law = (v: number) =>
    Array.from(reference, (mass, i) => (beta * mass) / (beta + v - at(q, i)));
  let [low, high] = [top - beta, top];
  for (let k = 0; k < 200 && low < high; k++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    const sum = law(middle).reduce((s, mass) => s + mass, 0);
    if (sum > 1) low = middle;
    else high = middle;
  }
  return { p: law(high), v: high };
}

/**
 * Law of responses [V^L] at which the policy gradient of `rewards` and beta times the gradient of the k3 estimate used
 * as a loss cancel in every state. On policy the latter is that of KL(reference || policy) in that state alone (D25),
 * so states are solved from the last token backwards and no KL cost is handed to earlier tokens.
 */
export function k3LossOptimum(
  task: Pick<EnumerableTask, 'vocabulary' | 'referenceLogits'>,
  rewards: Numbers,
  beta: number,
): number[] {
  const { vocabulary: V, referenceLogits } = task;
  const reference = conditionalProbabilities(referenceLogits, V);
  const policy: number[][] = [];
  let q: Numbers = rewards;
  for (const table of reference.toReversed()) {
    const following = Array.from(q);
    const solved = Array.from({ length: table.length / V }, (_, state) => {
      const [from, to] = [state * V, (state + 1) * V];
      return k3LossState(table.slice(from, to), following.slice(from, to), beta);
    });
    policy.unshift(solved.flatMap(({ p }) => p));
    q = solved.map(({ v }) => v);
  }
  return responseProbabilities(policy);
}

/**
 * Fixed point of Dr. GRPO with groups of `size` and k3 as a loss. A group's mean holds the response's own reward, which
 * shrinks the expected advantage by (size - 1) / size: beta acts as beta size / (size - 1).
 */
export function drGrpoOptimum(task: EnumerableTask, beta: number, size: number): number[] {
  return k3LossOptimum(task, task.rewards, (beta * size) / (size - 1));
}

/**
 * Expected GRPO advantage of each response, [V^L], given that it is one of a group of `size` whose others are drawn
 * from `law`: E[(r - mean) / (Bessel standard deviation + 1e-4)]. Sums over all multisets of size - 1 others.
 */
export function expectedGroupAdvantages(law: Numbers, rewards: Numbers, size: number): number[] {
  const n = law.length;
  const expected = new Float64Array(n);
  const add = (weight: number, sum: number, squares: number): void => {
    for (let y = 0; y < n; y++) {
      const r = at(rewards, y);
      const mean = (sum + r) / size;
      const variance = Math.max(0, squares + r * r - size * mean * mean) / (size - 1);
      const advantage = (r - mean) / (Math.sqrt(variance) + STD_EPSILON);
      expected[y] = at(expected, y) + weight * advantage;
    }
  };
  // Taking `count` of outcome i multiplies the weight by C(left, count) p^count: together the multinomial law.
  const choose = (i: number, left: number, weight: number, sum: number, squares: number): void => {
    if (left === 0) {
      add(weight, sum, squares);
      return;
    }
    if (i === n) return;
    const [p, r] = [at(law, i), at(rewards, i)];
    let factor = weight;
    for (let count = 0; count <= left; count++) {
      choose(i + 1, left - count, factor, sum + count * r, squares + count * r * r);
      factor *= (p * (left - count)) / (count + 1);
    }
  };
  choose(0, size - 1, 1, 0, 0);
  return Array.from(expected);
}

/**
 * Fixed point of GRPO (advantages divided by the group's standard deviation) with k3 as a loss. The division makes the
 * expected advantage depend on the policy itself, so the policy is iterated, damped, until it reproduces itself.
 */
export function grpoOptimum(task: EnumerableTask, beta: number, size: number): number[] {
  let law = referenceProbabilities(task);
  for (let k = 0; k < 5000; k++) {
    const advantages = expectedGroupAdvantages(law, task.rewards, size);
    const wanted = k3LossOptimum(task, advantages, beta);
    const moves = wanted.map((p, i) => p - at(law, i));
    if (Math.max(...moves.map(Math.abs)) < 1e-10) return law;
    law = law.map((p, i) => p + 0.1 * at(moves, i));
  }
  throw new RangeError(`no fixed point found for groups of ${size} and beta ${beta}`);
}

/**
 * Fixed point of IPO (Azar et al., arXiv 2310.12036, section 5) when both responses of a pair come from `pairs`:
 * proportional to reference exp(P(y beats a draw from `pairs`) / beta), with Bradley-Terry preferences.
 */
export function ipoOptimum(
  reference: Numbers,
  rewards: Numbers,
  pairs: Numbers,
  beta: number,
): number[] {
  const weights = Array.from(reference, (mass, i) => {
    let wins = 0;
    for (let j = 0; j < pairs.length; j++) {
      wins += at(pairs, j) / (1 + Math.exp(at(rewards, j) - at(rewards, i)));
    }
    return mass * Math.exp(wins / beta);
  });
  const total = weights.reduce((sum, w) => sum + w, 0);
  return weights.map((w) => w / total);
}
