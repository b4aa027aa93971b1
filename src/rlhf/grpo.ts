/**
 * GRPO (Shao et al., arXiv 2402.03300) and Dr. GRPO (Liu et al., arXiv 2503.20783) as in TRL: advantages from the group,
 * ratio per token, and beta times the k3 estimate as a term of the loss. With beta above 0 neither converges to the
 * KL-regularised optimum, but to a fixed point of its own (exact/fixed-points.ts, D25).
 */
import * as tf from '@tensorflow/tfjs-core';
import { grpoAdvantages, meanCentredAdvantages } from './group-baselines.ts';
import {
  groupLoop,
  perToken,
  type GroupMinibatch,
  type GroupRule,
  type GroupSettings,
} from './group-loop.ts';
import { byGroup, clipShares, tokenWeights } from './group-metrics.ts';
import { tokenKl } from './kl.ts';
import { maskedMean } from './masked.ts';
import { openPolicy, type Method } from './method.ts';
import { importanceRatios } from './metrics.ts';

export interface GrpoSettings extends GroupSettings {
  /**
   * TRL's loss types. `grpo`: advantages over the group's standard deviation, every response weighs the same.
   * `dr_grpo`: neither division, every token weighs the same.
   */
  readonly lossType: 'grpo' | 'dr_grpo';
}

/** Sum over tokens of weight * (max(-A ratio, -A clip(ratio)) + beta k3), of log-probabilities [b*R]. */
export function grpoLossTensor(
  logProbability: tf.Tensor1D,
  mini: GroupMinibatch,
  settings: Pick<GrpoSettings, 'lossType' | 'clip' | 'beta'>,
): tf.Scalar {
  const { clip, beta, lossType } = settings;
  const normalisation = lossType === 'grpo' ? 'sequence' : 'constant';
  const weights = tf.tensor1d(tokenWeights(mini.mask, mini, normalisation));
  const advantages = tf.tensor1d(perToken(mini.advantages, mini.R));
  const mask = tf.tensor1d(mini.mask);
  const since = (other: Float32Array) =>
    // Padding carries meaningless log-probabilities: zero the difference there before it is exponentiated.
    tf.mul(tf.sub(logProbability, tf.tensor1d(other)), mask);
  const ratio = tf.exp(since(mini.oldLogProbabilities));
  const unclipped = tf.neg(tf.mul(advantages, ratio));
  const clipped = tf.neg(tf.mul(advantages, tf.clipByValue(ratio, 1 - clip, 1 + clip)));
  const logRatio = since(mini.referenceLogProbabilities);
  const k3 = tf.add(tf.sub(tf.exp(tf.neg(logRatio)), 1), logRatio);
  const terms = tf.add(tf.maximum(unclipped, clipped), tf.mul(k3, beta)); // [b*R]
  return tf.sum(tf.mul(terms, weights));
}

function grpoRule(settings: GrpoSettings): GroupRule {
  const baseline = settings.lossType === 'grpo' ? grpoAdvantages : meanCentredAdvantages;
  return {
    scope: 'grpo',
    klPlace: 'loss',
    baseline: { over: 'group', divided: settings.lossType === 'grpo' },
    rewards: ({ scores }) => scores,
    advantages: (rewards) => byGroup(rewards, settings.groupSize, (group) => baseline(group)),
    ratios: (logProbabilities, mini) =>
      importanceRatios(logProbabilities, mini.oldLogProbabilities, mini.mask),
    loss: (logProbability, mini) => grpoLossTensor(logProbability, mini, settings),
    clipped: (logProbabilities, mini) => {
      const ratios = importanceRatios(logProbabilities, mini.oldLogProbabilities, mini.mask);
      return clipShares(ratios, perToken(mini.advantages, mini.R), mini.mask, settings.clip);
    },
    // Mean over live tokens of k3, as in TRL's GRPO.
    kl: (responses) => maskedMean(tokenKl({ ...responses, estimator: 'k3' }), responses.mask),
  };
}

export const GRPO: Method<GrpoSettings> = {
  name: 'grpo',
  watch: 'reward',
  open: (input, settings, from) =>
    openPolicy(input.reference, from, (policy) =>
      groupLoop(policy, input, settings, grpoRule(settings), from),
    ),
};
