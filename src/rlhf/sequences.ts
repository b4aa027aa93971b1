/**
 * Prompt-and-response rows on the device, and what models say about them: token log-probabilities, values and
 * scores. Layout as in data/batches: prompts padded left to P columns, responses right to R, width T = P + R.
 */
import * as tf from '@tensorflow/tfjs-core';
import { packSequences, type Sequence } from '../data/batches.ts';
import { multiplyByTransposed } from '../kernels/linear.ts';
import { maskedTokenMean } from '../kernels/masked-mean.ts';
import { columnIndices, disposeBatch, uploadBatch, type TokenBatch } from '../model/batch.ts';
import {
  hiddenStates,
  labelStatistics,
  scalarScores,
  stackedLabelStatistics,
} from '../model/forward.ts';
import type { Model } from '../model/parameters.ts';
import type { Dropout } from '../model/dropout.ts';
import { microBatches, type MicroBatch } from './micro-batches.ts';
import { join, takeJoined } from './read-back.ts';
import type { TokenStatistics } from '../kernels/token-log-probability.ts';

/** Column counts of a padded batch. */
export interface SequenceShape {
  /** P */
  readonly promptLength: number;
  /** R */
  readonly responseLength: number;
}

export interface SequenceBatch {
  readonly tokens: TokenBatch;
  readonly rows: number;
  readonly shape: SequenceShape;
  /** Response tokens, [B*R] int32. */
  readonly labels: tf.Tensor1D;
  /** 1 on live response tokens, EOS included, [B*R]. */
  readonly mask: tf.Tensor1D;
  /** The same mask off the device, prefix masks [B x R]. */
  readonly maskValues: Float32Array;
  /** Flat index of the column that predicts each response token (P + t - 1), [B*R] int32. */
  readonly stateIndices: tf.Tensor1D;
  /** Flat index of the last live token of each row, [B] int32. */
  readonly lastIndices: tf.Tensor1D;
}

/** Uploads rows; the caller disposes them with {@link disposeSequences}. Every response needs a token. */
export function uploadSequences(
  sequences: readonly Sequence[],
  shape: SequenceShape,
  padId: number,
): SequenceBatch {
  const { promptLength: P, responseLength: R } = shape;
  const packed = packSequences(sequences, P, R, padId);
  const rows = sequences.length;
  const T = P + R;
  const labels = new Int32Array(rows * R);
  const last = new Int32Array(rows);
  const starts = new Int32Array(rows);
  for (let b = 0; b < rows; b++) {
    labels.set(packed.ids.subarray(b * T + P, (b + 1) * T), b * R);
    const length = packed.responseLengths[b] ?? 0;
    if (length === 0) throw new RangeError(`response ${b} is empty`);
    last[b] = b * T + P + length - 1;
    starts[b] = P - (packed.promptLengths[b] ?? 0);
  }
  const states = Array.from({ length: R }, (_, t) => P + t - 1);
  return {
    tokens: uploadBatch(packed.ids, starts),
    rows,
    shape,
    labels: tf.tensor1d(labels, 'int32'),
    mask: tf.tensor1d(packed.responseMask),
    maskValues: packed.responseMask,
    stateIndices: tf.tensor1d(columnIndices(rows, T, states), 'int32'),
    lastIndices: tf.tensor1d(last, 'int32'),
  };
}

export function disposeSequences(batch: SequenceBatch): void {
  disposeBatch(batch.tokens);
  tf.dispose([batch.labels, batch.mask, batch.stateIndices, batch.lastIndices]);
}

/** Logits that chose each response token, by `hidden` [B*T, D]: [B*R, V]. */
function labelLogits(model: Model, hidden: tf.Tensor2D, batch: SequenceBatch): tf.Tensor2D {
  const states = tf.gather(hidden, batch.stateIndices); // [B*R, D]
  return multiplyByTransposed(states, model.get('wte.weight') as unknown as tf.Tensor2D);
}

/** 1 where the largest of `logits` [B*R, V] is that of the response token, [B*R]. */
function hits(logits: tf.Tensor2D, batch: SequenceBatch): tf.Tensor1D {
  return tf.cast(tf.equal(tf.argMax(logits, 1), batch.labels), 'float32');
}

/**
 * Of the logits that chose each response token, by `hidden` [B*T, D]: their mean over the vocabulary, and 1 where the
 * largest is that of the token; [B*R] each, without gradient, numbers of no meaning on padding.
 */
export function tokenLogits(
  model: Model,
  hidden: tf.Tensor2D,
  batch: SequenceBatch,
): { readonly meanLogit: tf.Tensor1D; readonly correct: tf.Tensor1D } {
  const logits = labelLogits(model, hidden, batch);
  return { meanLogit: tf.mean(logits, 1), correct: hits(logits, batch) };
}

