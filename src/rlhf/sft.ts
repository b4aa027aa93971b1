/**
 * Supervised fine-tuning on demonstrations (paper, section 3.5 and appendix C.1): completion loss, cosine to 10 %
 * without warm-up, residual dropout. The loss is on response tokens and EOS only (D42).
 */
import * as tf from '@tensorflow/tfjs-core';
import { EpochCursor, type EpochState, type Sequence } from '../data/batches.ts';
import { Rng, streamKey } from '../data/rng.ts';
import { maskedTokenMean } from '../kernels/masked-mean.ts';
import { residualDropout, type Dropout } from '../model/dropout.ts';
import { hiddenStates, labelStatistics } from '../model/forward.ts';
import {
  accumulatedGradients,
  addGradients,
  AdamW,
  type OptimizerSettings,
} from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { prefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
import { microBatches, sumOf, weighted, type MicroBatch } from './micro-batches.ts';
import { languageModelGradients, type RowSource, type TokenRows } from './pretrain.ts';
import { takeScalars } from './read-back.ts';
import { cosineToFloor } from './schedules.ts';
import { tokenAccuracy, uploadSequences, type SequenceShape } from './sequences.ts';

export interface SftSettings {
  readonly shape: SequenceShape;
  readonly epochs: number;
  readonly batchSize: number;
  /** Most rows in the model at once; 0 or absent for all (gradient accumulation). */
  readonly microBatch?: number;
  readonly learningRate: number;
  /** Share of the peak rate at the end of the cosine. */
  readonly finalShare: number;
  /** Rate of residual dropout. */
  readonly dropout: number;
  /**
   * Share of the loss that is language modelling on pre-training text, in [0, 1): keeps what the base model knows.
   * The paper mixes 10 % into the model that PPO starts from (S51).
   */
  readonly pretrainMix: number;
  readonly seed: number;
  readonly optimizer: OptimizerSettings;
}

/** Optimizer steps of a run: whole batches only, at least one. */
export function sftSteps(examples: number, epochs: number, batchSize: number): number {
  return Math.max(1, Math.floor((examples * epochs) / batchSize));
}

type SftState = Readonly<{ step: number; tokens: number; cursor: EpochState }>;

/** Pre-training rows mixed into a step, and the share of the loss that they are. */
interface Mix {
  readonly rows: TokenRows;
  readonly share: number;
}

export interface SftStep {
  readonly shape: SequenceShape;
  readonly learningRate: number;
  /** Most rows in the model at once; 0 or absent for all (gradient accumulation). */
  readonly microBatch?: number;
  /** Of a part of the batch before which `skipped` tokens came. */
  readonly dropout?: (skipped: number) => Dropout;
  readonly mix?: Mix | null;
}

const tokenCount = (sequences: readonly Sequence[]): number =>
  sequences.reduce((sum, { response }) => sum + response.length, 0);

/** Means over the live tokens of a batch, each a scalar that counts its part of the whole. */
type Measured = Record<'entropy' | 'mean_token_accuracy', tf.Scalar[]>;

/** The loss of some of the rows as its share of all rows' loss; what the record says of them goes to `measured`. */
function partLoss(
  model: Model,
  examples: readonly Sequence[],
  { from, to }: MicroBatch,
  { shape, dropout }: SftStep,
  measured: Measured,
): tf.Scalar {
  const chosen = examples.slice(from, to);
  const share = tokenCount(chosen) / tokenCount(examples);
  const batch = uploadSequences(chosen, shape, model.config.padId);
  const columns = shape.promptLength + shape.responseLength;
  const hidden = hiddenStates(model, batch.tokens, dropout?.(from * columns));
  const statistics = labelStatistics(model, hidden, batch.stateIndices, batch.labels);
  const entropy = maskedTokenMean(statistics.entropy, batch.mask);
  measured.entropy.push(tf.keep(weighted(entropy, share)));
  measured.mean_token_accuracy.push(tf.keep(weighted(tokenAccuracy(model, hidden, batch), share)));
  return weighted(tf.neg(maskedTokenMean(statistics.logProbability, batch.mask)), share);
}

/** Forward, backward and update on one batch; what the record says of it. */
export async function sftUpdate(
  optimizer: AdamW,
  model: Model,
  examples: readonly Sequence[],
  step: SftStep,
) {
  const measured: Measured = { entropy: [], mean_token_accuracy: [] };
  const parts = microBatches(examples.length, step.microBatch);
  const { loss, gradients } = accumulatedGradients(
    model,
    parts.map((part) => () => partLoss(model, examples, part, step, measured)),
  );
  const { mix } = step;
  if (mix) {
    const pretraining = languageModelGradients(model, mix.rows, step.microBatch);
    addGradients(gradients, pretraining.gradients, mix.share / (1 - mix.share));
    pretraining.loss.dispose();
  }
  const norm = optimizer.apply(gradients, step.learningRate);
  const { entropy, mean_token_accuracy: accuracy } = measured;
  const values = await takeScalars(loss, norm, sumOf(entropy), sumOf(accuracy));
  const [lossValue, gradNorm, entropyValue, share] = values;
  const record = { loss: lossValue, entropy: entropyValue, mean_token_accuracy: share };
  return { ...record, grad_norm: gradNorm };
}

/**
 * Trains `model` in place on `examples`; the caller disposes the model. With `from`, `model` must hold the weights
 * of that snapshot. `pretraining` gives each step's rows for the mix. Throws RangeError when there is nothing to learn.
 */
export function sftLoop(
  model: Model,
  examples: readonly Sequence[],
  settings: SftSettings,
  from?: Snapshot,
  pretraining: RowSource | null = null,
): Loop {
  const { batchSize, epochs, seed } = settings;
  const total = sftSteps(examples.length, epochs, batchSize);
  const state = from?.state as SftState | undefined;
  const cursor = state
    ? EpochCursor.resume(examples.length, state.cursor)
    : EpochCursor.start(examples.length, Rng.named(seed, 'sft', 'order'));
  let { step, tokens } = state ?? { step: 0, tokens: 0 };
  const optimizer = new AdamW(model, settings.optimizer);
  if (from) optimizer.restore(from.tensors, step);
  const key = streamKey(seed, 'sft', 'dropout');

  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    while (step < total) {
      const chosen = cursor.take(batchSize).map((i) => examples[i]!);
      const learningRate = settings.learningRate * cosineToFloor(step, total, settings.finalShare);
      const dropout = (skipped: number) => residualDropout(settings.dropout, key, step, skipped);
      const share = settings.pretrainMix;
      const mix = pretraining && share > 0 ? { rows: pretraining(step), share } : null;
      const { shape, microBatch = 0 } = settings;
      const how = { shape, microBatch, learningRate, dropout, mix };
      const measured = await sftUpdate(optimizer, model, chosen, how);
      step++;
      tokens += tokenCount(chosen);
      const values = {
        ...measured,
        num_tokens: tokens,
        learning_rate: learningRate,
        epoch: (step * batchSize) / examples.length,
        global_step: step,
      };
      yield { step, total, values };
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
      return { tensors, state: { step, tokens, cursor: cursor.state } satisfies SftState };
    },
    dispose: () => optimizer.dispose(),
  };
}
