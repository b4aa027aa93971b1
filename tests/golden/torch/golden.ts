/**
 * The committed PyTorch numbers of this folder as weights, sequences and a rollout in the program's own layout, and
 * the PPO-ptx run that PyTorch replays. Not a test itself; README.md says what each file holds.
 */
import * as tf from '@tensorflow/tfjs-core';
import { permutation, type Sequence } from '../../../src/data/batches.ts';
import { Rng } from '../../../src/data/rng.ts';
import { Model, parameterShapes, type Head } from '../../../src/model/parameters.ts';
import type { TensorMap } from '../../../src/records/tensor.ts';
import type { Snapshot, StepRecord } from '../../../src/rlhf/loop.ts';
import { ppoLoop, type PpoModels, type PpoSettings } from '../../../src/rlhf/ppo.ts';
import type { RowSource, TokenRows } from '../../../src/rlhf/pretrain.ts';
import type { RankedSequences } from '../../../src/rlhf/reward.ts';
import type { Rollout } from '../../../src/rlhf/rollout.ts';
import { scoreSequences } from '../../../src/rlhf/sequences.ts';
import inputs from './inputs.json';
import { PLAIN } from '../../unit/rlhf/plain-options.ts';

export const { settings } = inputs;
export const { shape } = settings;

/** Flat values by parameter name, as the files hold them. */
export type Flat = Readonly<Record<string, readonly number[]>>;

/** The starting weights, the scalar head's two for `scalar` only. */
export function goldenTensors(head: Head): TensorMap {
  const weights: Flat = inputs.weights;
  return new Map(
    [...parameterShapes(inputs.config, head)].map(([name, dimensions]) => [
      name,
      { shape: dimensions, data: Float32Array.from(weights[name] ?? []) },
    ]),
  );
}

export function goldenModel(head: Head): Model {
  return new Model(inputs.config, head, goldenTensors(head));
}

export const rows: readonly Sequence[] = inputs.rows;

export const rankings: readonly RankedSequences[] = inputs.rankings.map(
  ({ prompt, responses, ranks }) => ({
    sequences: responses.map((response) => ({ prompt, response })),
    ranks,
    labeler: 'golden',
  }),
);

function tokenRows(tokens: readonly (readonly number[])[]): TokenRows {
  return {
    batch: tokens.length,
    time: (tokens[0]?.length ?? NaN) - 1,
    tokens: Int32Array.from(tokens.flat()),
  };
}

export const ptxRows = tokenRows(inputs.ptx);

/** Rows of the rollout that the golden update takes. */
export const { minibatch } = inputs;

/** The ten given responses as a rollout of which an update reads tokens, mask and the four arrays. */
export function goldenRollout(): Rollout {
  const R = shape.responseLength;
  const B = inputs.rollout.length;
  const padded = (of: (row: (typeof inputs.rollout)[number]) => readonly number[]) => {
    const flat = new Float32Array(B * R);
    inputs.rollout.forEach((row, b) => flat.set(of(row), b * R));
    return flat;
  };
  const logProbabilities = padded((row) => row.oldLogProbabilities);
  const mask = padded(({ response }) => response.map(() => 1));
  const none = new Float32Array(0);
  return {
    B,
    R,
    prompts: inputs.rollout.map(({ prompt }, b) => ({ id: `row ${b}`, tokens: prompt })),
    sequences: inputs.rollout,
    ended: inputs.rollout.map(({ response }) => response.at(-1) === inputs.config.eosId),
    mask,
    stateMask: mask,
    logProbabilities,
    referenceLogProbabilities: logProbabilities,
    values: padded((row) => row.oldValues),
    scores: new Float32Array(B),
    rewards: new Float32Array(B * R),
    advantages: padded((row) => row.advantages),
    returns: padded((row) => row.returns),
    // An update reads no parts.
    parts: {
      ...{ penalties: none, tokenScores: none, shaped: none },
      ...{ deltas: none, carried: none, stateAdvantages: none },
    },
    metrics: {},
  };
}

const { ppoRun } = settings;

const RUN: PpoSettings = {
  ...PLAIN,
  ...ppoRun,
  shape,
  temperature: settings.temperature,
  whitenAdvantages: true,
  episodes: ppoRun.iterations * ppoRun.rolloutBatch,
  innerEpochs: 1,
  missingEos: { kind: 'subtract', value: ppoRun.missingEos },
  seed: 1,
};

/** Order of the rows of each iteration's rollout in its minibatches. */
export function minibatchOrders(): number[][] {
  return Array.from({ length: ppoRun.iterations }, (_, i) =>
    permutation(ppoRun.rolloutBatch, Rng.named(RUN.seed, 'ppo', 'order', i, 0)),
  );
}

/** Pre-training text of update `index`: two rows of seven tokens, six of them predicted. */
export function runPtx(index: number): number[][] {
  const rng = Rng.named(RUN.seed, 'ptx', index);
  const row = () => Array.from({ length: 7 }, () => rng.int(inputs.config.vocabularySize));
  return [row(), row()];
}

export interface PpoRun {
  readonly records: readonly StepRecord[];
  /** Prompts and responses of each iteration. */
  readonly responses: readonly (readonly Sequence[])[];
  readonly end: Snapshot;
}

/** The PPO-ptx run of settings.ppoRun on the current backend, scored by the starting weights' scalar head. */
export async function runPpo(): Promise<PpoRun> {
  const before = tf.memory().numTensors;
  const models: PpoModels = {
    policy: goldenModel('language'),
    reference: goldenModel('language'),
    value: goldenModel('scalar'),
    ema: goldenModel('language'),
  };
  const reward = goldenModel('scalar');
  const responses: Sequence[][] = [];
  const score = (sequences: readonly Sequence[]) => {
    responses.push([...sequences]);
    return scoreSequences(reward, sequences, shape);
  };
  const prompts = inputs.rollout.map(({ prompt }, b) => ({ id: `prompt ${b}`, tokens: prompt }));
  const ptx: RowSource = (index) => tokenRows(runPtx(index));
  const loop = ppoLoop(models, { prompts, score, ptx, scoredByRewardModel: false }, RUN);
  const records: StepRecord[] = [];
  for await (const record of loop.steps()) records.push(record);
  const end = await loop.snapshot();
  loop.dispose();
  for (const model of [models.policy, models.reference, models.value, models.ema, reward]) {
    model.dispose();
  }
  if (tf.memory().numTensors !== before) throw new Error('the run left tensors behind');
  return { records, responses, end };
}
