/**
 * How many dispatches a minibatch of PPO and a step of the reward model take with own kernels: as many for tiny shapes as
 * for large ones. dispatches.test.ts has the language model's step and decoding.
 */
import { expect, test } from 'vitest';
import { useOwnKernels } from '../../src/kernels/own-kernel.ts';
import { AdamW, DEFAULT_OPTIMIZER } from '../../src/model/optimizer.ts';
import { updateOnMinibatch } from '../../src/rlhf/ppo-update.ts';
import { rewardLoop } from '../../src/rlhf/reward.ts';
import { collectRollout } from '../../src/rlhf/rollout.ts';
import { TINY, tinyModel } from '../unit/model/tiny-model.ts';
import { PPO, prompts, rankings, REWARD } from '../unit/rlhf/toy.ts';
import { countedDispatches } from './dispatch-count.ts';

const dispatches = countedDispatches();

/** Dispatches of the second of two equal updates of policy and value function, without pre-training mix. */
async function minibatch(layers: number): Promise<number> {
  const config = { ...TINY, layers };
  const [policy, reference] = [tinyModel('language', 1, config), tinyModel('language', 2, config)];
  const value = tinyModel('scalar', 3, config);
  const score = (rows: readonly unknown[]) => Promise.resolve(rows.map((_, i) => Math.sin(i)));
  const models = { policy, reference, value, score };
  const rollout = await collectRollout(models, prompts, PPO, { key: [1, 2] });
  const policyOptimizer = new AdamW(policy, DEFAULT_OPTIMIZER);
  const valueOptimizer = new AdamW(value, DEFAULT_OPTIMIZER);
  const learners = { policy, value, policyOptimizer, valueOptimizer };
  const rates = { policy: 1e-3, value: 1e-3 };
  for (let i = 0; i < 2; i++) {
    dispatches.clear();
    await updateOnMinibatch(learners, rollout, [0, 1, 2, 3, 4, 5, 6, 7], null, PPO, rates);
  }
  const counted = dispatches.count();
  for (const each of [policy, reference, value, policyOptimizer, valueOptimizer]) each.dispose();
  return counted;
}

/** Dispatches of the second of two steps on rankings. */
async function rewardStep(layers: number): Promise<number> {
  const model = tinyModel('scalar', 1, { ...TINY, layers });
  const loop = rewardLoop(model, rankings(4), REWARD);
  let counted = 0;
  for await (const { step } of loop.steps()) {
    counted = dispatches.count();
    if (step === 1) dispatches.clear();
  }
  loop.dispose();
  model.dispose();
  return counted;
}

test('a minibatch of PPO: at most 26 a layer of each model, and 40 more', async () => {
  const [one, two] = [await minibatch(1), await minibatch(2)];
  const aLayer = two - one;
  expect(aLayer).toBeGreaterThan(0);
  expect(aLayer).toBeLessThanOrEqual(2 * 26);
  expect(one - aLayer).toBeLessThanOrEqual(40);
  useOwnKernels(false);
  expect(await minibatch(2)).toBeGreaterThan(10 * two);
});

test('a step of the reward model: at most 26 a layer, and 25 more', async () => {
  const [one, two] = [await rewardStep(1), await rewardStep(2)];
  const aLayer = two - one;
  expect(aLayer).toBeGreaterThan(0);
  expect(aLayer).toBeLessThanOrEqual(26);
  expect(one - aLayer).toBeLessThanOrEqual(25);
  useOwnKernels(false);
  expect(await rewardStep(2)).toBeGreaterThan(5 * two);
});
