/**
 * Log-probability of given tokens, and entropy of the whole distribution, straight from hidden states and the
 * tied embedding. Both are of the distribution at the rollout temperature (D1): softmax(h w^T / temperature).
 * Output row 0 is the log-probability, row 1 the entropy; gradients flow through both.
 */
import * as tf from '@tensorflow/tfjs-core';
import { multiply, multiplyByTransposed, multiplyTransposed, oneHotRows } from './linear.ts';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

type Parts = [logProbability: tf.Tensor1D, entropy: tf.Tensor1D, lse: tf.Tensor1D];

/** Reference. logits [N, V], labels [N]: log-probability, entropy and log-sum-exp, each [N], in nats. */
function partsReference(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  inverseTemperature: number,
): Parts {
  const [rows, vocabulary] = logits.shape;
  const scaled = tf.mul(logits, inverseTemperature);
  const p = tf.softmax(scaled);
  // lse = l - log p holds for every token; the likeliest one is where log p loses no precision.
  const lse = tf.sub(tf.max(scaled, 1), tf.log(tf.max(p, 1)));
  const flat = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), vocabulary), labels);
  const chosen = tf.gather(tf.reshape(scaled, [-1]), tf.cast(flat, 'int32'));
  const entropy = tf.sub(lse, tf.sum(tf.mul(p, scaled), 1));
  return [tf.sub(chosen, lse) as tf.Tensor1D, entropy as tf.Tensor1D, lse as tf.Tensor1D];
}

function logitsGradient(
  [dLogProbability, dEntropy]: readonly [tf.Tensor1D, tf.Tensor1D],
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  [entropy, lse]: readonly [tf.Tensor1D, tf.Tensor1D],
  inverseTemperature: number,
): tf.Tensor2D {
  if (hasOwnKernel('PlayTokenLogProbabilityGrad')) {
    const inputs = { dLogProbability, dEntropy, logits, labels, entropy, lse };
    return runOwnKernel('PlayTokenLogProbabilityGrad', inputs, {
      inverseTemperature,
    })[0] as tf.Tensor2D;
  }
  return tf.tidy(() => {
    const [rows, vocabulary] = logits.shape;
    const column = (x: tf.Tensor1D) => tf.reshape(x, [rows, 1]);
    const logP = tf.sub(tf.mul(logits, inverseTemperature), column(lse));
    const p = tf.exp(logP);
    const oneHot = oneHotRows(labels, vocabulary);
    const fromLogP = tf.mul(tf.sub(oneHot, p), column(dLogProbability));
    const fromEntropy = tf.mul(tf.mul(p, tf.add(logP, column(entropy))), column(dEntropy));
    return tf.mul(tf.sub(fromLogP, fromEntropy), inverseTemperature) as tf.Tensor2D;
  });
}

export interface TokenStatistics {
  /** [N], nats. */
  readonly logProbability: tf.Tensor1D;
  /** [N], nats. */
  readonly entropy: tf.Tensor1D;
}

/** Own kernels that make logits for themselves: no [N, V] is kept between forward and backward. */
function fromHidden(
  hidden: tf.Tensor2D,
  table: tf.Tensor2D,
  labels: tf.Tensor1D,
  inverseTemperature: number,
): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    [hidden, table],
    () => {
      const inputs = { hidden, table, labels };
      const [statistics, lse] = runOwnKernel('PlayTokenStatistics', inputs, {
        inverseTemperature,
      }) as [tf.Tensor, tf.Tensor];
      return { value: statistics, saved: [hidden, table, labels, statistics, lse] };
    },
    (dy, saved) => {
      const [hidden, table, labels, statistics, lse] = saved as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const inputs = { dy, hidden, table, labels, statistics, lse };
      return runOwnKernel('PlayTokenStatisticsGrad', inputs, { inverseTemperature });
    },
  );
}

/** The same by way of logits [N, V]. */
function fromLogits(
  hidden: tf.Tensor2D,
  table: tf.Tensor2D,
  labels: tf.Tensor1D,
  inverseTemperature: number,
): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    [hidden, table],
    () => {
      const logits = multiplyByTransposed(hidden, table); // [N, V]
      const [logProbability, entropy, lse] = hasOwnKernel('PlayTokenLogProbability')
        ? (runOwnKernel(
            'PlayTokenLogProbability',
            { logits, labels },
            { inverseTemperature },
          ) as Parts)
        : partsReference(logits, labels, inverseTemperature);
      return {
        value: tf.stack([logProbability, entropy]),
        saved: [hidden, table, logits, labels, entropy, lse],
      };
    },
    (dy, saved) => {
      const [hidden, table, logits, labels, entropy, lse] = saved as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor1D,
        tf.Tensor1D,
        tf.Tensor1D,
      ];
      const cotangents = tf.unstack(dy) as [tf.Tensor1D, tf.Tensor1D];
      const dLogits = logitsGradient(
        cotangents,
        logits,
        labels,
        [entropy, lse],
        inverseTemperature,
      );
      return [multiply(dLogits, table), multiplyTransposed(dLogits, hidden)];
    },
  );
}

/**
 * hidden [N, D], embedding [V, D], labels [N] int32: [2, N], log-probabilities over entropies, for ops that take both as
 * one tensor.
 */
export function tokenStatistics(
  hidden: tf.Tensor2D,
  table: tf.Tensor2D,
  labels: tf.Tensor1D,
  temperature: number,
): tf.Tensor2D {
  const statistics = hasOwnKernel('PlayTokenStatistics') ? fromHidden : fromLogits;
  return statistics(hidden, table, labels, 1 / temperature);
}

/** Rows of {@link tokenStatistics}, [2, N], as tensors of their own. */
export function apart(statistics: tf.Tensor2D): TokenStatistics {
  const [logProbability, entropy] = tf.unstack(statistics) as [tf.Tensor1D, tf.Tensor1D];
  return { logProbability, entropy };
}

/** {@link tokenStatistics}, each part by itself. */
export function tokenLogProbability(
  hidden: tf.Tensor2D,
  table: tf.Tensor2D,
  labels: tf.Tensor1D,
  temperature: number,
): TokenStatistics {
  return apart(tokenStatistics(hidden, table, labels, temperature));
}
