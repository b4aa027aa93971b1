/**
 * Draws one token for each row of logits: inverse CDF with a uniform of a named stream, or the likeliest token. On a
 * backend with an own kernel the uniforms are computed there (Philox4x32-10); elsewhere they are handed in.
 * tf.multinomial is not used (D50).
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel } from './own-kernel.ts';

/** Divides the logits; `greedy` takes the likeliest token instead, the first of equals. */
export type Temperature = number | 'greedy';

export interface Drawn extends tf.NamedTensorMap {
  /** [B] int32 */
  readonly token: tf.Tensor1D;
  /** Log-probability of each token at the temperature (1 when greedy), [B], nats. */
  readonly logProbability: tf.Tensor1D;
}

/** Names the draws of one token of every row: word step % 4 of Philox at ([step / 4, row, 0, 1]; key). */
export interface DrawNames {
  readonly key: readonly [number, number];
  /** [B] int32 */
  readonly rows: tf.Tensor1D;
  readonly step: number;
}

/** True where {@link drawNamed} can run. */
export const drawsByName = (): boolean => hasOwnKernel('PlayDraw');

/** logits [B, V]; only where {@link drawsByName} says so. */
export function drawNamed(logits: tf.Tensor2D, names: DrawNames, temperature: Temperature): Drawn {
  const { key, rows, step } = names;
  const greedy = temperature === 'greedy';
  const inverseTemperature = greedy ? 1 : 1 / temperature;
  const attributes = {
    inverseTemperature,
    greedy: Number(greedy),
    key0: key[0],
    key1: key[1],
    step,
  };
  const [token, logProbability] = runOwnKernel('PlayDraw', { logits, rows }, attributes) as [
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  return { token, logProbability };
}

/** Reference: logits [B, V] and one uniform in (0, 1) for each row, u [B]. */
export function draw(logits: tf.Tensor2D, u: tf.Tensor1D, temperature: Temperature): Drawn {
  const rows = logits.shape[0];
  const scaled = temperature === 'greedy' ? logits : tf.div(logits, temperature);
  const p = tf.softmax(scaled as tf.Tensor2D);
  let token: tf.Tensor1D;
  if (temperature === 'greedy') {
    token = tf.argMax(scaled, 1);
  } else {
    const below = tf.cumsum(p, 1);
    const total = tf.slice(below, [0, logits.shape[1] - 1], [rows, 1]);
    const target = tf.mul(tf.reshape(u, [rows, 1]), total);
    // The first token whose cumulated mass passes the target; rounding must never run off the end.
    const count = tf.sum(tf.cast(tf.lessEqual(below, target), 'int32'), 1);
    token = tf.cast(tf.minimum(count, logits.shape[1] - 1), 'int32');
  }
  const flat = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), logits.shape[1]), token);
  const chosen = tf.gather(tf.reshape(scaled, [-1]), tf.cast(flat, 'int32'));
  const lse = tf.sub(tf.max(scaled, 1), tf.log(tf.max(p, 1)));
  return { token, logProbability: tf.sub(chosen, lse) as tf.Tensor1D };
}
