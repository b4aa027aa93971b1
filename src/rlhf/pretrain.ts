/**
 * Pre-training: next-token prediction on packed rows of documents, each ended by EOS.
 * Also the language-model loss that PPO-ptx adds to the RL objective (paper, equation 2, third term).
 * Documents come from outside as token rows; nothing here knows the world.
 */
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../model/batch.ts';
import { hiddenStates } from '../model/forward.ts';
import {
  accumulatedGradients,
  AdamW,
  type Gradients,
  type OptimizerSettings,
} from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { tokenLogProbability } from '../kernels/token-log-probability.ts';
import { prefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
import { microBatches, weighted, type MicroBatch } from './micro-batches.ts';
import { takeScalars } from './read-back.ts';
import { warmedCosine } from './schedules.ts';

/** Rows of T + 1 tokens: the first T are read, the last T predicted. */
export interface TokenRows {
  readonly batch: number;
  readonly time: number;
  /** [B * (T+1)] */
  readonly tokens: Int32Array;
}

/** Gives the `index`-th batch; the same index always gives the same rows, so resuming needs only the index. */
export type RowSource = (index: number) => TokenRows;

function split({ batch, time, tokens }: TokenRows) {
  const ids = new Int32Array(batch * time);
  const labels = new Int32Array(batch * time);
  for (let b = 0; b < batch; b++) {
    const from = b * (time + 1);
    ids.set(tokens.subarray(from, from + time), b * time);
    labels.set(tokens.subarray(from + 1, from + time + 1), b * time);
  }
  return { ids, labels };
}

/**
 * Mean negative log-likelihood per token over all rows, nats, and its gradient; the caller disposes both. At most
 * `microBatch` rows are in the model at once, all where it is 0.
 */
export function languageModelGradients(
  model: Model,
  rows: TokenRows,
  microBatch = 0,
): { loss: tf.Scalar; gradients: Map<string, tf.Tensor> } {
  const losses = microBatches(rows.batch, microBatch).map((part) => () => {
    const share = (part.to - part.from) / rows.batch;
    return weighted(meanLoss(model, cut(rows, part)), share);
  });
  return accumulatedGradients(model, losses);
}

/** Some of the rows, which share their tokens with all. */
function cut({ batch, time, tokens }: TokenRows, { from, to }: MicroBatch): TokenRows {
  if (to - from === batch) return { batch, time, tokens };
  return {
    batch: to - from,
    time,
    tokens: tokens.subarray(from * (time + 1), to * (time + 1)),
  };
}

/** Uploads the rows, which the tidy around it frees. */
function meanLoss(model: Model, rows: TokenRows): tf.Scalar {
  const { ids, labels } = split(rows);
  const batch = uploadBatch(ids, new Int32Array(rows.batch));
  const table = model.get('wte.weight') as unknown as tf.Tensor2D;
  const hidden = hiddenStates(model, batch);
  const { logProbability } = tokenLogProbability(hidden, table, tf.tensor1d(labels, 'int32'), 1);
  return tf.neg(tf.mean(logProbability));
}

/** Mean negative log-likelihood per token on held-out rows, nats. */
export async function heldOutLoss(model: Model, batches: readonly TokenRows[]): Promise<number> {
  let sum = 0;
  let count = 0;
  for (const rows of batches) {
    const loss = tf.tidy(() => meanLoss(model, rows));
    const n = rows.batch * rows.time;
    const [mean] = await takeScalars(loss);
    sum += mean * n;
    count += n;
  }
  return sum / count;
}

export interface PretrainSettings {
  /** Length of the run. */
  readonly steps: number;
  readonly learningRate: number;
  readonly finalShare: number;
  readonly warmupSteps: number;
  /** Most rows in the model at once; 0 or absent for all (gradient accumulation). */
  readonly microBatch?: number;
  readonly optimizer: OptimizerSettings;
}

/** Takes over `model` (the caller still disposes it) and trains it on batches 0, 1, 2, ... of `source`. */
export function pretrainLoop(
  model: Model,
  source: RowSource,
  settings: PretrainSettings,
  from?: Snapshot,
): Loop {
  const optimizer = new AdamW(model, settings.optimizer);
  const total = settings.steps;
  let done = 0;
  if (from) {
    done = (from.state as { step: number }).step;
    optimizer.restore(from.tensors, done);
  }
  const rate = (step: number): number =>
    settings.learningRate * warmedCosine(step, total, settings.warmupSteps, settings.finalShare);
  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    while (done < total) {
      const rows = source(done);
      const { loss, gradients } = languageModelGradients(model, rows, settings.microBatch);
      const learningRate = rate(done);
      const norm = optimizer.apply(gradients as Gradients, learningRate);
      done++;
      const [lossValue, normValue] = await takeScalars(loss, norm);
      const values = {
        loss: lossValue,
        learning_rate: learningRate,
        grad_norm: normValue,
        num_tokens: done * rows.batch * rows.time,
      };
      yield { step: done, total, values };
    }
  }
  return {
    total,
    steps,
    async snapshot() {
      const tensors = new Map([
        ...prefixed(await model.tensors(), 'model.'),
        ...(await optimizer.tensors()),
      ]);
      return { tensors, state: { step: done } };
    },
    dispose: () => optimizer.dispose(),
  };
}
