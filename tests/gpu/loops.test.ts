/** PPO-ptx on WebGPU: finite, checked, and in buffers that do not grow. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ppoLoop, type PpoData } from '../../src/rlhf/ppo.ts';
import { scoreSequences } from '../../src/rlhf/sequences.ts';
import { disposeModels, PPO, ppoModels, prompts, ptx, shape } from '../unit/rlhf/toy.ts';
import { allocatedBytes, deviceErrors, useWebGpu } from './webgpu.ts';

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
