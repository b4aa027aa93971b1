/** Programs compiled ahead: all that the first step of each stage needs, and nothing of the models is touched by it. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Loop } from '../../src/rlhf/loop.ts';
import { openPpo, openReward, openSft } from '../../src/rlhf/pipeline.ts';
import { compileFirstStep } from '../../src/rlhf/rehearsal.ts';
import { logProbabilitiesOf, scoreSequences } from '../../src/rlhf/sequences.ts';
import type { Model } from '../../src/model/parameters.ts';
import { raggedSequences, TINY, tinyModel } from '../unit/model/tiny-model.ts';
import { PPO, prompts, ptx, rankings, REWARD, SFT, shape } from '../unit/rlhf/toy.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

type Cache = Record<string, unknown>;
let cache: Cache;
let reference: Model;
let reward: Model;

const CONFIG = { ...TINY, layers: 1 };
const rows = raggedSequences(8, 4, 5);

/** Models that are on the device alone, as those of a page that has used them: nobody has read them back. */
async function uploadModels(): Promise<void> {
  reference.dispose();
  reward.dispose();
  [reference, reward] = [tinyModel('language', 5, CONFIG), tinyModel('scalar', 6, CONFIG)];
  await logProbabilitiesOf(reference, rows, shape);
  await scoreSequences(reward, rows, shape);
}

beforeAll(async () => {
  cache = (await useWebGpu()).pipelineCache as Cache;
  [reference, reward] = [tinyModel('language', 5, CONFIG), tinyModel('scalar', 6, CONFIG)];
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => {
  reference.dispose();
  reward.dispose();
  expect(deviceErrors()).toEqual([]);
});

interface Opened {
  readonly loop: Loop;
  dispose(): void;
}
const STAGES: Record<string, () => Promise<Opened>> = {
  SFT: () => openSft(reference, rows, { ...SFT, pretrainMix: 0.2 }, undefined, ptx),
  'reward model': () => openReward(reference, rankings(4), REWARD),
  'PPO-ptx': () =>
    openPpo({ sft: reference, reward, prompts, ptx }, { ...PPO, valueTrunk: 'separate' }),
};

/** Metrics of the first step. */
async function firstStep(open: () => Promise<Opened>) {
  const opened = await open();
  const { value } = await opened.loop.steps().next();
  opened.dispose();
  return value?.values;
}

function forgetPrograms(): void {
  for (const key of Object.keys(cache)) Reflect.deleteProperty(cache, key);
}

describe.each(Object.entries(STAGES))('%s', (name, open) => {
  const unknown = name === 'PPO-ptx' ? 2 : 0;
  test('a rehearsal compiles at once all that the first step needs, and runs nothing', async () => {
    await uploadModels();
    forgetPrograms();
    const inTurn = vi.spyOn(GPUDevice.prototype, 'createComputePipeline');
    const ahead = vi.spyOn(GPUDevice.prototype, 'createComputePipelineAsync');
    const dispatches = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
    const expected = await firstStep(open);
    const needed = inTurn.mock.calls.length;
    expect(needed).toBeGreaterThan(20);

    await uploadModels();
    forgetPrograms();
    inTurn.mockClear();
    dispatches.mockClear();
    const told: [number, number][] = [];
    const begun: number[] = [];
    const made = await compileFirstStep(
      async () => {
        const opened = await open();
        return {
          steps: () => opened.loop.steps(),
          dispose: () => {
            opened.dispose();
          },
        };
      },
      (done, total) => {
        told.push([done, total]);
        begun.push(ahead.mock.calls.length);
      },
    );
    // Checks without padding have shapes that hang on the texts drawn, which a rehearsal cannot know.
    expect(needed - made).toBeLessThanOrEqual(unknown);
    expect(told).toEqual(Array.from({ length: made + 1 }, (_each, done) => [done, made]));
    // All of them were being compiled when the first was told of.
    expect(begun[0]).toBe(made);
    expect([inTurn.mock.calls.length, dispatches.mock.calls.length]).toEqual([0, 0]);

    expect(await firstStep(open)).toEqual(expected);
    expect([inTurn.mock.calls.length, ahead.mock.calls.length]).toEqual([needed - made, made]);
  });
});

test('a rehearsal that fails is passed over, and the next work computes', async () => {
  const refuse = () => Promise.reject(new Error('no demonstrations'));
  expect(await compileFirstStep(refuse, () => undefined)).toBe(0);
  const [open] = Object.values(STAGES);
  expect((await firstStep(open!))?.loss).toBeGreaterThan(0);
});
