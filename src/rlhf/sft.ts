/**
 * Supervised fine-tuning on demonstrations (paper, section 3.5 and appendix C.1): completion loss, cosine to 10 %
 * without warm-up, residual dropout. The loss is on response tokens and EOS only (D42).
 */
import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenMean } from '../kernels/masked-mean.ts';
import { EpochCursor, type EpochState, type Sequence } from '../data/batches.ts';
import { Rng, streamKey } from '../data/rng.ts';
import { residualDropout, type Dropout } from '../model/dropout.ts';
import { hiddenStates, labelStatistics } from '../model/forward.ts';
import { addGradients, AdamW, gradientsOf, type OptimizerSettings } from '../model/optimizer.ts';
import type { Model } from '../model/parameters.ts';
import { prefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
import { languageModelGradients, type RowSource, type TokenRows } from './pretrain.ts';
import { cosineToFloor } from './schedules.ts';
import {
  disposeSequences,
  tokenAccuracy,
  uploadSequences,
  type SequenceBatch,
  type SequenceShape,
} from './sequences.ts';

export interface SftSettings {
  readonly shape: SequenceShape;
  readonly epochs: number;
  readonly batchSize: number;
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

/** Forward, backward and update on one batch; what the record says of it. */
export async function sftUpdate(
  optimizer: AdamW,
  model: Model,
  batch: SequenceBatch,
  dropout: Dropout | undefined,
  mix: { readonly rows: TokenRows; readonly share: number } | null,
  learningRate: number,
) {
  let entropy: tf.Scalar | undefined;
  let accuracy: tf.Scalar | undefined;
  const { loss, gradients } = gradientsOf(model, () => {
    const hidden = hiddenStates(model, batch.tokens, dropout);
    const statistics = labelStatistics(model, hidden, batch.stateIndices, batch.labels);
    entropy = tf.keep(maskedTokenMean(statistics.entropy, batch.mask));
    accuracy = tf.keep(tokenAccuracy(model, hidden, batch));
    return tf.neg(maskedTokenMean(statistics.logProbability, batch.mask));
  });
  if (mix) {
    const pretraining = languageModelGradients(model, mix.rows);
    addGradients(gradients, pretraining.gradients, mix.share / (1 - mix.share));
    pretraining.loss.dispose();
  }
  const norm = optimizer.apply(gradients, learningRate);
  const read = tf.stack([loss, norm, entropy!, accuracy!]); // one read-back
  const [lossValue = NaN, gradNorm = NaN, entropyValue = NaN, share = NaN] = await read.data();
  tf.dispose([read, loss, norm, entropy!, accuracy!]);
  const measured = { loss: lossValue, entropy: entropyValue, mean_token_accuracy: share };
  return { ...measured, grad_norm: gradNorm };
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
      const batch = uploadSequences(chosen, settings.shape, model.config.padId);
      const learningRate = settings.learningRate * cosineToFloor(step, total, settings.finalShare);
      const dropout = residualDropout(settings.dropout, key, step);
      const share = settings.pretrainMix;
      const mix = pretraining && share > 0 ? { rows: pretraining(step), share } : null;
      const measured = await sftUpdate(optimizer, model, batch, dropout, mix, learningRate);
      step++;
      tokens += batch.maskValues.reduce((sum, live) => sum + live, 0);
      disposeSequences(batch);
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
