/**
 * Pre-training: next-token prediction on packed rows of documents, each ended by EOS.
 * Also the language-model loss that PPO-ptx adds to the RL objective (paper, equation 2, third term).
 * Documents come from outside as token rows; nothing here knows the world.
 */
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch, disposeBatch } from '../model/batch.ts';
import { hiddenStates } from '../model/forward.ts';
import { AdamW, gradientsOf, type Gradients, type OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { tokenLogProbability } from '../kernels/token-log-probability.ts';
import { prefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
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

/** Mean negative log-likelihood per token over all rows, nats; a scalar. Needs uploaded inputs (see below). */
export function languageModelGradients(
  model: Model,
  rows: TokenRows,
): { loss: tf.Scalar; gradients: Map<string, tf.Tensor> } {
  return withUploaded(rows, (batch, labels) =>
    gradientsOf(model, () => meanLoss(model, batch, labels)),
  );
}

function withUploaded<T>(
  rows: TokenRows,
  use: (batch: ReturnType<typeof uploadBatch>, labels: tf.Tensor1D) => T,
): T {
  const { ids, labels } = split(rows);
  const batch = uploadBatch(ids, new Int32Array(rows.batch));
  const labelTensor = tf.tensor1d(labels, 'int32');
  const result = use(batch, labelTensor);
  disposeBatch(batch);
  labelTensor.dispose();
  return result;
}

function meanLoss(
  model: Model,
  batch: ReturnType<typeof uploadBatch>,
  labels: tf.Tensor1D,
): tf.Scalar {
  const table = model.get('wte.weight') as unknown as tf.Tensor2D;
  const { logProbability } = tokenLogProbability(hiddenStates(model, batch), table, labels, 1);
  return tf.neg(tf.mean(logProbability));
}

/** Mean negative log-likelihood per token on held-out rows, nats. */
export async function heldOutLoss(model: Model, batches: readonly TokenRows[]): Promise<number> {
  let sum = 0;
  let count = 0;
  for (const rows of batches) {
    const loss = withUploaded(rows, (batch, labels) =>
      tf.tidy(() => meanLoss(model, batch, labels)),
    );
    const n = rows.batch * rows.time;
    sum += ((await loss.data())[0] ?? NaN) * n;
    count += n;
    loss.dispose();
  }
  return sum / count;
}

export interface PretrainSettings {
  /** Length of the run. */
  readonly steps: number;
  readonly learningRate: number;
  readonly finalShare: number;
  readonly warmupSteps: number;
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
      const { loss, gradients } = languageModelGradients(model, rows);
      const learningRate = rate(done);
      const norm = optimizer.apply(gradients as Gradients, learningRate);
      done++;
      const [lossValue, normValue] = [(await loss.data())[0] ?? NaN, (await norm.data())[0] ?? NaN];
      tf.dispose([loss, norm]);
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
