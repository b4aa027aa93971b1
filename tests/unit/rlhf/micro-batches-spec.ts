/**
 * One spec for every backend: with `microBatch` set, each loop takes the steps that it takes without, whatever lengths,
 * dropout, pre-training mix, comparisons or terms of the loss. Not a test itself.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import type { TensorMap } from '../../../src/records/tensor.ts';
import type { Loop, StepRecord } from '../../../src/rlhf/loop.ts';
import { openPpo } from '../../../src/rlhf/pipeline.ts';
import type { PpoSettings } from '../../../src/rlhf/ppo.ts';
import { pretrainLoop } from '../../../src/rlhf/pretrain.ts';
import { rewardLoop } from '../../../src/rlhf/reward.ts';
import { sftLoop } from '../../../src/rlhf/sft.ts';
import { raggedSequences, relativeDistance, residuals, tinyModel } from '../model/tiny-model.ts';
import { PPO, prompts, ptx, rankings, REWARD, SFT, take } from './toy.ts';

/** Does not divide the batches, so that parts differ in size. */
const MICRO = 3;

/** Adam divides rounding by epsilon where a gradient is 0 but for that (D37); this keeps it small. */
const optimizer = { ...DEFAULT_OPTIMIZER, epsilon: 1e-5 };

interface Outcome {
  readonly records: readonly StepRecord[];
  readonly tensors: TensorMap;
}

async function outcomeOf(loop: Loop, dispose: () => void): Promise<Outcome> {
  const records = await take(loop);
  const { tensors } = await loop.snapshot();
  loop.dispose();
  dispose();
  return { records, tensors };
}

function sft(microBatch: number): Promise<Outcome> {
  const model = tinyModel();
  const settings = { ...SFT, batchSize: 8, epochs: 2, pretrainMix: 0.25, optimizer, microBatch };
  const loop = sftLoop(model, raggedSequences(16, 4, 5, 2), settings, undefined, ptx);
  return outcomeOf(loop, () => model.dispose());
}

function reward(microBatch: number): Promise<Outcome> {
  const model = tinyModel('scalar');
  const settings = { ...REWARD, promptsPerBatch: 4, epochs: 2, optimizer, microBatch };
  return outcomeOf(rewardLoop(model, rankings(8), settings), () => model.dispose());
}

function pretrain(microBatch: number): Promise<Outcome> {
  const model = tinyModel();
  const rows = (index: number) => ({
    batch: 8,
    time: 6,
    tokens: Int32Array.from({ length: 8 * 7 }, (_, i) => (i * i + 3 * index) % 27),
  });
  const settings = {
    ...{ steps: 4, learningRate: 3e-3, finalShare: 0.1, warmupSteps: 1 },
    ...{ optimizer, microBatch },
  };
  return outcomeOf(pretrainLoop(model, rows, settings), () => model.dispose());
}

/** Two iterations of two minibatches of eight. */
async function ppo(
  microBatch: number,
  change: Partial<PpoSettings>,
  valueTrunk: 'separate' | 'shared',
) {
  const [reference, scorer] = [tinyModel('language', 5), tinyModel('scalar', 6)];
  const settings = { ...PPO, episodes: 32, optimizer, ...change, valueTrunk, microBatch };
  const open = await openPpo({ sft: reference, reward: scorer, prompts, ptx }, settings);
  return outcomeOf(open.loop, () => {
    open.dispose();
    reference.dispose();
    scorer.dispose();
  });
}

/** Every term of PPO's loss at once, and the score one place after the last token. */
const TERMS: Partial<PpoSettings> = {
  ...{ klPlace: 'loss', klEstimator: 'k3', beta: 0.3, entropyBonus: 0.2 },
  ...{ scorePosition: 'after-last', valueCoefficient: 0.7 },
};

/** Declares the tests for one backend, which `use` starts. */
export function describeMicroBatches(backend: string, use: () => Promise<unknown>): void {
  describe(`micro-batches on ${backend}`, () => {
    beforeAll(async () => {
      await use();
    });

    test.each<[string, (microBatch: number) => Promise<Outcome>]>([
      ['SFT with dropout and pre-training mix', sft],
      ['the reward model', reward],
      ['pre-training', pretrain],
      ['PPO-ptx', (size) => ppo(size, {}, 'separate')],
      ['PPO-ptx with every term and a shared value function', (size) => ppo(size, TERMS, 'shared')],
    ])('O17, D17, D35: %s in parts takes the steps of whole batches', async (_, run) => {
      const whole = await run(0);
      expect(whole.records.length).toBeGreaterThanOrEqual(2);
      for (const size of [MICRO, 1]) {
        const parts = await run(size);
        expect(parts.records).toHaveLength(whole.records.length);
        for (const name of Object.keys(whole.records[0]?.values ?? {})) {
          const series = ({ records }: Outcome) => records.map(({ values }) => values[name] ?? NaN);
          const expected = series(whole);
          if (expected.every((value) => Math.abs(value) < 1e-6)) continue;
          expect(residuals(series(parts), expected).largest, name).toBeLessThan(1e-4);
        }
        for (const [name, { data }] of whole.tensors) {
          if (/^(first|second)|Optimizer/.test(name)) continue;
          const own = parts.tensors.get(name)?.data ?? [];
          expect(relativeDistance(own, data), name).toBeLessThan(1e-4);
        }
      }
    });
  });
}
