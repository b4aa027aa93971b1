/** GPU memory and read-backs over a long PPO-ptx run at the smallest size that has every part in it. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { StepRecord } from '../../src/rlhf/loop.ts';
import { isPhase, type PhaseEnd } from '../../src/rlhf/phases.ts';
import { ppoLoop, type PpoData } from '../../src/rlhf/ppo.ts';
import type { RowSource } from '../../src/rlhf/pretrain.ts';
import { scoreSequences } from '../../src/rlhf/sequences.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { TINY, tinyModel } from '../unit/model/tiny-model.ts';
import { disposeModels, PPO } from '../unit/rlhf/toy.ts';
import { allocatedBytes, atEachDispatch, deviceErrors, useWebGpu } from './webgpu.ts';

beforeAll(async () => {
  await useWebGpu();
});
afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

const MICRO: ModelConfig = { ...TINY, layers: 1, contextLength: 8 };
const shape = { promptLength: 3, responseLength: 2 };
const prompts = Array.from({ length: 4 }, (_, i) => ({ id: `${i}`, tokens: [i, i + 1] }));
const ptx: RowSource = () => ({ batch: 2, time: 6, tokens: new Int32Array(14).fill(5) });

/** What one iteration cost. */
interface Cost {
  /** In all GPU buffers after it, free ones included. */
  readonly allocated: number;
  /** Most bytes of tensors that were there at once, as of each dispatch. */
  readonly live: number;
  readonly readBacks: number;
  readonly submits: number;
}

/** Goes from phase to phase without asking what each has made, as the page does while nobody steps through them. */
async function playIteration(
  records: AsyncGenerator<PhaseEnd | StepRecord, void, void>,
): Promise<void> {
  for (let phase = true; phase;) {
    const { value } = await records.next();
    phase = value !== undefined && isPhase(value);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Costs of each of `iterations`. */
async function reinforce(iterations: number): Promise<Cost[]> {
  const [reference, reward] = [tinyModel('language', 5, MICRO), tinyModel('scalar', 6, MICRO)];
  const [policy, value, ema] = [
    await reference.copy(),
    await reward.copy(),
    await reference.copy(),
  ];
  const models = { policy, reference, value, ema };
  const data: PpoData = {
    prompts,
    ptx,
    score: (rows) => scoreSequences(reward, rows, shape),
    scoredByRewardModel: true,
  };
  const batch = { rolloutBatch: 16, minibatches: 2, episodes: 16 * iterations };
  const loop = ppoLoop(models, data, { ...PPO, shape, ...batch });
  let live = 0;
  const costs: Cost[] = [];
  const readBacks = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
  const submits = vi.spyOn(GPUQueue.prototype, 'submit');
  const restore = atEachDispatch(() => {
    live = Math.max(live, tf.memory().numBytes);
  });
  const records = loop.phases?.() ?? loop.steps();
  for (let i = 0; i < iterations; i++) {
    live = 0;
    readBacks.mockClear();
    submits.mockClear();
    await playIteration(records);
    costs.push({
      allocated: allocatedBytes(),
      live,
      readBacks: readBacks.mock.calls.length,
      submits: submits.mock.calls.length,
    });
  }
  restore();
  readBacks.mockRestore();
  submits.mockRestore();
  loop.dispose();
  reward.dispose();
  disposeModels(models);
  return costs;
}

test('300 iterations of PPO-ptx: buffers stay as after the third and at most twice the live bytes, three read-backs each', async () => {
  const costs = await reinforce(300);
  const [third, last] = [costs[2]!, costs[299]!];
  expect(last.allocated).toBe(third.allocated);
  expect(last.allocated).toBeLessThanOrEqual(2 * last.live);
  const readBacks = costs.map((cost) => cost.readBacks);
  // The first iteration also checks what must be equal at the start.
  expect(new Set(readBacks.slice(1))).toEqual(new Set([3]));
  // About 250 dispatches each: draws, what is said of them, updates, and the two looks at the reward model.
  expect(Math.max(...costs.slice(1).map(({ submits }) => submits))).toBeLessThanOrEqual(12);
});