/** Share of live response tokens that are the likeliest ones by `hidden` [B*T, D], a scalar without gradient. */
export function tokenAccuracy(model: Model, hidden: tf.Tensor2D, batch: SequenceBatch): tf.Scalar {
  return tf.tidy(() => maskedTokenMean(hits(labelLogits(model, hidden, batch), batch), batch.mask));
}

/** Log-probability and entropy of every response token, [B*R] each; padding holds numbers of no meaning. */
export function responseStatistics(
  model: Model,
  batch: SequenceBatch,
  temperature = 1,
  dropout?: Dropout,
): TokenStatistics {
  const hidden = hiddenStates(model, batch.tokens, dropout);
  return labelStatistics(model, hidden, batch.stateIndices, batch.labels, temperature);
}

/** {@link responseStatistics} as one tensor [2, B*R]: log-probabilities over entropies. */
export function stackedStatistics(
  model: Model,
  batch: SequenceBatch,
  temperature: number,
): tf.Tensor2D {
  const hidden = hiddenStates(model, batch.tokens);
  return stackedLabelStatistics(model, hidden, batch.stateIndices, batch.labels, temperature);
}

/** {@link stackedStatistics} and {@link stateValues} of one forward pass, for a policy that bears the value head. */
export function statisticsAndValues(
  model: Model,
  batch: SequenceBatch,
  temperature: number,
): { readonly statistics: tf.Tensor2D; readonly values: tf.Tensor1D } {
  const hidden = hiddenStates(model, batch.tokens);
  const { stateIndices, labels } = batch;
  const statistics = stackedLabelStatistics(model, hidden, stateIndices, labels, temperature);
  return { statistics, values: scalarScores(model, hidden, stateIndices) };
}

/** Value of the state in which each response token is chosen, [B*R]. */
export function stateValues(model: Model, batch: SequenceBatch): tf.Tensor1D {
  return scalarScores(model, hiddenStates(model, batch.tokens), batch.stateIndices);
}

/** Score of each whole response, read at its last live token, [B]. */
export function responseScores(model: Model, batch: SequenceBatch): tf.Tensor1D {
  return scalarScores(model, hiddenStates(model, batch.tokens), batch.lastIndices);
}

/** Rows in the model at once. */
const CHUNK = 64;
/** Rows whose numbers come back in one read-back; more are not asked for before those are there. */
const READ_AT_ONCE = 512;

/** Runs `read` over rows in chunks and joins what it returns; frees everything in between. */
async function inChunks(
  sequences: readonly Sequence[],
  shape: SequenceShape,
  padId: number,
  read: (batch: SequenceBatch) => tf.Tensor1D,
): Promise<Float32Array> {
  const valuesOfChunk = ({ from, to }: MicroBatch): tf.Tensor1D => {
    const batch = uploadSequences(sequences.slice(from, to), shape, padId);
    const values = tf.tidy(() => read(batch));
    disposeSequences(batch);
    return values;
  };
  const chunks = microBatches(sequences.length, CHUNK);
  const most = READ_AT_ONCE / CHUNK;
  const joined: Float32Array[] = [];
  for (let from = 0; from < chunks.length; from += most) {
    joined.push(await takeJoined(chunks.slice(from, from + most).map(valuesOfChunk)));
  }
  return joined.length === 1 ? joined[0]! : join(joined);
}

/** Scores of responses by a model with a scalar head, [N], no gradient. */
export function scoreSequences(
  model: Model,
  sequences: readonly Sequence[],
  shape: SequenceShape,
): Promise<Float32Array> {
  return inChunks(sequences, shape, model.config.padId, (batch) => responseScores(model, batch));
}

/** Log-probabilities of response tokens, flat [N x R], 0 on padding, no gradient. */
export function logProbabilitiesOf(
  model: Model,
  sequences: readonly Sequence[],
  shape: SequenceShape,
  temperature = 1,
): Promise<Float32Array> {
  return inChunks(sequences, shape, model.config.padId, (batch) =>
    tf.mul(responseStatistics(model, batch, temperature).logProbability, batch.mask),
  );
}

/** Log-probability of each whole response, summed over its tokens, [N], no gradient. */
export async function responseLogProbabilities(
  model: Model,
  sequences: readonly Sequence[],
  shape: SequenceShape,
): Promise<number[]> {
  const R = shape.responseLength;
  const tokens = await logProbabilitiesOf(model, sequences, shape);
  return sequences.map((_, row) =>
    tokens.subarray(row * R, (row + 1) * R).reduce((sum, value) => sum + value, 0),
  );
}

/**
 * State values, flat [N x R], no gradient: of the states in which response tokens are chosen, 0 on padding, or of all R
 * states where `padding` is true, of which the one after the last token means something.
 */
export function valuesOf(
  model: Model,
  sequences: readonly Sequence[],
  shape: SequenceShape,
  padding = false,
): Promise<Float32Array> {
  return inChunks(sequences, shape, model.config.padId, (batch) => {
    const values = stateValues(model, batch);
    return padding ? values : tf.mul(values, batch.mask);
  });
}
