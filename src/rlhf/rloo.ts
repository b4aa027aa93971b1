/**
 * RLOO (Ahmadian et al., arXiv 2402.14740) as in TRL: the summed k1 estimate is part of each response's reward, the mean
 * of the other responses of its group is the baseline, and the ratio is that of the whole response. Its optimum is
 * that of the KL-regularised objective.
 */
import * as tf from '@tensorflow/tfjs-core';
import { rlooAdvantages } from './group-baselines.ts';
import {
  groupLoop,
  perToken,
  type GroupMinibatch,
  type GroupRule,
  type GroupSettings,
} from './group-loop.ts';
import { byGroup, clipShares } from './group-metrics.ts';
import { sequenceKl } from './kl.ts';
import { mean } from './masked.ts';
import { openPolicy, type Method } from './method.ts';

/** Mean over responses of max(-A ratio, -A clip(ratio)), ratio = exp of the summed change, of [b*R]. */
export function rlooLossTensor(
  logProbability: tf.Tensor1D,
  mini: GroupMinibatch,
  clip: number,
): tf.Scalar {
  const { B, R } = mini;
  const change = tf.mul(
    tf.sub(logProbability, tf.tensor1d(mini.oldLogProbabilities)),
    tf.tensor1d(mini.mask),
  ); // [b*R]
  const ratio = tf.exp(tf.sum(tf.reshape(change, [B, R]), 1)); // [b]
  const advantages = tf.tensor1d(mini.advantages);
  const unclipped = tf.neg(tf.mul(advantages, ratio));
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - clip, 1 + clip)));
  return tf.mean(tf.maximum(unclipped, clipped));
}

/** pi_new / pi_old of each whole response, [b]. */
function sequenceRatios(logProbabilities: Float32Array, mini: GroupMinibatch): Float32Array {
  const { oldLogProbabilities, mask, B, R } = mini;
  const arrays = { logProbabilities, referenceLogProbabilities: oldLogProbabilities };
  return sequenceKl({ ...arrays, mask, B, R }).map(Math.exp);
}

/** Score minus beta times the KL estimate summed over the response (k1), [B]. */
export function rlooRewards(
  scores: ArrayLike<number>,
  kl: ArrayLike<number>,
  beta: number,
): Float32Array {
  return Float32Array.from(scores, (score, b) => score - beta * (kl[b] ?? NaN));
}

function rlooRule({ beta, clip, groupSize }: GroupSettings): GroupRule {
  return {
    scope: 'rloo',
    klPlace: 'reward',
    baseline: { over: 'others', divided: false },
    rewards: (responses) => rlooRewards(responses.scores, sequenceKl(responses), beta),
    advantages: (rewards) => byGroup(rewards, groupSize, rlooAdvantages),
    ratios: (logProbabilities, mini) => perToken(sequenceRatios(logProbabilities, mini), mini.R),
    loss: (logProbability, mini) => rlooLossTensor(logProbability, mini, clip),
    clipped: (logProbabilities, mini) => {
      const ratios = sequenceRatios(logProbabilities, mini);
      return clipShares(ratios, mini.advantages, new Float32Array(mini.B).fill(1), clip);
    },
    // Mean over responses of the summed k1, as in TRL's RLOO.
    kl: (responses) => mean(sequenceKl(responses)),
  };
}

export const RLOO: Method<GroupSettings> = {
  name: 'rloo',
  watch: 'reward',
  open: (input, settings, from) =>
    openPolicy(input.reference, from, (policy) =>
      groupLoop(policy, input, settings, rlooRule(settings), from),
    ),
};
