/**
 * PPO-ptx on a one-step bandit, exactly: the maximiser of E_p[r] - beta KL(p || reference) + gamma E_q[log p],
 * the paper's Eq. 2 for responses of one token with pre-training distribution q. Shows what gamma trades.
 */
import { expectation } from './categorical.ts';
import { at, expectLength, type Numbers } from './masked.ts';

export interface PtxBandit {
  /** Reference policy, all positive, [arms]. */
  readonly reference: Numbers;
  readonly rewards: Numbers;
  /** Pre-training distribution q, all positive, [arms]. */
  readonly pretraining: Numbers;
  readonly beta: number;
  readonly gamma: number;
}

/**
 * Gradient of the objective with respect to the logits of p: p_i (A_i - E_p[A]) + gamma (q_i - p_i), with
 * A_i = r_i - beta log(p_i / reference_i). Zero at the optimum.
 */
export function ptxBanditGradient(bandit: PtxBandit, p: Numbers): number[] {
  const { reference, rewards, pretraining, beta, gamma } = bandit;
  expectLength('p', p, reference.length);
  const advantages = Array.from(
    { length: p.length },
    (_, i) => at(rewards, i) - beta * Math.log(at(p, i) / at(reference, i)),
  );
  const baseline = expectation(p, advantages);
  return advantages.map(
    (advantage, i) => at(p, i) * (advantage - baseline) + gamma * (at(pretraining, i) - at(p, i)),
  );
}

/** The p of one arm that meets the stationarity condition for a given multiplier, bisected in log p. */
function armProbability(bandit: PtxBandit, arm: number, multiplier: number): number {
  const { reference, rewards, pretraining, beta, gamma } = bandit;
  const slack = (logP: number): number =>
    at(rewards, arm) -
    beta * (logP - Math.log(at(reference, arm))) +
    gamma * at(pretraining, arm) * Math.exp(-logP) -
    multiplier;
  let low = -700;
  let high = 50;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (slack(middle) > 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/**
 * The maximiser, by bisection on the multiplier of sum p = 1: for each arm
 * r - beta log(p / reference) + gamma q / p = multiplier. Throws RangeError unless beta is positive.
 */
export function ptxBanditOptimum(bandit: PtxBandit): number[] {
  const { reference, rewards, pretraining, beta, gamma } = bandit;
  if (!(beta > 0) || gamma < 0) throw new RangeError('beta must be positive, gamma not negative');
  expectLength('rewards', rewards, reference.length);
  expectLength('pretraining', pretraining, reference.length);
  const solve = (multiplier: number): number[] =>
    Array.from({ length: reference.length }, (_, arm) => armProbability(bandit, arm, multiplier));
  // Averaged over p the condition reads multiplier = E[r] - beta KL(p || reference) + gamma.
  const largestKl = -Math.log(Math.min(...Array.from(reference)));
  let low = Math.min(...Array.from(rewards)) - beta * largestKl + gamma;
  let high = Math.max(...Array.from(rewards)) + gamma;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    const total = solve(middle).reduce((sum, p) => sum + p, 0);
    if (total > 1) low = middle;
    else high = middle;
  }
  return solve((low + high) / 2);
}
