/**
 * PPO with tables for policy and critic on an enumerable task, built from the trainer's own plain functions
 * (shaped rewards, advantages, whitening, clipped losses, schedules) and a plain Adam. Whatever is wrong in
 * them shows as a policy that misses the exact optimum.
 */
import { Rng } from '../../../src/data/rng.ts';
import { gae } from '../../../src/rlhf/advantages.ts';
import { logSoftmax } from '../../../src/rlhf/categorical.ts';
import { clippedPolicyLoss, clippedValueLoss } from '../../../src/rlhf/clipping.ts';
import {
  conditionalProbabilities,
  responseProbabilities,
  type EnumerableTask,
} from '../../../src/rlhf/exact-optimum.ts';
import { shapedRewards, type KlEstimator } from '../../../src/rlhf/kl.ts';
import { linearToZero } from '../../../src/rlhf/schedules.ts';
import { whitenTokens } from '../../../src/rlhf/whitening.ts';
import { AdamWReference } from '../../golden/adamw-reference.ts';

export interface TabularPpoSettings {
  readonly seed: number;
  readonly beta: number;
  readonly schedule: 'linear-to-zero' | 'constant';
  /** Peak learning rate of policy and critic, default 0.03. */
  readonly rate?: number;
  readonly estimator?: KlEstimator;
  readonly whitenAdvantages?: boolean;
  readonly whitenRewards?: boolean;
  readonly lambda?: number;
  readonly innerEpochs?: number;
}

const EPISODES = 512;
const MINIBATCH = 64;
const ITERATIONS = 400;
const CLIP = 0.2;
const ADAM = { beta1: 0.9, beta2: 0.95, epsilon: 1e-5 };

/** One batch of sampled responses; token arrays are flat [EPISODES x L]. */
interface Rollouts {
  /** Row of the logits table, counted over all depths, of the state of each token. */
  readonly states: Int32Array;
  readonly actions: Int32Array;
  readonly logProbabilities: Float64Array;
  readonly referenceLogProbabilities: Float64Array;
  readonly values: Float64Array;
  readonly scores: Float64Array;
}

class TabularPpo {
  readonly #task: EnumerableTask;
  readonly #settings: TabularPpoSettings;
  readonly #rng: Rng;
  readonly #reference: Float64Array;
  readonly #policy: AdamWReference;
  readonly #critic: AdamWReference;

  constructor(task: EnumerableTask, settings: TabularPpoSettings) {
    const { rate = 0.03 } = settings;
    this.#task = task;
    this.#settings = settings;
    this.#rng = Rng.named(settings.seed, 'tabular-ppo');
    this.#reference = Float64Array.from(task.referenceLogits.flatMap((table) => Array.from(table)));
    this.#policy = new AdamWReference(this.#reference, { ...ADAM, learningRate: rate });
    const states = this.#reference.length / task.vocabulary;
    const zeros = new Float64Array(states);
    this.#critic = new AdamWReference(zeros, { ...ADAM, learningRate: rate });
  }

  run(): number[] {
    const { schedule } = this.#settings;
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      const share = schedule === 'constant' ? 1 : linearToZero(iteration, ITERATIONS);
      this.#update(this.#sample(), share);
    }
    return responseProbabilities(this.#conditionals());
  }

