/**
 * Units of work by which a machine is timed: one training step, one batch of sampled responses, one PPO iteration, one
 * reward-model step, with random weights on a synthetic stream. They run the loops of the page and the command line as
 * they are. Not a benchmark: who times whom, how often and beside whom is decided by cli/bench and by the page.
 */
import { Rng, streamKey } from '../data/rng.ts';
import { DEFAULT_OPTIMIZER, type OptimizerSettings } from '../model/optimizer.ts';
import { initialTensors, Model, parameterCount, type Head } from '../model/parameters.ts';
import { sampleResponses } from '../model/sample.ts';
import type { Loop } from './loop.ts';
import { ppoLoop, type PpoSettings } from './ppo.ts';
import { pretrainLoop } from './pretrain.ts';
import { rewardLoop, type RankedSequences } from './reward.ts';
import { scoreSequences } from './sequences.ts';
import { ADAM, samplePrompts, streamRows, type WorkloadSize } from './workload-size.ts';

export interface Timed {
  readonly milliseconds: number;
  /** Null where nothing is learned. */
  readonly loss: number | null;
}

/** Work that can be repeated; each round times itself, so that data is prepared off the clock. */
export interface TimedWork {
  /** Of the model at work. */
  readonly parameters: number;
  /** Tokens that one round learns from or writes. */
  readonly tokens: number;
  round(): Promise<Timed>;
  /** Frees every tensor of it. */
  dispose(): void;
}

/** Milliseconds from any start. */
export type Clock = () => number;

/** More steps than anyone times; loops want to know their length. */
const MANY = 100_000;

const PLAIN_ADAM: OptimizerSettings = {
  beta1: ADAM.beta1,
  beta2: ADAM.beta2,
  epsilon: ADAM.epsilon,
  weightDecay: 0,
  maxGradientNorm: Infinity,
};

function newModel({ model }: WorkloadSize, head: Head, name: string): Model {
  return new Model(model, head, initialTensors(model, head, Rng.named(1, 'bench', name)));
}

async function timed(now: Clock, work: () => Promise<number | null>): Promise<Timed> {
  const started = now();
  const loss = await work();
  return { milliseconds: now() - started, loss };
}

/** A round is the next step of a loop; the models go with it. */
function stepsOf(loop: Loop, models: readonly Model[], now: Clock) {
  const steps = loop.steps();
  return {
    round: (): Promise<Timed> =>
      timed(now, async () => {
        const { value } = await steps.next();
        return value?.values.loss ?? null;
      }),
    dispose: (): void => {
      loop.dispose();
      for (const model of models) model.dispose();
    },
  };
}

/** Forward, backward and Adam on `batch` rows of the context's length. */
export function trainingWork(size: WorkloadSize, now: Clock): TimedWork {
  const model = newModel(size, 'language', 'weights');
  const { contextLength: time, vocabularySize } = size.model;
  const { batch } = size;
  let tokens: Int32Array = new Int32Array();
  let made = 0;
  const loop = pretrainLoop(model, () => ({ batch, time, tokens }), {
    steps: MANY,
    learningRate: ADAM.learningRate,
    finalShare: 1,
    warmupSteps: 1,
    optimizer: PLAIN_ADAM,
  });
  const { round, dispose } = stepsOf(loop, [model], now);
  return {
    parameters: parameterCount(size.model),
    tokens: batch * time,
    round: () => {
      tokens = streamRows(vocabularySize, batch, time + 1, made++);
      return round();
    },
    dispose,
  };
}

/** `rows` responses at once, with the cache of keys and values, temperature 1. Throws when one ends early. */
export function samplingWork(size: WorkloadSize, rows: number, now: Clock): TimedWork {
  const model = newModel(size, 'language', 'weights');
  const prompts = samplePrompts(size, rows);
  const { promptTokens: promptLength, newTokens: responseLength } = size;
  let run = 0;
  return {
    parameters: parameterCount(size.model),
    tokens: rows * responseLength,
    round: () =>
      timed(now, async () => {
        const key = streamKey(1, 'bench', run++);
        const settings = { promptLength, responseLength, temperature: 1, key };
        const sampled = await sampleResponses(model, prompts, settings);
        const written = sampled.reduce((sum, { tokens }) => sum + tokens.length, 0);
        if (written !== rows * responseLength) throw new Error(`${written} tokens were sampled`);
        return null;
      }),
    dispose: () => {
      model.dispose();
    },
  };
}

function ppoSettings({ ppo }: WorkloadSize, ptx: boolean): PpoSettings {
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
export async function ppoWork(size: WorkloadSize, ptx: boolean, now: Clock): Promise<TimedWork> {
  const reference = newModel(size, 'language', 'weights');
  const reward = newModel(size, 'scalar', 'reward');
  const models = {
    policy: await reference.copy(),
    reference,
    value: await reward.copy(),
    ema: await reference.copy(),
  };
  const settings = ppoSettings(size, ptx);
  const { ppo, model } = size;
  const batch = ppo.prompts / ppo.minibatches;
  const time = model.contextLength;
  const tokens = streamRows(model.vocabularySize, ppo.prompts, ppo.promptTokens, 0);
  const prompts = Array.from({ length: ppo.prompts }, (_, i) => ({
    id: `prompt ${i}`,
    tokens: [...tokens.subarray(i * ppo.promptTokens, (i + 1) * ppo.promptTokens)],
  }));
  const mixed = (index: number) => ({
    batch,
    time,
    tokens: streamRows(model.vocabularySize, batch, time + 1, index),
  });
  const loop = ppoLoop(
    models,
    {
      prompts,
      score: (sequences) => scoreSequences(reward, sequences, settings.shape),
      scoredByRewardModel: true,
      ptx: ptx ? mixed : null,
    },
    settings,
  );
  return {
    parameters: parameterCount(model),
    tokens: ppo.prompts * ppo.newTokens,
    ...stepsOf(loop, [...Object.values(models), reward], now),
  };
}

/** The ranking loss over all pairs of `completions` responses to each of `prompts` prompts, half a context each. */
export function rewardWork(
  size: WorkloadSize,
  { prompts, completions }: { readonly prompts: number; readonly completions: number },
  now: Clock,
): TimedWork {
  const { contextLength, vocabularySize } = size.model;
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
  const model = newModel(size, 'scalar', 'reward');
  const loop = rewardLoop(model, rankings, {
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
    parameters: parameterCount(size.model, 'scalar'),
    tokens: prompts * completions * contextLength,
    ...stepsOf(loop, [model], now),
  };
}
