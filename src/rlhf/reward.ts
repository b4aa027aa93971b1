/**
 * The reward model (paper, section 3.5 and Eq. 1): a scalar head on a copy of the SFT model, trained on rankings.
 * All C(K,2) comparisons of a prompt are one batch element: each completion goes through the model once (S31),
 * every prompt weighs the same whatever its K (D35), ties are dropped (D36).
 */
import * as tf from '@tensorflow/tfjs-core';
import { EpochCursor, type EpochState, type Sequence } from '../data/batches.ts';
import { Rng } from '../data/rng.ts';
import { accumulatedGradients, AdamW, type OptimizerSettings } from '../model/optimizer.ts';
import { initialHead, type Model } from '../model/parameters.ts';
import { comparisonMatrix, splitScores } from './comparison-matrix.ts';
import { prefixed, type Loop, type Snapshot, type StepRecord } from './loop.ts';
import { rewardMetrics, type ScoredRanking } from './metrics.ts';
import { weighted } from './micro-batches.ts';
import { comparisonsFromRanks, type PairDivisor } from './ranking-loss.ts';
import { takeJoined, takeScalars } from './read-back.ts';
import { cosineToFloor } from './schedules.ts';
import {
  responseScores,
  scoreSequences,
  uploadSequences,
  type SequenceShape,
} from './sequences.ts';

/** One ranked prompt, tokenised: K sequences that share their prompt, and their ranks (1 is best). */
export interface RankedSequences {
  readonly sequences: readonly Sequence[];
  readonly ranks: readonly number[];
  readonly labeler: string;
}

/**
 * `prompts`: a batch is whole prompts (S31). `shuffled-pairs`: as many comparisons, drawn from all prompts, which the
 * paper gave up because it overfits in one pass (section 3.5).
 */
export type RewardBatching = 'prompts' | 'shuffled-pairs';

export interface RewardSettings {
  readonly shape: SequenceShape;
  readonly epochs: number;
  /** Prompts, not comparisons. */
  readonly promptsPerBatch: number;
  /**
   * Most completions in the model at once, but never less than a prompt's, whose comparisons stay together; 0 or absent
   * for all (gradient accumulation).
   */
  readonly microBatch?: number;
  readonly learningRate: number;
  readonly finalShare: number;
  readonly divisor: PairDivisor;
  readonly batching: RewardBatching;
  readonly seed: number;
  readonly optimizer: OptimizerSettings;
}

/** A reward model that has seen nothing yet: the SFT model's weights and a fresh scalar head (S37, D38). */
export function rewardFromSft(sft: Model, seed: number): Promise<Model> {
  return sft.copy('scalar', initialHead(sft.config, Rng.named(seed, 'reward', 'head')));
}

/** Eq. 1 for scores [N], signs [M, N] and weights [M]: weighted sum of -log sigmoid(winner - loser), a scalar. */
export function comparisonLoss(
  scores: tf.Tensor1D,
  signs: tf.Tensor2D,
  weights: tf.Tensor1D,
): tf.Scalar {
  const margins = tf.reshape(tf.matMul(signs, tf.reshape(scores, [-1, 1])), [-1]);
  return tf.sum(tf.mul(weights, tf.softplus(tf.neg(margins))));
}

/**
 * Prompts in runs of at most `size` completions, each prompt with all of its own and at least one in a run; all in one
 * where `size` is 0.
 */
function promptRuns(batch: readonly RankedSequences[], size = 0): RankedSequences[][] {
  const runs: RankedSequences[][] = [];
  let rows = Infinity;
  for (const ranked of batch) {
    rows += ranked.sequences.length;
    if (runs.length === 0 || (size > 0 && rows > size)) {
      runs.push([]);
      rows = ranked.sequences.length;
    }
    runs.at(-1)!.push(ranked);
  }
  return runs;
}

/** Eq. 1 of some of the prompts as its share of the whole batch's; the scores go to `scores`. */
function partLoss(
  model: Model,
  part: readonly RankedSequences[],
  share: number,
  { shape, divisor }: RewardSettings,
  scores: tf.Tensor[],
): tf.Scalar {
  const sequences = part.flatMap((ranked) => ranked.sequences);
  const uploaded = uploadSequences(sequences, shape, model.config.padId);
  const matrix = comparisonMatrix(part, divisor);
  const signs = tf.tensor2d(matrix.signs, [matrix.count, sequences.length]);
  const own = tf.keep(responseScores(model, uploaded));
  scores.push(own);
  return weighted(comparisonLoss(own, signs, tf.tensor1d(matrix.weights)), share);
}