  /** Conditional probabilities per depth, [V^t x V]. */
  #conditionals(): number[][] {
    const { vocabulary: V, referenceLogits } = this.#task;
    let offset = 0;
    const tables = referenceLogits.map((table) => {
      const start = offset;
      offset += table.length;
      return this.#policy.weights.slice(start, offset);
    });
    return conditionalProbabilities(tables, V);
  }

  /** Log-probabilities of all states at once, flat [states x V]. */
  #logProbabilities(logits: Float64Array): Float64Array {
    const V = this.#task.vocabulary;
    const result = new Float64Array(logits.length);
    for (let start = 0; start < logits.length; start += V) {
      result.set(logSoftmax(logits.subarray(start, start + V)), start);
    }
    return result;
  }

  #sample(): Rollouts {
    const { vocabulary: V, length: L, rewards } = this.#task;
    const tokens = EPISODES * L;
    const logPolicy = this.#logProbabilities(this.#policy.weights);
    const logReference = this.#logProbabilities(this.#reference);
    const policy = Array.from(logPolicy, Math.exp);
    const rollouts: Rollouts = {
      states: new Int32Array(tokens),
      actions: new Int32Array(tokens),
      logProbabilities: new Float64Array(tokens),
      referenceLogProbabilities: new Float64Array(tokens),
      values: new Float64Array(tokens),
      scores: new Float64Array(EPISODES),
    };
    for (let b = 0; b < EPISODES; b++) {
      let prefix = 0;
      let firstState = 0;
      for (let t = 0; t < L; t++) {
        const i = b * L + t;
        const state = firstState + prefix;
        const action = this.#rng.weighted(policy.slice(state * V, (state + 1) * V));
        rollouts.states[i] = state;
        rollouts.actions[i] = action;
        rollouts.logProbabilities[i] = logPolicy[state * V + action] ?? NaN;
        rollouts.referenceLogProbabilities[i] = logReference[state * V + action] ?? NaN;
        rollouts.values[i] = this.#critic.weights[state] ?? NaN;
        firstState += V ** t;
        prefix = prefix * V + action;
      }
      rollouts.scores[b] = rewards[prefix] ?? NaN;
    }
    return rollouts;
  }

  #update(rollouts: Rollouts, share: number): void {
    const { beta, estimator = 'k1', lambda = 0.95, innerEpochs = 1 } = this.#settings;
    const { whitenAdvantages = true, whitenRewards = false } = this.#settings;
    const shape = { B: EPISODES, R: this.#task.length };
    const mask = new Float32Array(shape.B * shape.R).fill(1);
    const shaped = shapedRewards({ ...rollouts, ...shape, mask, beta, estimator }).rewards;
    const rewards = whitenRewards
      ? whitenTokens(shaped, mask, shape, { shiftMean: false })
      : shaped;
    const { values } = rollouts;
    const { advantages, returns } = gae({ rewards, values, mask, gamma: 1, lambda, ...shape });
    const used = whitenAdvantages ? whitenTokens(advantages, mask, shape) : advantages;
    for (let epoch = 0; epoch < innerEpochs; epoch++) {
      const order = this.#rng.shuffled(Array.from({ length: EPISODES }, (_, b) => b));
      for (let start = 0; start < EPISODES; start += MINIBATCH) {
        this.#step(rollouts, used, returns, order.slice(start, start + MINIBATCH), share);
      }
    }
  }

  #step(
    rollouts: Rollouts,
    advantages: Float32Array,
    returns: Float32Array,
    rows: readonly number[],
    share: number,
  ): void {
    const { vocabulary: V, length: L } = this.#task;
    const policyGradient = new Float64Array(this.#policy.weights.length);
    const valueGradient = new Float64Array(this.#critic.weights.length);
    const tokens = rows.length * L;
    const policy = this.#logProbabilities(this.#policy.weights).map(Math.exp);
    for (const b of rows) {
      for (let i = b * L; i < (b + 1) * L; i++) {
        const state = rollouts.states[i] ?? NaN;
        const action = rollouts.actions[i] ?? NaN;
        const ratio =
          (policy[state * V + action] ?? NaN) / Math.exp(rollouts.logProbabilities[i] ?? NaN);
        const { gradient } = clippedPolicyLoss(ratio, advantages[i] ?? NaN, CLIP);
        for (let a = 0; a < V; a++) {
          const j = state * V + a;
          const slope = gradient * ratio * ((a === action ? 1 : 0) - (policy[j] ?? NaN));
          policyGradient[j] = (policyGradient[j] ?? NaN) + slope / tokens;
        }
        const value = this.#critic.weights[state] ?? NaN;
        const fit = clippedValueLoss(value, rollouts.values[i] ?? NaN, returns[i] ?? NaN, CLIP);
        valueGradient[state] = (valueGradient[state] ?? NaN) + fit.gradient / tokens;
      }
    }
    this.#policy.step(policyGradient, this.#policy.settings.learningRate * share);
    this.#critic.step(valueGradient, this.#critic.settings.learningRate * share);
  }
}

/** Distribution over responses, [V^L], after 400 iterations of 512 episodes from the reference policy. */
export function trainTabularPpo(task: EnumerableTask, settings: TabularPpoSettings): number[] {
  return new TabularPpo(task, settings).run();
}
