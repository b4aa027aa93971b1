/**
 * The exact law of best-of-n on a finite set of outcomes: draw n from the reference, keep the one with the
 * highest reward, ties broken at random. Exact mass function, and the two textbook formulas that are only
 * upper bounds (Beirami et al., arXiv 2401.01879). Sampling itself is elsewhere.
 */
import { at, expectLength, type Numbers } from './masked.ts';

function expectDraws(n: number): void {
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`n must be a whole number of at least 1, got ${n}`);
  }
}

/**
 * Probability of each outcome being kept. A group of equal rewards receives F^n - F_<^n (F: reference mass at
 * or below that reward, F_<: strictly below), split in proportion to the reference.
 */
export function bestOfNProbabilities(reference: Numbers, rewards: Numbers, n: number): number[] {
  expectDraws(n);
  expectLength('rewards', rewards, reference.length);
  const order = Array.from({ length: reference.length }, (_, i) => i);
  order.sort((i, j) => at(rewards, i) - at(rewards, j));
  const kept = new Array<number>(reference.length).fill(0);
  let below = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let group = 0;
    const reward = at(rewards, at(order, start));
    while (end < order.length && at(rewards, at(order, end)) === reward) {
      group += at(reference, at(order, end));
      end++;
    }
    const upTo = end === order.length ? 1 : Math.min(1, below + group);
    const mass = upTo ** n - below ** n;
    for (let k = start; k < end; k++) {
      const i = at(order, k);
      kept[i] = group > 0 ? (mass * at(reference, i)) / group : 0;
    }
    below = upTo;
    start = end;
  }
  return kept;
}

/** Probability that a draw from p has a higher reward than one from q, ties one half. */
export function winRateAgainst(p: Numbers, q: Numbers, rewards: Numbers): number {
  expectLength('p', p, rewards.length);
  expectLength('q', q, rewards.length);
  let rate = 0;
  for (let i = 0; i < rewards.length; i++) {
    for (let j = 0; j < rewards.length; j++) {
      const difference = at(rewards, i) - at(rewards, j);
      const outcome = difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
      rate += outcome * at(p, i) * at(q, j);
    }
  }
  return rate;
}

/** log n - (n - 1) / n nats: reached only where no single outcome has much mass. */
export function bestOfNKlUpperBound(n: number): number {
  expectDraws(n);
  return Math.log(n) - (n - 1) / n;
}

/** n / (n + 1): the win rate against one draw where ties have no mass. */
export function bestOfNWinRateUpperBound(n: number): number {
  expectDraws(n);
  return n / (n + 1);
}
