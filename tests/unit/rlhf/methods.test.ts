/** The methods beside PPO on a tiny model: losses against plain arithmetic, records, resume to the bit, learning. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import type { Model } from '../../../src/model/parameters.ts';
import { BEST_OF_N } from '../../../src/rlhf/best-of-n.ts';
import { clippedPolicyLoss } from '../../../src/rlhf/clipping.ts';
import { dpoPairLoss } from '../../../src/rlhf/dpo-loss.ts';
import { dpoLossTensor } from '../../../src/rlhf/dpo-update.ts';
import { DPO, pairsFromRankings } from '../../../src/rlhf/dpo.ts';
import { EXPERT_ITERATION } from '../../../src/rlhf/expert-iteration.ts';
import { tokenWeights } from '../../../src/rlhf/group-metrics.ts';
import type { GroupMinibatch } from '../../../src/rlhf/group-loop.ts';
import { GRPO, grpoLossTensor } from '../../../src/rlhf/grpo.ts';
import { klEstimate, klEstimateSlope } from '../../../src/rlhf/kl.ts';
import type { Snapshot } from '../../../src/rlhf/loop.ts';
import type { Method, MethodInput } from '../../../src/rlhf/method.ts';
import { METHODS } from '../../../src/rlhf/methods.ts';
import { ONLINE_DPO } from '../../../src/rlhf/online-dpo.ts';
import { RLOO, rlooLossTensor } from '../../../src/rlhf/rloo.ts';
import { farthest, sameBits, start, tinyModel } from '../model/tiny-model.ts';
import { prompts, rankings, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));

/** Share of tokens below 9: something that can be learnt. */
const lowTokens: MethodInput['score'] = (rows) =>
  Promise.resolve(
    rows.map(({ response }) => response.filter((token) => token < 9).length / shape.responseLength),
  );

const SETTINGS = {
  shape,
  temperature: 1,
  beta: 0.1,
  missingEos: { kind: 'none', value: 0 },
  iterations: 4,
  promptsPerBatch: 4,
  groupSize: 4,
  minibatches: 2,
  innerEpochs: 2,
  clip: 0.2,
  learningRate: 1e-3,
  warmupIterations: 10,
  seed: 1,
  optimizer: DEFAULT_OPTIMIZER,
  lossType: 'grpo',
  loss: 'sigmoid',
  epochs: 2,
  batchSize: 6,
} as const;
type Settings = typeof SETTINGS;

const pairs = pairsFromRankings(rankings(6));
const inputFor = (reference: Model): MethodInput => ({
  reference,
  prompts,
  score: lowTokens,
  pairs,
});

/** Loss of log-probabilities and its gradient by them. */
function lossAndSlopes(loss: (x: tf.Tensor1D) => tf.Scalar, x: ArrayLike<number>) {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((y) => loss(y as tf.Tensor1D))(
      tf.tensor1d(Float32Array.from(x)),
    );
    return { loss: value.dataSync()[0] ?? NaN, slopes: Array.from(grad.dataSync()) };
  });
}