/** Loss and gradients of one batch of prompts; also the scores, for the record. The caller frees them. */
function rewardGradients(
  model: Model,
  batch: readonly RankedSequences[],
  settings: RewardSettings,
) {
  const scores: tf.Tensor[] = [];
  const losses = promptRuns(batch, settings.microBatch).map((part) => () => {
    return partLoss(model, part, part.length / batch.length, settings, scores);
  });
  return { ...accumulatedGradients(model, losses), scores };
}

/** Every comparison as a ranking of two, winner first. */
function comparisonsApart(rankings: readonly RankedSequences[]): RankedSequences[] {
  return rankings.flatMap(({ sequences, ranks, labeler }) =>
    comparisonsFromRanks(ranks).map(({ winner, loser }) => ({
      sequences: [sequences[winner]!, sequences[loser]!],
      ranks: [1, 2],
      labeler,
    })),
  );
}

/**
 * What one step takes from, and how much of it. Shuffled comparisons come in batches of as many as whole prompts give on
 * average, so that both ways take the same number of steps, but for rounding.
 */
export function rewardElements(
  rankings: readonly RankedSequences[],
  { batching, promptsPerBatch }: Pick<RewardSettings, 'batching' | 'promptsPerBatch'>,
): { readonly elements: readonly RankedSequences[]; readonly perBatch: number } {
  const prompts = Math.min(promptsPerBatch, rankings.length);
  if (batching === 'prompts') return { elements: rankings, perBatch: prompts };
  const elements = comparisonsApart(rankings);
  return { elements, perBatch: Math.ceil((prompts * elements.length) / rankings.length) };
}

/** Steps of a run: whole batches of prompts, at least one. */
export function rewardSteps(prompts: number, epochs: number, promptsPerBatch: number): number {
  return Math.max(1, Math.floor((prompts * epochs) / promptsPerBatch));
}

type RewardState = Readonly<{ step: number; tokens: number; cursor: EpochState }>;

/**
 * Trains `model` (scalar head) in place; the caller disposes it. Rankings without a strict preference teach nothing
 * and must be left out before. Throws RangeError when none is left.
 */
export function rewardLoop(
  model: Model,
  rankings: readonly RankedSequences[],
  settings: RewardSettings,
  from?: Snapshot,
): Loop {
  const { epochs } = settings;
  const { elements, perBatch } = rewardElements(rankings, settings);
  const state = from?.state as RewardState | undefined;
  const cursor = state
    ? EpochCursor.resume(elements.length, state.cursor)
    : EpochCursor.start(elements.length, Rng.named(settings.seed, 'reward', 'order'));
  const total = rewardSteps(elements.length, epochs, perBatch);
  const optimizer = new AdamW(model, settings.optimizer);
  let { step, tokens } = state ?? { step: 0, tokens: 0 };
  if (from) optimizer.restore(from.tensors, step);

  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    while (step < total) {
      const batch = cursor.take(perBatch).map((i) => elements[i]!);
      const learningRate = settings.learningRate * cosineToFloor(step, total, settings.finalShare);
      const { loss, gradients, scores } = rewardGradients(model, batch, settings);
      const norm = optimizer.apply(gradients, learningRate);
      step++;
      for (const { sequences } of batch) {
        for (const { prompt, response } of sequences) tokens += prompt.length + response.length;
      }
      const [[lossValue, gradNorm], read] = await Promise.all([
        takeScalars(loss, norm),
        takeJoined(scores),
      ]);
      const values = {
        loss: lossValue,
        ...rewardMetrics(splitScores(read, batch)),
        num_tokens: tokens,
        learning_rate: learningRate,
        grad_norm: gradNorm,
        epoch: (step * perBatch) / elements.length,
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
      return { tensors, state: { step, tokens, cursor: cursor.state } satisfies RewardState };
    },
    dispose: () => optimizer.dispose(),
  };
}

/**
 * Shifts the head's bias so that demonstrations score 0 on average (S40); the spread stays as it is.
 * Returns the mean that was taken away.
 */
export async function normaliseBias(
  model: Model,
  demonstrations: readonly Sequence[],
  shape: SequenceShape,
): Promise<number> {
  const scores = await scoreSequences(model, demonstrations, shape);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const bias = model.get('score.bias');
  const shifted = tf.tidy(() => tf.sub(bias, mean));
  bias.assign(shifted);
  shifted.dispose();
  return mean;
}

/** Scores of ranked completions by a trained reward model, in the order given. */
export async function scoreRankings(
  model: Model,
  rankings: readonly RankedSequences[],
  shape: SequenceShape,
): Promise<ScoredRanking[]> {
  const sequences = rankings.flatMap((ranking) => ranking.sequences);
  return splitScores(await scoreSequences(model, sequences, shape), rankings);
}
