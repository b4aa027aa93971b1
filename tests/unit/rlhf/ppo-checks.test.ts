/** Each self-check of a PPO run is made to fail on purpose by the fault that it is there for. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { uploadBatch } from '../../../src/model/batch.ts';
import { addGradients, AdamW, DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import type { Model } from '../../../src/model/parameters.ts';
import type { SelfChecks } from '../../../src/records/run.ts';
import { firstChecks } from '../../../src/rlhf/ppo-checks.ts';
import { beginUpdate, updateOnMinibatch } from '../../../src/rlhf/ppo-update.ts';
import { ppoLoop, type PpoData, type PpoModels, type PpoSettings } from '../../../src/rlhf/ppo.ts';
import { collectRollout } from '../../../src/rlhf/rollout.ts';
import { firstMinibatchCheck } from '../../../src/rlhf/self-checks.ts';
import { scoreSequences } from '../../../src/rlhf/sequences.ts';
import { checkWords } from '../../../src/ui/self-check-meanings.ts';
import { start } from '../model/tiny-model.ts';
import { disposeModels, PPO, ppoModels, prompts, ptx, shape, take } from './toy.ts';

vi.mock('../../../src/model/batch.ts', { spy: true });
vi.mock('../../../src/model/optimizer.ts', { spy: true });
vi.mock('../../../src/rlhf/ppo-update.ts', { spy: true });
const actual = {
  ...(await vi.importActual<{ uploadBatch: typeof uploadBatch }>('../../../src/model/batch.ts')),
  ...(await vi.importActual<{ beginUpdate: typeof beginUpdate }>(
    '../../../src/rlhf/ppo-update.ts',
  )),
};

let models: PpoModels;
let reward: Model;
let data: PpoData;

beforeAll(() => start('wasm'));
beforeEach(async () => {
  models = await ppoModels();
  reward = await models.value.copy();
  const score: PpoData['score'] = (rows) => scoreSequences(reward, rows, shape);
  data = { prompts, ptx, score, scoredByRewardModel: true };
});
afterEach(() => {
  vi.resetAllMocks();
  reward.dispose();
  disposeModels(models);
});

/** Changes a model a little, in its last gain. */
function nudge(model: Model, by = 1.05): void {
  const gain = model.get('ln_f.weight');
  tf.tidy(() => gain.assign(tf.mul(gain, by)));
}

async function checksAfter(iterations: number, settings: PpoSettings = PPO): Promise<SelfChecks> {
  const loop = ppoLoop(models, data, settings);
  const records = await take(loop, iterations);
  loop.dispose();
  return records.at(-1)?.checks ?? {};
}

const failing = (checks: SelfChecks) =>
  Object.keys(checks).filter((name) => checks[name]?.ok === false);

describe('the checks of a run', () => {
  test('D14, D31, D33: all twelve hold on a healthy run, and the page has words for each', async () => {
    const checks = await checksAfter(2);
    expect(Object.keys(checks).sort()).toEqual([
      'cache equals full forward',
      'critic starts as reward model',
      'finite numbers',
      'first approx-kl is 0',
      'first clip fraction is 0',
      'first ratio is 1',
      'gradients add up',
      'kl 0 at start',
      'no gradient into the reward',
      'padding changes nothing',
      'pre-training gradient has its share',
      'reference unchanged',
    ]);
    expect(failing(checks)).toEqual([]);
    for (const name of Object.keys(checks)) expect(checkWords(name).label).not.toBe(name);
  });

  test('D33: a policy that is not the reference fails "kl 0 at start"', async () => {
    nudge(models.policy);
    expect(failing(await checksAfter(1))).toEqual(['kl 0 at start']);
  });

  test('D31: another reward model fails "critic starts as reward model"', async () => {
    nudge(reward);
    expect(failing(await checksAfter(1))).toEqual(['critic starts as reward model']);
  });

  test('D33: a moved reference fails "reference unchanged", and it stays failed when moved back', async () => {
    const loop = ppoLoop(models, data, PPO);
    await take(loop, 1);
    const kept = await models.reference.copy();
    nudge(models.reference);
    const [moved] = await take(loop, 1);
    expect(failing(moved?.checks ?? {})).toEqual(['reference unchanged']);
    models.reference.get('ln_f.weight').assign(kept.get('ln_f.weight'));
    const [back] = await take(loop, 1);
    expect(failing(back?.checks ?? {})).toEqual(['reference unchanged']);
    loop.dispose();
    kept.dispose();
  });

  test('D23: a reward model that moves during an update fails "no gradient into the reward"', async () => {
    data = {
      ...data,
      ptx: (index) => {
        nudge(reward, 1.0001);
        return ptx(index);
      },
    };
    expect(failing(await checksAfter(1))).toEqual(['no gradient into the reward']);
  });

  test('D22, D23: an update that writes into the rewards fails "no gradient into the reward"', async () => {
    data = { ...data, scoredByRewardModel: false };
    let touched = false;
    vi.mocked(beginUpdate).mockImplementation(async (learners, rollout, ...rest) => {
      if (!touched) rollout.rewards[0] = (rollout.rewards[0] ?? NaN) + 1e-4;
      touched = true;
      return actual.beginUpdate(learners, rollout, ...rest);
    });
    expect(failing(await checksAfter(1))).toEqual(['no gradient into the reward']);
  });

  test('D30: a pre-training gradient that never reaches the step fails "gradients add up"', async () => {
    vi.mocked(addGradients).mockImplementation((_, other) => tf.dispose([...other.values()]));
    expect(failing(await checksAfter(1))).toEqual(['gradients add up']);
  });

  test('D30: a coefficient that drowns the reward fails "pre-training gradient has its share"', async () => {
    const checks = await checksAfter(1, { ...PPO, ptxCoefficient: 1e6 });
    expect(failing(checks)).toEqual(['pre-training gradient has its share']);
  });

  test('one undefined score fails "finite numbers", also after the iteration in which it came', async () => {
    data = {
      ...data,
      scoredByRewardModel: false,
      score: async (rows) =>
        (await scoreSequences(reward, rows, shape)).map((s, i) => (i === 3 ? Infinity : s)),
    };
    expect(failing(await checksAfter(1))).toContain('finite numbers');
  });
});