describe('tensor losses are the plain ones', () => {
  // Two responses of 3 and 1 tokens; padding holds wild numbers. Ratios .75 to 1.35 reach over both sides of the clip.
  const own = [-1, -2, -0.5, -3, 90, -9000];
  const mini: GroupMinibatch = {
    B: 2,
    R: 3,
    mask: Float32Array.from([1, 1, 1, 1, 0, 0]),
    oldLogProbabilities: Float32Array.from([-1.3, -1.9, -0.2, -2.95, 0, 0]),
    referenceLogProbabilities: Float32Array.from([-1.5, -1, -0.6, -2, 0, 0]),
    advantages: Float32Array.from([0.7, -1.2]),
  };
  const at = (values: ArrayLike<number>, i: number) => values[i] ?? NaN;

  test.each(['grpo', 'dr_grpo'] as const)('O15, D25: %s with beta k3 in the loss', (lossType) => {
    const settings = { lossType, clip: 0.2, beta: 0.4 };
    const found = lossAndSlopes((x) => grpoLossTensor(x, mini, settings), own);
    const weights = tokenWeights(mini.mask, mini, lossType === 'grpo' ? 'sequence' : 'constant');
    const terms = own.map((logProbability, i) => {
      if (mini.mask[i] !== 1) return { loss: 0, slope: 0 };
      const ratio = Math.exp(logProbability - at(mini.oldLogProbabilities, i));
      const clipped = clippedPolicyLoss(ratio, at(mini.advantages, Math.floor(i / 3)), 0.2);
      const reference = at(mini.referenceLogProbabilities, i);
      return {
        loss: clipped.loss + 0.4 * klEstimate('k3', logProbability, reference),
        slope: clipped.gradient * ratio + 0.4 * klEstimateSlope('k3', logProbability, reference),
      };
    });
    const loss = terms.reduce((sum, term, i) => sum + at(weights, i) * term.loss, 0);
    expect(found.loss).toBeCloseTo(loss, 5);
    const slopes = terms.map(({ slope }, i) => at(weights, i) * slope);
    expect(farthest(found.slopes, slopes)).toBeLessThan(1e-5);
  });

  test.each([0.05, 0.2])('O15: RLOO clips the ratio of the whole response, clip %f', (clip) => {
    const found = lossAndSlopes((x) => rlooLossTensor(x, mini, clip), own);
    const ratios = [Math.exp(0.3 - 0.1 - 0.3), Math.exp(-0.05)];
    const each = ratios.map((ratio, b) => clippedPolicyLoss(ratio, at(mini.advantages, b), clip));
    expect(found.loss).toBeCloseTo((each[0]!.loss + each[1]!.loss) / 2, 5);
    const slopes = own.map((_, i) => {
      const b = Math.floor(i / 3);
      return mini.mask[i] === 1 ? (each[b]!.gradient * at(ratios, b)) / 2 : 0;
    });
    expect(farthest(found.slopes, slopes)).toBeLessThan(1e-5);
  });

  test.each(['sigmoid', 'ipo'] as const)('O10: %s over two pairs', (loss) => {
    const found = lossAndSlopes(
      (x) => dpoLossTensor(x, tf.tensor1d([-4, -5, -5, -7]), { loss, beta: 0.5 }),
      [-3, -7, -6, -9],
    );
    const [a, b] = [dpoPairLoss(loss, 2, 0.5), dpoPairLoss(loss, 0, 0.5)];
    expect(found.loss).toBeCloseTo((a.loss + b.loss) / 2, 5);
    const slopes = [a.gradient, b.gradient, -a.gradient, -b.gradient].map((slope) => slope / 2);
    expect(farthest(found.slopes, slopes)).toBeLessThan(1e-5);
  });
});

const COMMON = ['learning_rate', 'num_tokens', 'epoch'];
const GROUP = [
  ...['reward', 'reward_std', 'frac_reward_zero_std', 'rewards/score/mean', 'rewards/score/std'],
  ...['completions/mean_length', 'completions/min_length', 'completions/max_length'],
  ...['completions/mean_terminated_length', 'completions/min_terminated_length'],
  ...['completions/max_terminated_length', 'completions/clipped_ratio'],
];
const CLIPPED = [
  ...['loss', 'grad_norm', 'kl', 'entropy', 'clip_ratio/region_mean', 'clip_ratio/low_mean'],
  ...['clip_ratio/low_min', 'clip_ratio/high_mean', 'clip_ratio/high_max'],
];
const PAIRWISE = [
  ...['loss', 'grad_norm', 'entropy', 'rewards/chosen', 'rewards/rejected', 'rewards/margins'],
  ...['rewards/accuracies', 'logps/chosen', 'logps/rejected', 'logits/chosen', 'logits/rejected'],
  'mean_token_accuracy',
];
const NAMES: Readonly<Record<string, readonly string[]>> = {
  dpo: PAIRWISE,
  'online-dpo': [
    ...PAIRWISE,
    ...['objective/kl', 'objective/entropy', 'objective/non_score_reward', 'objective/scores'],
    ...['objective/rlhf_reward', 'objective/scores_margin', 'val/contain_eos_token', 'beta'],
  ],
  grpo: [...GROUP, ...CLIPPED],
  rloo: [...GROUP, ...CLIPPED],
  'best-of-n': [...GROUP, 'reward_best', 'kl_upper_bound', 'win_rate_upper_bound'],
  'expert-iteration': [...GROUP, 'reward_best', 'loss', 'grad_norm', 'entropy', 'kl'],
};

