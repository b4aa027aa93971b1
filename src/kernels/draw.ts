/**
 * Draws one token for each row of logits: inverse CDF with a uniform of a named stream, or the likeliest token. On a
 * backend with an own kernel the uniforms are computed there (Philox4x32-10); elsewhere they are handed in.
 * tf.multinomial is not used (D50).
 */
import * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel } from './own-kernel.ts';

/** Divides the logits; `greedy` takes the likeliest token instead, the first of equals. */
export type Temperature = number | 'greedy';

/**
 * Tokens that a draw is among: the `topK` likeliest (0 is all of them), and of these the likeliest that together have
 * `topP` of their mass (1 is all of them); tokens as likely as the last one stay in. For display only: such draws do not
 * come from the policy, and rollouts must (D2).
 */
export interface Among {
  readonly topK: number;
  readonly topP: number;
}

export interface Drawn extends tf.NamedTensorMap {
  /** [B] int32 */
  readonly token: tf.Tensor1D;
  /** Log-probability of each token at the temperature (1 when greedy) among all tokens, [B], nats. */
  readonly logProbability: tf.Tensor1D;
}

const ALL: Among = { topK: 0, topP: 1 };

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
export function drawNamed(
  logits: tf.Tensor2D,
  names: DrawNames,
  temperature: Temperature,
  among: Among = ALL,
): Drawn {
  const { key, rows, step } = names;
  const greedy = temperature === 'greedy';
  const inverseTemperature = greedy ? 1 : 1 / temperature;
  const attributes = {
    inverseTemperature,
    greedy: Number(greedy),
    key0: key[0],
    key1: key[1],
    step,
    topK: among.topK < logits.shape[1] ? among.topK : 0,
    topP: among.topP,
  };
  const [token, logProbability] = runOwnKernel('PlayDraw', { logits, rows }, attributes) as [
    tf.Tensor1D,
    tf.Tensor1D,
  ];
  return { token, logProbability };
}

/** p [B, V] with 0 for the tokens that a draw is not among. */
function keptOf(p: tf.Tensor2D, { topK, topP }: Among): tf.Tensor2D {
  const vocabulary = p.shape[1];
  const from = (least: tf.Tensor, q: tf.Tensor) =>
    tf.mul(q, tf.cast(tf.greaterEqual(q, least), 'float32'));
  let kept: tf.Tensor = p;
  if (topK > 0 && topK < vocabulary) {
    kept = from(tf.min(tf.topk(p, topK).values, 1, true), kept);
  }
  if (topP < 1) {
    const falling = tf.topk(kept, vocabulary).values;
    const goal = tf.mul(tf.sum(kept, 1, true), topP);
    // In as long as those before do not have it all yet; probabilities end at 1, so 2 is never the least.
    const isIn = tf.less(tf.cumsum(falling, 1, true), goal);
    kept = from(tf.min(tf.where(isIn, falling, tf.fill(falling.shape, 2)), 1, true), kept);
  }
  return kept as tf.Tensor2D;
}

/** Reference: logits [B, V] and one uniform in (0, 1) for each row, u [B]. */
export function draw(
  logits: tf.Tensor2D,
  u: tf.Tensor1D,
  temperature: Temperature,
  among: Among = ALL,
): Drawn {
  const rows = logits.shape[0];
  const scaled = temperature === 'greedy' ? logits : tf.div(logits, temperature);
  const p = tf.softmax(scaled as tf.Tensor2D);
  let token: tf.Tensor1D;
  if (temperature === 'greedy') {
    token = tf.argMax(scaled, 1);
  } else {
    const below = tf.cumsum(keptOf(p, among), 1);
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
