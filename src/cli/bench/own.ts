/**
 * This project as a contender, with its own kernels or with stock ops in their place: the same loops that the page
 * and the command line run. Peers are in files of their own.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Rng, streamKey } from '../../data/rng.ts';
import { linear, multiplyByTransposed, multiplyTransposed } from '../../kernels/linear.ts';
import { useOwnKernels } from '../../kernels/own-kernel.ts';
import { DEFAULT_OPTIMIZER, type OptimizerSettings } from '../../model/optimizer.ts';
import { initialTensors, Model, parameterCount, type Head } from '../../model/parameters.ts';
import { sampleResponses } from '../../model/sample.ts';
import type { StepRecord } from '../../rlhf/loop.ts';
import { ppoLoop, type PpoSettings } from '../../rlhf/ppo.ts';
import { pretrainLoop } from '../../rlhf/pretrain.ts';
import { rewardLoop, type RankedSequences } from '../../rlhf/reward.ts';
import { scoreSequences } from '../../rlhf/sequences.ts';
import { startNodeEngine } from '../node-engine.ts';
import {
  ADAM,
  CONFIGS,
  products,
  samplePrompts,
  sampleRows,
  streamRows,
  type BenchConfig,
  type Product,
} from './configs.ts';
import type { Task } from './messages.ts';
import { tfjsDone } from './tfjs-sync.ts';
import { operandsOf, productRounds, timedWhole, type Measured, type Workload } from './workload.ts';

type Work = Omit<Workload, 'device'>;

/** More steps than a bench runs; loops want to know their length. */
const MANY = 100_000;

/** Adam without decay and clipping, as the peers have it. */
const PLAIN_ADAM: OptimizerSettings = {
  beta1: ADAM.beta1,
  beta2: ADAM.beta2,
  epsilon: ADAM.epsilon,
  weightDecay: 0,
  maxGradientNorm: Infinity,
};

function newModel(config: BenchConfig, head: Head, name: string): Model {
  return new Model(
    config.model,
    head,
    initialTensors(config.model, head, Rng.named(1, 'bench', name)),
  );
}

/** A round is the next step of a training loop. */
function nextStep(steps: AsyncGenerator<StepRecord, void, void>): () => Promise<Measured> {
  return () =>
    timedWhole(async () => {
      const { value } = await steps.next();
      return value?.values.loss ?? null;
    });
}

function trainingStep(config: BenchConfig): Work {
  const model = newModel(config, 'language', 'weights');
  const { contextLength: time, vocabularySize } = config.model;
  const { batch } = config;
  const rows = (index: number) => streamRows(vocabularySize, batch, time + 1, index);
  let tokens = rows(0);
  let made = 0;
  const loop = pretrainLoop(model, () => ({ batch, time, tokens }), {
    steps: MANY,
    learningRate: ADAM.learningRate,
    finalShare: 1,
    warmupSteps: 1,
    optimizer: PLAIN_ADAM,
  });
  const step = nextStep(loop.steps());
  return {
    parameters: parameterCount(config.model),
    tokens: batch * time,
    round: () => {
      tokens = rows(made++);
      return step();
    },
  };
}

function sampling(config: BenchConfig, rows: number): Work {
  const model = newModel(config, 'language', 'weights');
  const prompts = samplePrompts(config, rows);
  const { promptTokens: promptLength, newTokens: responseLength } = config;
  let run = 0;
  return {
    parameters: parameterCount(config.model),
    tokens: rows * responseLength,
    round: () =>
      timedWhole(async () => {
        const key = streamKey(1, 'bench', run++);
        const settings = { promptLength, responseLength, temperature: 1, key };
        const sampled = await sampleResponses(model, prompts, settings);
        const written = sampled.reduce((sum, { tokens }) => sum + tokens.length, 0);
        if (written !== rows * responseLength) throw new Error(`${written} tokens were sampled`);
        return null;
      }),
  };
}

function ppoSettings({ ppo }: BenchConfig, ptx: boolean): PpoSettings {
  return {
    shape: { promptLength: ppo.promptTokens, responseLength: ppo.newTokens },
    temperature: 1,
    clip: 0.2,
    valueClip: 0.2,
    whitenAdvantages: true,
    whitenScope: 'minibatch',
    whitenVariance: 'population',
    whitenRewards: false,
    klPlace: 'reward',
    klEstimator: 'k1',
    adaptiveKl: null,
    scorePosition: 'last-token',
    entropyBonus: 0,
    valueCoefficient: 0.1,
    ptxTargetRatio: 0,
    ptxCoefficient: ptx ? 27.8 : 0,
    episodes: ppo.prompts * MANY,
    rolloutBatch: ppo.prompts,
    minibatches: ppo.minibatches,
    innerEpochs: 1,
    policyLearningRate: 1e-5,
    valueLearningRate: 1e-5,
    warmupIterations: 10,
    beta: 0.02,
    gamma: 1,
    lambda: 0.95,
    missingEos: { kind: 'subtract', value: 1 },
    emaDecay: 0.992,
    seed: 1,
    optimizer: DEFAULT_OPTIMIZER,
  };
}