describe.each(Object.entries(METHODS))('%s', (name, method) => {
  test('O17, D54: stopped, saved and gone on with, it is the same run to the bit', async () => {
    const reference = tinyModel('language', 5);
    const before = await reference.tensors();
    const straight = await method.open(inputFor(reference), SETTINGS);
    const series = await take(straight.loop);
    expect(method.name).toBe(name);
    expect(series).toHaveLength(straight.loop.total);
    const begun = await method.open(inputFor(reference), SETTINGS);
    const first = await take(begun.loop, 2);
    const { tensors, state } = await begun.loop.snapshot();
    const saved: Snapshot = {
      tensors,
      state: JSON.parse(JSON.stringify(state)) as Snapshot['state'],
    };
    const second = await method.open(inputFor(reference), SETTINGS, saved);
    expect([...first, ...(await take(second.loop))]).toEqual(series);
    const ends = [await straight.loop.snapshot(), await second.loop.snapshot()] as const;
    expect(sameBits(ends[0].tensors, ends[1].tensors)).toBe(true);
    expect(ends[0].state).toEqual(ends[1].state);
    // D33: the reference stayed as it was, the policy did not, unless the method trains nothing.
    expect(sameBits(before, await reference.tensors())).toBe(true);
    const moved = !sameBits(before, await straight.policy.tensors());
    expect(moved).toBe(name !== 'best-of-n');
    for (const open of [straight, begun, second]) open.dispose();
    reference.dispose();
  });

  test('records hold the names of the reference and finite numbers, and nothing leaks', async () => {
    const reference = tinyModel('language', 5);
    const tensors = tf.memory().numTensors;
    const open = await method.open(inputFor(reference), SETTINGS);
    const counts = new Set<number>();
    for await (const { values, checks, step } of open.loop.steps()) {
      for (const key of [...COMMON, ...(NAMES[name] ?? [])]) {
        expect(Number.isFinite(values[key]), `${key} of step ${step}`).toBe(true);
      }
      expect(checks?.['finite numbers']?.ok).toBe(true);
      counts.add(tf.memory().numTensors);
    }
    expect(counts.size).toBe(1);
    expect(Object.keys(NAMES)).toContain(name);
    open.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    reference.dispose();
  });
});

describe('the first step, where the policy is the reference', () => {
  async function first(method: Method<Settings>, settings: Partial<Settings> = {}) {
    const reference = tinyModel('language', 5);
    const open = await method.open(inputFor(reference), { ...SETTINGS, ...settings });
    const [record] = await take(open.loop, 1);
    open.dispose();
    reference.dispose();
    return record?.values ?? {};
  }

  test('O10: DPO has loss log 2, implicit rewards and margins of zero', async () => {
    for (const method of [DPO, ONLINE_DPO]) {
      const values = await first(method);
      expect(values['loss']).toBeCloseTo(Math.LN2, 4);
      for (const side of ['chosen', 'rejected', 'margins']) {
        expect(Math.abs(values[`rewards/${side}`] ?? NaN)).toBeLessThan(1e-4);
      }
    }
  });

  test('D14: GRPO and RLOO have no KL, and with one update nothing is clipped', async () => {
    for (const method of [GRPO, RLOO]) {
      const once = { minibatches: 1, innerEpochs: 1 } as unknown as Partial<Settings>;
      const values = await first(method, once);
      expect(Math.abs(values['kl'] ?? NaN)).toBeLessThan(1e-4);
      expect(values['clip_ratio/region_mean']).toBe(0);
      expect(values['grad_norm']).toBeGreaterThan(0);
    }
  });
});

describe('learning', () => {
  test.each([GRPO, RLOO, ONLINE_DPO, EXPERT_ITERATION])(
    '$name raises the score',
    async (method) => {
      const reference = tinyModel('language', 7, undefined, 0.05);
      const settings = {
        ...SETTINGS,
        ...{ iterations: 25, promptsPerBatch: 12, beta: 0.02, learningRate: 1e-2 },
      } as unknown as Settings;
      const open = await method.open(inputFor(reference), settings);
      const key = method === ONLINE_DPO ? 'objective/scores' : 'reward';
      const scores = (await take(open.loop)).map(({ values }) => values[key] ?? NaN);
      expect(scores.at(-1)).toBeGreaterThan((scores[0] ?? NaN) + 0.2);
      open.dispose();
      reference.dispose();
    },
  );

  test('O10: DPO fits its own pairs', async () => {
    const reference = tinyModel('language', 7, undefined, 0.05);
    const settings = { ...SETTINGS, epochs: 40, learningRate: 1e-2 } as unknown as Settings;
    const open = await DPO.open(inputFor(reference), settings);
    const records = await take(open.loop);
    expect(records.at(-1)?.values['rewards/accuracies']).toBeGreaterThan(0.9);
    expect(records.at(-1)?.values['loss']).toBeLessThan(0.4);
    open.dispose();
    reference.dispose();
  });

  test('best of n: the kept ones score higher than all', async () => {
    const reference = tinyModel('language', 5);
    const open = await BEST_OF_N.open(inputFor(reference), SETTINGS);
    for (const { values } of await take(open.loop)) {
      expect(values['reward_best']).toBeGreaterThan(values['reward'] ?? NaN);
    }
    open.dispose();
    reference.dispose();
  });
});

test('groups of one, and batches that do not divide, are refused', async () => {
  const reference = tinyModel('language', 5);
  const open = (method: Method<Settings>, change: object) => () =>
    method.open(inputFor(reference), { ...SETTINGS, ...change });
  for (const method of [GRPO, RLOO, BEST_OF_N, EXPERT_ITERATION]) {
    await expect(open(method, { groupSize: 1 })).rejects.toThrow(/at least 2/);
  }
  await expect(open(GRPO, { minibatches: 3 })).rejects.toThrow(/responses per minibatch/);
  reference.dispose();
});