describe('checks of the first rollout', () => {
  const rollout = () =>
    collectRollout({ ...models, score: data.score }, prompts, PPO, { key: [1, 2] });

  test('D6: one token that the cache got wrong fails "cache equals full forward"', async () => {
    const made = await rollout();
    expect(failing(await firstChecks(models, data, made, PPO))).toEqual([]);
    const wrong = made.logProbabilities.slice();
    wrong[0] = (wrong[0] ?? NaN) + 0.01;
    const reference = made.referenceLogProbabilities.slice();
    reference[0] = (reference[0] ?? NaN) + 0.01;
    const tampered = { ...made, logProbabilities: wrong, referenceLogProbabilities: reference };
    expect(failing(await firstChecks(models, data, tampered, PPO))).toEqual([
      'cache equals full forward',
    ]);
  });

  test('D4, D5: a forward pass that reads padding as text fails "padding changes nothing"', async () => {
    const made = await rollout();
    vi.mocked(uploadBatch).mockImplementation((ids, starts) =>
      actual.uploadBatch(ids, new Int32Array(starts.length)),
    );
    expect(failing(await firstChecks(models, data, made, PPO))).toContain(
      'padding changes nothing',
    );
  });
});

describe('checks of the first minibatch', () => {
  /** First update at `updateAt` on a rollout at temperature 0.7, the policy moved in between if asked for. */
  async function firstUpdate(updateAt: number, moved = 1): Promise<string[]> {
    const settings = { ...PPO, temperature: 0.7 };
    const made = await collectRollout({ ...models, score: data.score }, prompts, settings, {
      key: [1, 2],
    });
    // D1: both models at the temperature of the draws, so that they agree while they are the same.
    expect(failing(await firstChecks(models, data, made, settings))).toEqual([]);
    nudge(models.policy, moved);
    const policyOptimizer = new AdamW(models.policy, DEFAULT_OPTIMIZER);
    const valueOptimizer = new AdamW(models.value, DEFAULT_OPTIMIZER);
    const { metrics } = await updateOnMinibatch(
      { ...models, policyOptimizer, valueOptimizer },
      made,
      [0, 1, 2, 3, 4, 5, 6, 7],
      null,
      { ...settings, temperature: updateAt },
      { policy: 0, value: 0 },
    );
    policyOptimizer.dispose();
    valueOptimizer.dispose();
    return failing(firstMinibatchCheck(metrics));
  }

  test('D1, D14: draws at temperature 0.7 have ratio 1 at 0.7, and the checks fail at 1', async () => {
    expect(await firstUpdate(0.7)).toEqual([]);
    expect(await firstUpdate(1)).toEqual([
      'first ratio is 1',
      'first approx-kl is 0',
      'first clip fraction is 0',
    ]);
  });

  test('D14: a policy that moved before its first update fails all three', async () => {
    expect(await firstUpdate(0.7, 1.5)).toEqual([
      'first ratio is 1',
      'first approx-kl is 0',
      'first clip fraction is 0',
    ]);
  });
});
