/**
 * How many dispatches a training step and a decoded token take with own kernels: as many for tiny shapes as for large
 * ones, since every op is a fixed number of them.
 */
import { expect, test } from 'vitest';
import { streamKey } from '../../src/data/rng.ts';
import { useOwnKernels } from '../../src/kernels/own-kernel.ts';
import { DEFAULT_OPTIMIZER } from '../../src/model/optimizer.ts';
import { sampleResponses } from '../../src/model/sample.ts';
import { pretrainLoop } from '../../src/rlhf/pretrain.ts';
import { TINY, tinyModel } from '../unit/model/tiny-model.ts';
import { countedDispatches } from './dispatch-count.ts';

const dispatches = countedDispatches();

/** Dispatches of the second of two training steps: forward, backward, AdamW. */
async function trainingStep(layers: number): Promise<number> {
  const model = tinyModel('language', 1, { ...TINY, layers });
  const tokens = Int32Array.from({ length: 2 * 9 }, (_, i) => i % TINY.padId);
  const loop = pretrainLoop(model, () => ({ batch: 2, time: 8, tokens }), {
    steps: 2,
    learningRate: 1e-3,
    finalShare: 1,
    warmupSteps: 1,
    optimizer: DEFAULT_OPTIMIZER,
  });
  let counted = 0;
  for await (const { step } of loop.steps()) {
    counted = dispatches.count();
    if (step === 1) dispatches.clear();
  }
  loop.dispose();
  model.dispose();
  return counted;
}

test('a training step: at most 40 a layer and 30 more', async () => {
  const [one, two] = [await trainingStep(1), await trainingStep(2)];
  const aLayer = two - one;
  expect(aLayer).toBeGreaterThan(0);
  expect(aLayer).toBeLessThanOrEqual(40);
  expect(one - aLayer).toBeLessThanOrEqual(30);
  useOwnKernels(false);
  expect(await trainingStep(2)).toBeGreaterThan(5 * two);
});

/** Dispatches that one more token takes. */
async function decodedToken(layers: number): Promise<number> {
  const model = tinyModel('language', 1, { ...TINY, layers });
  const counts: number[] = [];
  for (const responseLength of [4, 9]) {
    dispatches.clear();
    const settings = {
      promptLength: 3,
      responseLength,
      temperature: 1,
      key: streamKey(1, 'count'),
    };
    await sampleResponses(model, [[1, 2], [3]], settings);
    counts.push(dispatches.count());
  }
  model.dispose();
  const [short = NaN, long = NaN] = counts;
  return (long - short) / 5;
}

test('a decoded token: at most 10 a layer and 6 more', async () => {
  const [one, two] = [await decodedToken(1), await decodedToken(2)];
  const aLayer = two - one;
  expect(aLayer).toBeGreaterThan(0);
  expect(aLayer).toBeLessThanOrEqual(10);
  expect(one - aLayer).toBeLessThanOrEqual(6);
});
