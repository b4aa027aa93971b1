/**
 * Generalised advantage estimation (Schulman et al., arXiv 1506.02438) on responses of different lengths.
 * Arithmetic in doubles on plain arrays, results rounded to single precision for upload.
 * Not whitened here: see whitening.ts. Returns are formed from the unwhitened advantages (D13).
 */
import { at, expectLength, responseLengths, type Numbers, type TokenShape } from './masked.ts';

export interface GaeInput extends TokenShape {
  /** Reward of each token, [B x R]. */
  readonly rewards: Numbers;
  /** Value of the state in which each token was chosen, [B x R]. */
  readonly values: Numbers;
  /** Prefix mask of live tokens, [B x R]. */
  readonly mask: Numbers;
  /** Discount; 1 in the paper (S60). */
  readonly gamma: number;
  /** Trace decay; 0 gives one-step errors, 1 gives reward-to-go minus value. */
  readonly lambda: number;
}

export interface Advantages {
  /** One-step errors delta_t, [B x R], 0 on padding. */
  readonly deltas: Float32Array;
  /** What each token takes over from the one after it, gamma lambda A_{t+1}, [B x R], 0 on padding. */
  readonly carried: Float32Array;
  /** The sum of both, [B x R], 0 on padding. */
  readonly advantages: Float32Array;
  /** Targets of the value function, advantage + value, [B x R], 0 on padding. */
  readonly returns: Float32Array;
}

/** Temporal-difference error delta_t = r_t + gamma V_{t+1} - V_t: how much better one step went than expected. */
export function tdError(reward: number, value: number, nextValue: number, gamma: number): number {
  return reward + gamma * nextValue - value;
}

/** gamma lambda A_{t+1}: what a token is credited with for what came after it. */
export function carriedAdvantage(nextAdvantage: number, gamma: number, lambda: number): number {
  return gamma * lambda * nextAdvantage;
}

/**
 * A_t = delta_t + gamma lambda A_{t+1} with delta_t as {@link tdError}, backwards over live tokens.
 * The value after the last live token is 0: the episode is over, also when the response was cut.
 * Throws RangeError on wrong lengths and on masks that are not prefix masks.
 */
export function gae(input: GaeInput): Advantages {
  const { rewards, values, mask, gamma, lambda, B, R } = input;
  expectLength('rewards', rewards, B * R);
  expectLength('values', values, B * R);
  const lengths = responseLengths(mask, { B, R });
  const [deltas, carried] = [new Float32Array(B * R), new Float32Array(B * R)];
  const [advantages, returns] = [new Float32Array(B * R), new Float32Array(B * R)];
  for (let b = 0; b < B; b++) {
    let nextAdvantage = 0;
    let nextValue = 0;
    for (let t = at(lengths, b) - 1; t >= 0; t--) {
      const i = b * R + t;
      const value = at(values, i);
      const delta = tdError(at(rewards, i), value, nextValue, gamma);
      const rest = carriedAdvantage(nextAdvantage, gamma, lambda);
      nextAdvantage = delta + rest;
      nextValue = value;
      deltas[i] = delta;
      carried[i] = rest;
      advantages[i] = nextAdvantage;
      returns[i] = nextAdvantage + value;
    }
  }
  return { deltas, carried, advantages, returns };
}
