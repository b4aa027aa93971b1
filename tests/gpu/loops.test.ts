/** Loops on WebGPU: PPO-ptx is finite, checked, and in buffers that do not grow; micro-batches need less memory. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ppoLoop, type PpoData } from '../../src/rlhf/ppo.ts';
import { pretrainLoop } from '../../src/rlhf/pretrain.ts';
import { scoreSequences } from '../../src/rlhf/sequences.ts';
import { tinyModel } from '../unit/model/tiny-model.ts';
import { disposeModels, PPO, ppoModels, prompts, ptx, shape } from '../unit/rlhf/toy.ts';
import { allocatedBytes, atEachDispatch, deviceErrors, useWebGpu } from './webgpu.ts';

beforeAll(async () => {
  await useWebGpu();
});
afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

describe('PPO-ptx', () => {
  /** Runs `iterations` of PPO against a reward model; returns records and allocated bytes after each. */
  async function reinforce(iterations: number) {
    const models = await ppoModels();
    const reward = await models.value.copy();
    const data: PpoData = {
      prompts,
      ptx,
      score: (rows) => scoreSequences(reward, rows, shape),
      scoredByRewardModel: true,
    };
    const loop = ppoLoop(models, data, { ...PPO, episodes: PPO.rolloutBatch * iterations });
    const records = [];
    const bytes: number[] = [];
    for await (const record of loop.steps()) {
      records.push(record);
      bytes.push(allocatedBytes());
    }
    loop.dispose();
    reward.dispose();
    disposeModels(models);
    return { records, bytes };
  }

  test('D14, D33: numbers are finite and the self-checks hold', async () => {
    const { records } = await reinforce(1);
    const [record] = records;
    expect(Object.values(record?.values ?? { none: NaN }).every(Number.isFinite)).toBe(true);
    const checks = Object.entries(record?.checks ?? {});
    expect(checks).toHaveLength(12);
    for (const [name, { ok, value }] of checks) expect(ok, `${name}: ${value}`).toBe(true);
  });

  test('a run stays in buffers that do not grow', async () => {
    const { bytes } = await reinforce(8);
    expect(new Set(bytes.slice(2)).size, bytes.join()).toBe(1);
  });
});

describe('micro-batches', () => {
  /** Most bytes of tensors there at once in the second of two steps, those between the steps left out. */
  async function peakBytes(microBatch: number): Promise<number> {
    const model = tinyModel();
    const rows = { batch: 32, time: 16, tokens: new Int32Array(32 * 17).fill(3) };
    const settings = { steps: 2, learningRate: 1e-3, finalShare: 1, warmupSteps: 1 };
    const how = { ...settings, optimizer: PPO.optimizer, microBatch };
    const steps = pretrainLoop(model, () => rows, how);
    const generator = steps.steps();
    await generator.next();
    const between = tf.memory().numBytes;
    let peak = 0;
    const restore = atEachDispatch(() => {
      peak = Math.max(peak, tf.memory().numBytes);
    });
    await generator.next();
    restore();
    steps.dispose();
    model.dispose();
    return peak - between;
  }

  test('a quarter of the rows at once needs less than half of the memory', async () => {
    expect(await peakBytes(8)).toBeLessThan(0.5 * (await peakBytes(0)));
  });
});
