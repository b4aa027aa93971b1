/** Settings and small data of the training-loop tests, and how a loop is driven in them. Not a test itself. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import type { Loop, StepRecord } from '../../../src/rlhf/loop.ts';
import type { PpoModels, PpoSettings } from '../../../src/rlhf/ppo.ts';
import type { RowSource } from '../../../src/rlhf/pretrain.ts';
import type { RankedSequences, RewardSettings } from '../../../src/rlhf/reward.ts';
import type { SftSettings } from '../../../src/rlhf/sft.ts';
import { raggedSequences, TINY, tinyModel } from '../model/tiny-model.ts';
import { PLAIN } from './plain-options.ts';

export const shape = { promptLength: 4, responseLength: 5 };

export const SFT: SftSettings = {
  shape,
  epochs: 2,
  batchSize: 4,
  learningRate: 3e-3,
  finalShare: 0.1,
  dropout: 0.2,
  pretrainMix: 0,
  seed: 1,
  optimizer: DEFAULT_OPTIMIZER,
};

export const REWARD: RewardSettings = {
  shape,
  epochs: 1,
  promptsPerBatch: 2,
  learningRate: 1e-3,
  finalShare: 0.1,
  divisor: 'all-pairs',
  batching: 'prompts',
  seed: 1,
  optimizer: DEFAULT_OPTIMIZER,
};

export const PPO: PpoSettings = {
  ...PLAIN,
  shape,
  temperature: 1,
  clip: 0.2,
  valueClip: 0.2,
  whitenAdvantages: true,
  ptxCoefficient: 0.5,
  episodes: 96,
  rolloutBatch: 16,
  minibatches: 2,
  innerEpochs: 1,
  policyLearningRate: 1e-3,
  valueLearningRate: 2e-3,
  beta: 0.05,
  gamma: 1,
  lambda: 0.95,
  missingEos: { kind: 'subtract', value: 1 },
  warmupIterations: 10,
  emaDecay: 0.9,
  seed: 1,
  optimizer: DEFAULT_OPTIMIZER,
};

export const prompts = raggedSequences(12, 4, 1).map(({ prompt }, i) => ({
  id: `prompt ${i}`,
  tokens: prompt,
}));

export const ptx: RowSource = (index) => {
  const rng = Rng.named(3, 'ptx', index);
  return { batch: 2, time: 6, tokens: Int32Array.from({ length: 14 }, () => rng.int(27)) };
};

/** Prompts with K = 2, 3, 4, 2, ... completions; every third ranking has a tie. */
export function rankings(count: number): RankedSequences[] {
  return Array.from({ length: count }, (_, i) => {
    const K = 2 + (i % 3);
    const prompt = prompts[i % prompts.length]?.tokens ?? [];
    const sequences = raggedSequences(K, 4, 5, 10 + i).map(({ response }) => ({
      prompt,
      response,
    }));
    const ranks = Array.from({ length: K }, (_, k) => (K > 2 && k === 1 ? 1 : k + 1));
    return { sequences, ranks, labeler: `labeler ${i % 2}` };
  });
}

/** Policy and value function with their frozen origins. */
export async function ppoModels(): Promise<PpoModels> {
  const reference = tinyModel('language', 5);
  const reward = tinyModel('scalar', 6);
  const models = {
    policy: await reference.copy(),
    reference,
    value: await reward.copy(),
    ema: await reference.copy(),
  };
  reward.dispose();
  return models;
}

export function disposeModels(models: PpoModels): void {
  for (const model of [models.policy, models.reference, models.value, models.ema]) model.dispose();
}

/** Takes `count` steps (all by default) and leaves the generator early, as a person does who stops a run. */
export async function take(loop: Loop, count = Infinity): Promise<StepRecord[]> {
  const records: StepRecord[] = [];
  if (count < 1) return records;
  for await (const record of loop.steps()) {
    records.push(record);
    if (records.length >= count) break;
  }
  return records;
}

/** Fails when a step after the second leaves a tensor behind, or the loop after its disposal. */
export async function expectNoLeak(open: () => Loop): Promise<void> {
  const before = tf.memory().numTensors;
  const loop = open();
  const counts: number[] = [];
  for await (const record of loop.steps()) counts.push(tf.memory().numTensors + 0 * record.step);
  expect(counts.length).toBeGreaterThan(2);
  expect(new Set(counts).size, counts.join()).toBe(1);
  loop.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

export const eos = TINY.eosId;
