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
  /** [B x R], 0 on padding. */
  readonly advantages: Float32Array;
  /** Targets of the value function, advantage + value, [B x R], 0 on padding. */
  readonly returns: Float32Array;
}

/**
 * A_t = delta_t + gamma lambda A_{t+1} with delta_t = r_t + gamma V_{t+1} - V_t, backwards over live tokens.
 * The value after the last live token is 0: the episode is over, also when the response was cut.
 * Throws RangeError on wrong lengths and on masks that are not prefix masks.
 */
export function gae(input: GaeInput): Advantages {
  const { rewards, values, mask, gamma, lambda, B, R } = input;
  expectLength('rewards', rewards, B * R);
  expectLength('values', values, B * R);
  const lengths = responseLengths(mask, { B, R });
  const advantages = new Float32Array(B * R);
  const returns = new Float32Array(B * R);
  for (let b = 0; b < B; b++) {
    let nextAdvantage = 0;
    let nextValue = 0;
    for (let t = at(lengths, b) - 1; t >= 0; t--) {
      const i = b * R + t;
      const value = at(values, i);
      const delta = at(rewards, i) + gamma * nextValue - value;
      nextAdvantage = delta + gamma * lambda * nextAdvantage;
      nextValue = value;
      advantages[i] = nextAdvantage;
      returns[i] = nextAdvantage + value;
    }
  }
  return { advantages, returns };
}