/** Rollout, scores, advantages, and one update of policy and value for each minibatch (paper, appendix C.4). */
async function ppoIteration(config: BenchConfig, ptx: boolean): Promise<Work> {
  const reference = newModel(config, 'language', 'weights');
  const reward = newModel(config, 'scalar', 'reward');
  const models = {
    policy: await reference.copy(),
    reference,
    value: await reward.copy(),
    ema: await reference.copy(),
  };
  const settings = ppoSettings(config, ptx);
  const { ppo, model } = config;
  const batch = ppo.prompts / ppo.minibatches;
  const time = model.contextLength;
  const tokens = streamRows(model.vocabularySize, ppo.prompts, ppo.promptTokens, 0);
  const prompts = Array.from({ length: ppo.prompts }, (_, i) => ({
    id: `prompt ${i}`,
    tokens: [...tokens.subarray(i * ppo.promptTokens, (i + 1) * ppo.promptTokens)],
  }));
  const loop = ppoLoop(
    models,
    {
      prompts,
      score: (sequences) => scoreSequences(reward, sequences, settings.shape),
      scoredByRewardModel: true,
      ptx: ptx
        ? (index) => ({
            batch,
            time,
            tokens: streamRows(model.vocabularySize, batch, time + 1, index),
          })
        : null,
    },
    settings,
  );
  return {
    parameters: parameterCount(model),
    tokens: ppo.prompts * ppo.newTokens,
    round: nextStep(loop.steps()),
  };
}

function rewardStep(config: BenchConfig): Work {
  const { contextLength, vocabularySize } = config.model;
  const { prompts, completions } = config.reward;
  const half = contextLength / 2;
  const rankings = Array.from({ length: prompts }, (_, p): RankedSequences => {
    const rows = streamRows(vocabularySize, completions + 1, half, p);
    const row = (i: number): number[] => [...rows.subarray(i * half, (i + 1) * half)];
    return {
      sequences: Array.from({ length: completions }, (_, i) => ({
        prompt: row(0),
        response: row(i + 1),
      })),
      ranks: Array.from({ length: completions }, (_, i) => i + 1),
      labeler: 'bench',
    };
  });
  const loop = rewardLoop(newModel(config, 'scalar', 'reward'), rankings, {
    shape: { promptLength: half, responseLength: half },
    epochs: MANY,
    promptsPerBatch: prompts,
    learningRate: 1e-5,
    finalShare: 1,
    divisor: 'all-pairs',
    batching: 'prompts',
    seed: 1,
    optimizer: DEFAULT_OPTIMIZER,
  });
  return {
    parameters: parameterCount(config.model, 'scalar'),
    tokens: prompts * completions * contextLength,
    round: nextStep(loop.steps()),
  };
}

/** The op of the model that has this product in it. */
function multiply(a: tf.Tensor2D, b: tf.Tensor2D, { stored, n }: Product): tf.Tensor2D {
  if (stored === 'A.Bt') return multiplyByTransposed(a, b);
  if (stored === 'At.B') return multiplyTransposed(a, b);
  return tf.tidy(() => linear(a, b, tf.zeros<tf.Rank.R1>([n])));
}

function matrixProducts(config: BenchConfig, { backend }: Task): Work {
  const runnable = products(config).map((product) => {
    const operands = operandsOf(product);
    const a = tf.tensor2d(operands.a, operands.shapeA);
    const b = tf.tensor2d(operands.b, operands.shapeB);
    let result: tf.Tensor2D | undefined;
    const run = async (): Promise<void> => {
      result?.dispose();
      result = multiply(a, b, product);
      await tfjsDone(backend);
    };
    const read = async (): Promise<Float32Array> =>
      (await result?.data<'float32'>()) ?? new Float32Array();
    return { product, operands, run, read };
  });
  return { parameters: 0, tokens: 0, round: productRounds(runnable) };
}

function work(task: Task, config: BenchConfig): Work | Promise<Work> {
  switch (task.job) {
    case 'train':
      return trainingStep(config);
    case 'ppo':
      return ppoIteration(config, false);
    case 'ppo-ptx':
      return ppoIteration(config, true);
    case 'reward':
      return rewardStep(config);
    case 'matmul':
      return matrixProducts(config, task);
    default:
      return sampling(config, sampleRows(task.job));
  }
}

/** Starts the engine as page and command line do, own kernels on or off. */
export async function ownWorkload(task: Task): Promise<Workload> {
  const engine = await startNodeEngine(task.backend);
  useOwnKernels(task.contender === 'ours');
  return { device: engine.device, ...(await work(task, CONFIGS[task.config])) };
}
