/**
 * PPO's two clipped losses for one token, with their derivatives, in plain numbers (Schulman et al.,
 * arXiv 1707.06347, Eq. 7; value clipping as in Ziegler et al.). The tensor losses of the trainer are checked
 * against these. Also the two statistics that say how far an update went.
 */
import { at, expectLength, maskedMean, type Numbers } from './masked.ts';

export interface ClippedLoss {
  readonly loss: number;
  /** Derivative with respect to the first argument of the loss. */
  readonly gradient: number;
  /** True where the clipped branch is the larger one and so holds the gradient at 0. */
  readonly clipped: boolean;
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/**
 * max(-A ratio, -A clip(ratio, 1 - epsilon, 1 + epsilon)) and its derivative with respect to the ratio (D15):
 * -A where the unclipped branch is the larger or both agree, 0 where the clip holds.
 */
export function clippedPolicyLoss(ratio: number, advantage: number, epsilon: number): ClippedLoss {
  const unclipped = -advantage * ratio;
  const clipped = -advantage * clamp(ratio, 1 - epsilon, 1 + epsilon);
  if (clipped > unclipped) return { loss: clipped, gradient: 0, clipped: true };
  return { loss: unclipped, gradient: -advantage, clipped: false };
}

/**
 * Half of max((V - R)^2, (clip(V, old - epsilon, old + epsilon) - R)^2) and its derivative with respect to V
 * (D16). The coefficient of the value loss is the caller's.
 */
export function clippedValueLoss(
  value: number,
  oldValue: number,
  target: number,
  epsilon: number,
): ClippedLoss {
  const unclipped = (value - target) ** 2;
  const clipped = (clamp(value, oldValue - epsilon, oldValue + epsilon) - target) ** 2;
  if (clipped > unclipped) return { loss: 0.5 * clipped, gradient: 0, clipped: true };
  return { loss: 0.5 * unclipped, gradient: value - target, clipped: false };
}

/** Share of live tokens whose policy loss took the clipped branch. Arrays of equal length. */
export function clipFraction(
  ratios: Numbers,
  advantages: Numbers,
  mask: Numbers,
  epsilon: number,
): number {
  expectLength('ratios', ratios, mask.length);
  expectLength('advantages', advantages, mask.length);
  const clipped = new Float32Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    if (at(mask, i) !== 1) continue;
    const token = clippedPolicyLoss(at(ratios, i), at(advantages, i), epsilon);
    clipped[i] = token.clipped ? 1 : 0;
  }
  return maskedMean(clipped, mask);
}

/** Share of live tokens whose value loss took the clipped branch. Arrays of equal length. */
export function valueClipFraction(
  values: Numbers,
  oldValues: Numbers,
  returns: Numbers,
  mask: Numbers,
  epsilon: number,
): number {
  expectLength('values', values, mask.length);
  const clipped = new Float32Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    if (at(mask, i) !== 1) continue;
    const token = clippedValueLoss(at(values, i), at(oldValues, i), at(returns, i), epsilon);
    clipped[i] = token.clipped ? 1 : 0;
  }
  return maskedMean(clipped, mask);
}

/** Half the mean squared change of the log-probabilities over live tokens (k2 of the update), nats. */
export function approxKl(
  logProbabilities: Numbers,
  oldLogProbabilities: Numbers,
  mask: Numbers,
): number {
  expectLength('logProbabilities', logProbabilities, mask.length);
  const half = new Float64Array(mask.length);
  for (let i = 0; i < mask.length; i++) {
    if (at(mask, i) !== 1) continue;
    half[i] = 0.5 * (at(logProbabilities, i) - at(oldLogProbabilities, i)) ** 2;
  }
  return maskedMean(half, mask);
}
