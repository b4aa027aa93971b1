/** The training loops on WebGPU: finite, checked, the same twice, and in buffers that do not grow. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ppoLoop, type PpoData } from '../../src/rlhf/ppo.ts';
import { rewardLoop } from '../../src/rlhf/reward.ts';
import { scoreSequences } from '../../src/rlhf/sequences.ts';
import { sftLoop } from '../../src/rlhf/sft.ts';
import { farthest, raggedSequences, sameBits, tinyModel } from '../unit/model/tiny-model.ts';
import {
  disposeModels,
  PPO,
  ppoModels,
  prompts,
  ptx,
  rankings,
  REWARD,
  SFT,
  shape,
  take,
} from '../unit/rlhf/toy.ts';
import { allocatedBytes, deviceErrors, useCpu, useWebGpu } from './webgpu.ts';

beforeAll(async () => {
  await useWebGpu();
});
afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

/** Losses of the whole run on the current backend. */
async function sftLosses(): Promise<number[]> {
  const model = tinyModel();
  const loop = sftLoop(model, raggedSequences(9, 4, 5, 2), SFT);
  const records = await take(loop);
  loop.dispose();
  model.dispose();
  return records.map(({ values }) => values['loss'] ?? NaN);
}

async function rewardLosses(): Promise<number[]> {
  const model = tinyModel('scalar');
  const loop = rewardLoop(model, rankings(6), REWARD);
  const records = await take(loop);
  loop.dispose();
  model.dispose();
  return records.map(({ values }) => values['loss'] ?? NaN);
}

test.each([
  ['SFT', sftLosses],
  ['reward', rewardLosses],
] as const)('O17: a short %s run has the losses of cpu', async (_, losses) => {
  await useCpu();
  const expected = await losses();
  await useWebGpu();
  expect(farthest(await losses(), expected)).toBeLessThan(1e-3);
});

describe('PPO-ptx', () => {
  /** Runs `iterations` of PPO against a reward model; returns records, end and allocated bytes after each. */
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
    const end = await loop.snapshot();
    loop.dispose();
    reward.dispose();
    disposeModels(models);
    return { records, end, bytes };
  }

  test('D14, D33: numbers are finite and the self-checks hold', async () => {
    const { records } = await reinforce(1);
    const [record] = records;
    expect(Object.values(record?.values ?? { none: NaN }).every(Number.isFinite)).toBe(true);
    const checks = Object.entries(record?.checks ?? {});
    expect(checks).toHaveLength(12);
    for (const [name, { ok, value }] of checks) expect(ok, `${name}: ${value}`).toBe(true);
  });

  test('the same seed gives the same run to the bit, in buffers that do not grow', async () => {
    const first = await reinforce(8);
    expect(new Set(first.bytes.slice(2)).size, first.bytes.join()).toBe(1);
    const [second, third] = [await reinforce(3), await reinforce(3)];
    expect(second.records).toEqual(third.records);
    expect(sameBits(second.end.tensors, third.end.tensors)).toBe(true);
  });
});
