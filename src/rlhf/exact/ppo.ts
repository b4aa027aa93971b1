/**
 * PPO with tables for policy and critic, built from the trainer's own plain functions: shaped rewards, advantages,
 * whitening, clipped losses, schedules. Whatever is wrong in them shows as a policy that misses the exact optimum.
 */
import { Rng } from '../../data/rng.ts';
import { gae } from '../advantages.ts';
import { clippedPolicyLoss, clippedValueLoss } from '../clipping.ts';
import type { EnumerableTask } from '../exact-optimum.ts';
import { shapedRewards, type KlEstimator } from '../kl.ts';
import { at } from '../masked.ts';
import { linearToZero } from '../schedules.ts';
import { whitenTokens } from '../whitening.ts';
import { Adam } from './adam.ts';
import { TabularPolicy, type Experience } from './tabular-policy.ts';

export interface TabularPpoSettings {
  readonly seed: number;
  readonly beta: number;
  readonly schedule: 'linear-to-zero' | 'constant';
  readonly iterations: number;
  readonly episodes: number;
  readonly minibatch: number;
  readonly innerEpochs: number;
  /** Peak learning rate of policy and critic. */
  readonly rate: number;
  readonly clip: number;
  readonly estimator: KlEstimator;
  readonly lambda: number;
  readonly whitenAdvantages: boolean;
  readonly whitenRewards: boolean;
}

const ADAM = { beta1: 0.9, beta2: 0.95, epsilon: 1e-5 };

class TabularPpo {
  readonly #settings: TabularPpoSettings;
  readonly #rng: Rng;
  readonly policy: TabularPolicy;
  /** One value per state. */
  readonly #values: Float64Array;
  readonly #policyAdam: Adam;
  readonly #valueAdam: Adam;

  constructor(task: EnumerableTask, settings: TabularPpoSettings) {
    this.#settings = settings;
    this.#rng = Rng.named(settings.seed, 'tabular-ppo');
    this.policy = new TabularPolicy(task);
    this.#values = new Float64Array(this.policy.states);
    this.#policyAdam = new Adam(this.policy.logits.length, ADAM);
    this.#valueAdam = new Adam(this.policy.states, ADAM);
  }

  /** Rollout, rewards, advantages, updates; `share` of the peak learning rate. */
  iterate(share: number): void {
    const { episodes, minibatch, beta, estimator, lambda, innerEpochs } = this.#settings;
    const { whitenAdvantages, whitenRewards } = this.#settings;
    const experience = this.policy.sample(episodes, this.#rng);
    const shape = { B: episodes, R: experience.L };
    const mask = new Float32Array(shape.B * shape.R).fill(1);
    const shaped = shapedRewards({ ...experience, ...shape, mask, beta, estimator }).rewards;
    const rewards = whitenRewards
      ? whitenTokens(shaped, mask, shape, { shiftMean: false })
      : shaped;
    const values = Float64Array.from(experience.states, (state) => at(this.#values, state));
    const { advantages, returns } = gae({ rewards, values, mask, gamma: 1, lambda, ...shape });
    const used = whitenAdvantages ? whitenTokens(advantages, mask, shape) : advantages;
    for (let epoch = 0; epoch < innerEpochs; epoch++) {
      const order = this.#rng.shuffled(Array.from({ length: episodes }, (_, b) => b));
      for (let start = 0; start < episodes; start += minibatch) {
        const rows = order.slice(start, start + minibatch);
        this.#step(experience, rows, { advantages: used, returns, values }, share);
      }
    }
  }

  #step(
    experience: Experience,
    rows: readonly number[],
    tokens: { advantages: Float32Array; returns: Float32Array; values: Float64Array },
    share: number,
  ): void {
    const { clip, rate } = this.#settings;
    const { L, states, logProbabilities } = experience;
    const taken = this.policy.takenLogProbabilities(experience, rows);
    const slopes = new Float64Array(taken.length);
    const valueGradient = new Float64Array(this.#values.length);
    for (let k = 0; k < taken.length; k++) {
      const i = at(rows, Math.floor(k / L)) * L + (k % L);
      const ratio = Math.exp(at(taken, k) - at(logProbabilities, i));
      const { gradient } = clippedPolicyLoss(ratio, at(tokens.advantages, i), clip);
      slopes[k] = (gradient * ratio) / taken.length;
      const state = at(states, i);
      const value = at(this.#values, state);
      const fit = clippedValueLoss(value, at(tokens.values, i), at(tokens.returns, i), clip);
      valueGradient[state] = at(valueGradient, state) + fit.gradient / taken.length;
    }
    const gradient = this.policy.gradient(experience, rows, slopes);
    this.#policyAdam.step(this.policy.logits, gradient, rate * share);
    this.#valueAdam.step(this.#values, valueGradient, rate * share);
  }
}

/** Trains from the reference policy; yields the same policy after each iteration. */
export function* tabularPpo(
  task: EnumerableTask,
  settings: TabularPpoSettings,
): Generator<TabularPolicy, void, void> {
  const ppo = new TabularPpo(task, settings);
  for (let iteration = 0; iteration < settings.iterations; iteration++) {
    const decayed = settings.schedule === 'linear-to-zero';
    ppo.iterate(decayed ? linearToZero(iteration, settings.iterations) : 1);
    yield ppo.policy;
  }
}
