/**
 * One optimizer step of DPO or IPO on a batch of pairs: both responses of all pairs go through the policy in one pass,
 * the reference's log-probabilities are given. The tensor loss is checked against the plain one in dpo-loss.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hiddenStates, labelStatistics } from '../model/forward.ts';
import { gradientsOf, type AdamW } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { dpoMetrics, dpoTokenMetrics, type DpoLossKind } from './dpo-loss.ts';
import { at, expectLength, type Numbers } from './masked.ts';
import type { PreferencePair } from './method.ts';
import { takeJoined, takeScalars } from './read-back.ts';
import {
  disposeSequences,
  logProbabilitiesOf,
  tokenLogits,
  uploadSequences,
  type SequenceShape,
} from './sequences.ts';

export interface DpoUpdateSettings {
  readonly shape: SequenceShape;
  readonly temperature: number;
  readonly beta: number;
  readonly loss: DpoLossKind;
}

/** Mean loss of summed log-probabilities [2M], chosen responses first, against those of the reference, [2M]. */
export function dpoLossTensor(
  logProbability: tf.Tensor1D,
  reference: tf.Tensor1D,
  { loss, beta }: Pick<DpoUpdateSettings, 'loss' | 'beta'>,
): tf.Scalar {
  const ratios = tf.reshape(tf.sub(logProbability, reference), [2, -1]); // [2, M]
  const [chosen, rejected] = tf.unstack(ratios) as [tf.Tensor1D, tf.Tensor1D];
  const h = tf.sub(chosen, rejected); // [M]
  if (loss === 'ipo') return tf.mean(tf.square(tf.sub(h, 1 / (2 * beta))));
  return tf.mean(tf.softplus(tf.mul(h, -beta)));
}

/** Chosen responses, then rejected ones. */
function bothSides(pairs: readonly PreferencePair[]) {
  return [...pairs.map(({ chosen }) => chosen), ...pairs.map(({ rejected }) => rejected)];
}

/** Summed log-probability of each response under `model`, [2M], chosen ones first; no gradient. */
export async function pairLogProbabilities(
  model: Model,
  pairs: readonly PreferencePair[],
  shape: SequenceShape,
  temperature: number,
): Promise<Float32Array> {
  const sequences = bothSides(pairs);
  const tokens = await logProbabilitiesOf(model, sequences, shape, temperature);
  const R = shape.responseLength;
  return Float32Array.from(sequences, (_, b) =>
    tokens.subarray(b * R, (b + 1) * R).reduce((sum, x) => sum + x, 0),
  );
}

/** Summed log-probabilities [2M]; entropies, mean logits and hits [2M*R]. */
type Readout = [Float32Array, Float32Array, Float32Array, Float32Array];

/** `reference` as from {@link pairLogProbabilities}. Returns TRL's metrics of the batch, before the step. */
export async function dpoUpdate(
  policy: Model,
  optimizer: AdamW,
  pairs: readonly PreferencePair[],
  reference: Numbers,
  settings: DpoUpdateSettings,
  learningRate: number,
): Promise<Record<string, number>> {
  const { shape, temperature, loss: kind, beta } = settings;
  const M = pairs.length;
  expectLength('reference', reference, 2 * M);
  const batch = uploadSequences(bothSides(pairs), shape, policy.config.padId);
  const given = tf.tensor1d(Float32Array.from(reference));
  const kept: tf.Tensor[] = [];
  const { loss, gradients } = gradientsOf(policy, () => {
    const hidden = hiddenStates(policy, batch.tokens);
    const { stateIndices, labels } = batch;
    const statistics = labelStatistics(policy, hidden, stateIndices, labels, temperature);
    const { meanLogit, correct } = tokenLogits(policy, hidden, batch);
    const live = tf.mul(statistics.logProbability, batch.mask); // [2M*R]
    const sums = tf.sum(tf.reshape(live, [2 * M, shape.responseLength]), 1) as tf.Tensor1D;
    const read = [sums, statistics.entropy, meanLogit, correct];
    kept.push(...read.map((tensor) => tf.keep(tf.clone(tensor))));
    return dpoLossTensor(sums, given, settings);
  });
  const norm = optimizer.apply(gradients, learningRate);
  const [[lossValue, gradNorm], ...read] = await Promise.all([
    takeScalars(loss, norm),
    ...kept.map((tensor) => takeJoined([tensor])),
  ]);
  const [summed, entropies, meanLogits, correct] = read as Readout;
  const scored = pairs.map((_, i) => ({
    chosen: at(summed, i),
    rejected: at(summed, M + i),
    referenceChosen: at(reference, i),
    referenceRejected: at(reference, M + i),
  }));
  const values = {
    ...dpoMetrics(scored, kind, beta),
    ...dpoTokenMetrics({ mask: batch.maskValues, entropies, meanLogits, correct }),
    loss: lossValue,
    grad_norm: gradNorm,
  };
  given.dispose();
  disposeSequences(batch);
  return values;
}
