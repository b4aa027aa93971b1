/**
 * A policy with one free logit per state and token of an enumerable task, and what every method needs of it: draws,
 * log-probabilities, the law of its responses, and the gradient of any loss that is a function of the
 * log-probabilities of taken tokens. Numbering of states as in ../exact-optimum.ts, depth after depth.
 */
import type { Rng } from '../../data/rng.ts';
import { logSoftmax } from '../categorical.ts';
import {
  conditionalProbabilities,
  responseProbabilities,
  type EnumerableTask,
} from '../exact-optimum.ts';
import { at } from '../masked.ts';

/** B responses of L tokens; token arrays are flat [B x L], all tokens are live. */
export interface Experience {
  readonly B: number;
  readonly L: number;
  /** Number of the state in which each token was taken, counted over all depths. */
  readonly states: Int32Array;
  readonly actions: Int32Array;
  /** Number of each response, [B]. */
  readonly responses: Int32Array;
  /** Reward of each response, [B]. */
  readonly scores: Float64Array;
  /** Under the policy when the tokens were taken. */
  readonly logProbabilities: Float64Array;
  readonly referenceLogProbabilities: Float64Array;
}

/** Log-probabilities of all states at once, flat [states x V]. */
function logSoftmaxRows(logits: Float64Array, V: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += V) {
    result.set(logSoftmax(logits.subarray(start, start + V)), start);
  }
  return result;
}

export class TabularPolicy {
  readonly task: EnumerableTask;
  /** Free parameters, flat [states x V]; they start as the reference's logits. */
  readonly logits: Float64Array;
  readonly states: number;
  readonly #reference: Float64Array;

  constructor(task: EnumerableTask) {
    this.task = task;
    this.logits = Float64Array.from(task.referenceLogits.flatMap((table) => Array.from(table)));
    this.states = this.logits.length / task.vocabulary;
    this.#reference = logSoftmaxRows(this.logits, task.vocabulary);
  }

  /** [states x V]. */
  logProbabilities(): Float64Array {
    return logSoftmaxRows(this.logits, this.task.vocabulary);
  }

  /** Law of the responses, [V^L]. */
  responseProbabilities(): number[] {
    let offset = 0;
    const tables = this.task.referenceLogits.map((table) => {
      const start = offset;
      offset += table.length;
      return this.logits.subarray(start, offset);
    });
    return responseProbabilities(conditionalProbabilities(tables, this.task.vocabulary));
  }

  /** `count` responses drawn from the policy. */
  sample(count: number, rng: Rng): Experience {
    const V = this.task.vocabulary;
    const probabilities = this.logProbabilities().map(Math.exp);
    return this.#experience(count, (_, state) => {
      let left = rng.uniform();
      for (let a = 0; a < V - 1; a++) {
        left -= at(probabilities, state * V + a);
        if (left < 0) return a;
      }
      return V - 1;
    });
  }

  /** The given responses, by number, as if they had been drawn. */
  experienceOf(responses: readonly number[]): Experience {
    const { vocabulary: V, length: L } = this.task;
    return this.#experience(
      responses.length,
      (b, _, t) => Math.floor(at(responses, b) / V ** (L - 1 - t)) % V,
    );
  }

  /** Every response once, in the order of their numbers. */
  enumerate(): Experience {
    return this.experienceOf(Array.from({ length: this.task.rewards.length }, (_, y) => y));
  }

  #experience(B: number, choose: (b: number, state: number, t: number) => number): Experience {
    const { vocabulary: V, length: L, rewards } = this.task;
    const logPolicy = this.logProbabilities();
    const states = new Int32Array(B * L);
    const actions = new Int32Array(B * L);
    const responses = new Int32Array(B);
    const scores = new Float64Array(B);
    const logProbabilities = new Float64Array(B * L);
    const referenceLogProbabilities = new Float64Array(B * L);
    for (let b = 0; b < B; b++) {
      let prefix = 0;
      let firstOfDepth = 0;
      for (let t = 0; t < L; t++) {
        const i = b * L + t;
        const state = firstOfDepth + prefix;
        const action = choose(b, state, t);
        states[i] = state;
        actions[i] = action;
        logProbabilities[i] = at(logPolicy, state * V + action);
        referenceLogProbabilities[i] = at(this.#reference, state * V + action);
        firstOfDepth += V ** t;
        prefix = prefix * V + action;
      }
      responses[b] = prefix;
      scores[b] = at(rewards, prefix);
    }
    const arrays = { states, actions, responses, scores };
    return { B, L, ...arrays, logProbabilities, referenceLogProbabilities };
  }

  /** Log-probabilities of the taken tokens of `rows` under the policy as it is now, [rows x L]. */
  takenLogProbabilities(experience: Experience, rows: readonly number[]): Float64Array {
    const { L } = experience;
    const V = this.task.vocabulary;
    const all = this.logProbabilities();
    const taken = new Float64Array(rows.length * L);
    rows.forEach((b, k) => {
      for (let t = 0; t < L; t++) {
        const i = b * L + t;
        taken[k * L + t] = at(all, at(experience.states, i) * V + at(experience.actions, i));
      }
    });
    return taken;
  }

  /**
   * Gradient by the logits, [states x V], of a loss whose derivative by the log-probability of the k-th taken token
   * of `rows` is slopes[k]: each adds slope (1[token] - pi) to the row of its state.
   */
  gradient(experience: Experience, rows: readonly number[], slopes: Float64Array): Float64Array {
    const { L } = experience;
    const V = this.task.vocabulary;
    const policy = this.logProbabilities().map(Math.exp);
    const gradient = new Float64Array(this.logits.length);
    const mass = new Float64Array(this.states);
    rows.forEach((b, k) => {
      for (let t = 0; t < L; t++) {
        const i = b * L + t;
        const state = at(experience.states, i);
        const slope = at(slopes, k * L + t);
        const j = state * V + at(experience.actions, i);
        gradient[j] = at(gradient, j) + slope;
        mass[state] = at(mass, state) + slope;
      }
    });
    for (let j = 0; j < gradient.length; j++) {
      gradient[j] = at(gradient, j) - at(mass, Math.floor(j / V)) * at(policy, j);
    }
    return gradient;
  }
}
