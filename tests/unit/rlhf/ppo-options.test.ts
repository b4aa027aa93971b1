/**
 * PPO's options in the loop itself: each changes the numbers in the way that theory says. Their arithmetic is in the tests
 * of kl.ts, whitening.ts, clipping.ts and ptx-calibration.ts; resuming with them in repeat-spec.ts.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Model } from '../../../src/model/parameters.ts';
import { adaptiveKlStep } from '../../../src/rlhf/kl.ts';
import { maskedMean, maskedVariance } from '../../../src/rlhf/masked.ts';
import { ppoLoop, type PpoData, type PpoSettings } from '../../../src/rlhf/ppo.ts';
import { collectRollout, goldMetrics, type Scorer } from '../../../src/rlhf/rollout.ts';
import { scoreSequences } from '../../../src/rlhf/sequences.ts';
import { sameBits, start, TINY, tinyModel } from '../model/tiny-model.ts';
import { disposeModels, PPO, ppoModels, prompts, ptx, shape, take } from './toy.ts';

beforeAll(() => start('wasm'));

/** Share of tokens below 9: something that can be learnt. */
const lowTokens: Scorer = (rows) =>
  Promise.resolve(
    rows.map(({ response }) => response.filter((token) => token < 9).length / shape.responseLength),
  );

const DATA: PpoData = { prompts, ptx: null, score: lowTokens, scoredByRewardModel: false };

/** Steps so large that two iterations already leave the reference. */
const FAST = { ...PPO, policyLearningRate: 1e-2, valueLearningRate: 1e-2 };

/** The records of a run on the small models of every test. */
async function run(
  change: Partial<PpoSettings>,
  iterations = 3,
  data: Partial<PpoData> = {},
): Promise<Readonly<Record<string, number>>[]> {
  const models = await ppoModels();
  const loop = ppoLoop(models, { ...DATA, ...data }, { ...FAST, ...change });
  const records = await take(loop, iterations);
  loop.dispose();
  disposeModels(models);
  return records.map(({ values }) => values);
}

const last = (records: readonly Readonly<Record<string, number>>[], name: string) =>
  records.at(-1)?.[name] ?? NaN;
const series = (records: readonly Readonly<Record<string, number>>[], name: string) =>
  records.map((values) => values[name] ?? NaN);

/** A longer run of a smaller model with 64 responses an iteration. */
async function drive(change: Partial<PpoSettings>, iterations = 12) {
  const config = { ...TINY, layers: 1 };
  const reference = tinyModel('language', 7, config, 0.05);
  const models = {
    policy: await reference.copy(),
    reference,
    value: tinyModel('scalar', 8, config, 0.05),
    ema: await reference.copy(),
  };
  const size = { episodes: 64 * iterations, rolloutBatch: 64 };
  const missingEos = { kind: 'none', value: 0 } as const;
  const loop = ppoLoop(models, DATA, { ...FAST, ...size, missingEos, ...change });
  const records = (await take(loop)).map(({ values }) => values);
  loop.dispose();
  disposeModels(models);
  return records;
}

/** One rollout of fresh models, with the reward model that the critic starts from. */
async function rolloutWith(change: Partial<PpoSettings>, score?: (reward: Model) => Scorer) {
  const models = await ppoModels();
  const scorer = score?.(models.value) ?? lowTokens;
  const settings = { ...PPO, ...change };
  const many = [...prompts, ...prompts];
  const made = await collectRollout({ ...models, score: scorer }, many, settings, { key: [1, 2] });
  disposeModels(models);
  return made;
}

describe('where and how the KL is charged', () => {
  test('D25: in the reward with k3, the charge is that estimate, and objective/kl stays k1', async () => {
    const [k1, k3] = [await run({}), await run({ klEstimator: 'k3' })];
    const charged = (records: typeof k1) => last(records, 'objective/non_score_reward');
    expect(charged(k1)).toBeCloseTo(-PPO.beta * last(k1, 'objective/kl'), 6);
    expect(Math.abs(charged(k3) + PPO.beta * last(k3, 'objective/kl'))).toBeGreaterThan(1e-3);
    // The first rollout is that of the reference, where no estimate charges anything.
    expect(charged(k3.slice(0, 1))).toBeCloseTo(0, 6);
    expect(last(k3, 'policy/grad_norm')).not.toBeCloseTo(last(k1, 'policy/grad_norm'), 5);
  });

  test('D25: with the same dear beta, k1 in the reward holds the policy and k3 and k2 there do not', async () => {
    const kl = async (klEstimator: PpoSettings['klEstimator']) =>
      last(await drive({ beta: 2, klEstimator }), 'objective/kl');
    const held = await kl('k1');
    expect(Math.abs(held)).toBeLessThan(0.25);
    expect(await kl('k3')).toBeGreaterThan(0.5);
    expect(await kl('k2')).toBeGreaterThan(0.5);
  });

  test('D25: as a loss k2 and k3 hold the policy, k1 does not: its gradient is zero on average', async () => {
    const kl = async (klEstimator: PpoSettings['klEstimator']) =>
      last(await drive({ beta: 5, klPlace: 'loss', klEstimator }), 'objective/kl');
    expect(Math.abs(await kl('k2'))).toBeLessThan(0.25);
    expect(Math.abs(await kl('k3'))).toBeLessThan(0.25);
    expect(await kl('k1')).toBeGreaterThan(0.5);
  });

  test('D25: in the loss it leaves the rewards alone and is recorded before its coefficient', async () => {
    const records = await run({ klPlace: 'loss', klEstimator: 'k2', beta: 0.5 });
    for (const values of records) {
      expect(values['objective/rlhf_reward']).toBe(values['objective/scores']);
      expect(values['objective/non_score_reward']).toBe(0);
    }
    expect(last(records, 'loss/kl_avg')).toBeGreaterThan(0);
    expect(last(await run({}), 'loss/kl_avg')).toBeNaN();
  });
});

describe('the adaptive beta', () => {
  const horizon = 1024;
  const chain = (records: readonly Readonly<Record<string, number>>[], target: number) => {
    const kl = series(records, 'objective/kl');
    const betas = [PPO.beta];
    for (let i = 0; i + 1 < kl.length; i++) {
      const episodes = PPO.rolloutBatch;
      betas.push(adaptiveKlStep({ beta: betas[i]!, kl: kl[i]!, target, horizon, episodes }));
    }
    return betas;
  };

  test('D24: rises while the policy is too far away, falls while it is too near, after each update', async () => {
    const near = await run({ adaptiveKl: { target: 50, horizon } }, 4);
    expect(series(near, 'objective/kl_coef')).toEqual(chain(near, 50));
    expect(last(near, 'objective/kl_coef')).toBeCloseTo(0.05 * (1 - (0.2 * 16) / 1024) ** 3, 12);
    const far = await run({ adaptiveKl: { target: 0.001, horizon } }, 4);
    expect(series(far, 'objective/kl_coef')).toEqual(chain(far, 0.001));
    const coefficients = series(far, 'objective/kl_coef');
    expect(last(far, 'objective/kl')).toBeGreaterThan(0.001);
    expect(coefficients[3]).toBeGreaterThan(coefficients[2] ?? NaN);
  });

  test('D24: it is what rewards, and the loss, are charged with', async () => {
    const change = { adaptiveKl: { target: 1e-6, horizon: 16 } };
    const records = await run({ ...change, beta: 0.5 }, 4);
    for (const values of records) {
      const { 'objective/kl_coef': beta = NaN, 'objective/kl': kl = NaN } = values;
      expect(values['objective/non_score_reward']).toBeCloseTo(-beta * kl, 8);
    }
    const loss = { klPlace: 'loss', klEstimator: 'k2', beta: 5 } as const;
    const [fixed, adaptive] = [await run(loss, 4), await run({ ...loss, ...change }, 4)];
    expect(adaptive[0]).toEqual(fixed[0]);
    expect(last(adaptive, 'policy/grad_norm')).not.toBe(last(fixed, 'policy/grad_norm'));
  });
});

describe('whitening', () => {
  test('D20: over the batch is over the minibatch when there is one, and something else when there are two', async () => {
    const one = { minibatches: 1 };
    expect(await run({ ...one, whitenScope: 'batch' })).toEqual(await run(one));
    const [both] = await run({ whitenScope: 'batch' }, 1);
    const [each] = await run({}, 1);
    expect(both?.['objective/scores']).toBe(each?.['objective/scores']);
    expect(both?.['loss/policy_avg']).not.toBe(each?.['loss/policy_avg']);
    // On the first minibatches ratios are 1, so that the loss is minus the mean advantage: zero over all of them.
    const still = await run({ whitenScope: 'batch', policyLearningRate: 1e-9 }, 1);
    expect(last(still, 'loss/policy_avg')).toBeCloseTo(0, 5);
  });

  test('D18: the Bessel correction shortens the first policy gradient by sqrt((n - 1) / n)', async () => {
    const one = { minibatches: 1, ptxCoefficient: 0 };
    const [population] = await run(one, 1);
    const [bessel] = await run({ ...one, whitenVariance: 'bessel' }, 1);
    const n = PPO.rolloutBatch * (population?.['completions/mean_length'] ?? NaN);
    const ratio = (bessel?.['policy/grad_norm'] ?? NaN) / (population?.['policy/grad_norm'] ?? NaN);
    expect(ratio).toBeCloseTo(Math.sqrt((n - 1) / n), 5);
    expect(ratio).toBeLessThan(1);
  });

  test('D19: whitened rewards have spread 1 and their old mean, and the record of rewards is of those before', async () => {
    const plain = await rolloutWith({});
    const white = await rolloutWith({ whitenRewards: true });
    const { mask } = plain;
    expect(maskedVariance(plain.rewards, mask)).toBeLessThan(0.9);
    expect(maskedVariance(white.rewards, mask)).toBeCloseTo(1, 4);
    expect(maskedMean(white.rewards, mask)).toBeCloseTo(maskedMean(plain.rewards, mask), 5);
    expect(white.metrics['objective/rlhf_reward']).toBe(plain.metrics['objective/rlhf_reward']);
    expect(white.metrics['ppo/returns/var']).not.toBe(plain.metrics['ppo/returns/var']);
    const [whitened] = await run({ whitenRewards: true }, 1);
    expect(whitened?.['loss/value_avg']).not.toBe((await run({}, 1))[0]?.['loss/value_avg']);
  });
});

describe('the end of a response', () => {
  test('D9: a response without EOS scores what replaces it, others what they earned', async () => {
    const none = await rolloutWith({ missingEos: { kind: 'none', value: 0 } });
    const replaced = await rolloutWith({ missingEos: { kind: 'replace', value: -1 } });
    const subtracted = await rolloutWith({ missingEos: { kind: 'subtract', value: 1 } });
    expect(new Set(none.ended)).toEqual(new Set([true, false]));
    none.ended.forEach((ended, b) => {
      const earned = none.scores[b] ?? NaN;
      expect(replaced.scores[b]).toBe(ended ? earned : -1);
      expect(subtracted.scores[b]).toBeCloseTo(ended ? earned : earned - 1, 6);
    });
  });

  test('D10: one place later, lambda 1 gives the same advantages and a smaller lambda others', async () => {
    const later = { scorePosition: 'after-last' } as const;
    const distance = async (lambda: number) => {
      const [here, there] = [
        await rolloutWith({ lambda }),
        await rolloutWith({ lambda, ...later }),
      ];
      return Math.max(...here.advantages.map((a, i) => Math.abs(a - (there.advantages[i] ?? NaN))));
    };
    expect(await distance(1)).toBeLessThan(1e-5);
    expect(await distance(0.5)).toBeGreaterThan(0.01);
    const [here] = await run({}, 1);
    const [there] = await run(later, 1);
    expect(there?.['objective/scores']).toBe(here?.['objective/scores']);
    expect(there?.['loss/value_avg']).not.toBe(here?.['loss/value_avg']);
  });

  test('D10, D31: the state after EOS is worth the score to a fresh critic, so nothing surprises there', async () => {
    const made = await rolloutWith(
      { scorePosition: 'after-last', beta: 0, missingEos: { kind: 'none', value: 0 } },
      (reward) => (rows) => scoreSequences(reward, rows, shape),
    );
    const { B, R, sequences, scores, values, rewards, returns, stateMask, advantages } = made;
    let short = 0;
    for (let b = 0; b < B; b++) {
      const length = sequences[b]?.response.length ?? NaN;
      const live = Array.from(stateMask.subarray(b * R, (b + 1) * R));
      const states = live.reduce((sum, x) => sum + x, 0);
      expect(states).toBe(Math.min(R, length + 1));
      if (length === R) continue;
      short++;
      const after = b * R + length;
      expect(rewards[after]).toBe(scores[b]);
      expect(rewards[after - 1]).toBe(0);
      expect(values[after]).toBeCloseTo(scores[b] ?? NaN, 5);
      expect(returns[after]).toBeCloseTo(scores[b] ?? NaN, 5);
      expect(advantages[after]).toBe(0);
    }
    expect(short).toBeGreaterThan(3);
  });
});

describe('the update', () => {
  test('S61: an entropy bonus keeps the choice of the next token more open', async () => {
    const [plain, open] = [await run({}, 4), await run({ entropyBonus: 0.5 }, 4)];
    expect(last(open, 'policy/entropy_avg')).toBeGreaterThan(
      last(plain, 'policy/entropy_avg') + 0.01,
    );
    expect(open[0]?.['objective/entropy']).toBe(plain[0]?.['objective/entropy']);
  });

  test('D16: without a value clip no value is clipped, with a narrow one some are', async () => {
    const share = async (valueClip: number) =>
      last(await run({ valueClip, innerEpochs: 3 }, 2), 'val/clipfrac_avg');
    expect(await share(0.01)).toBeGreaterThan(0);
    expect(await share(Infinity)).toBe(0);
  });

  test('S61: a policy gradient shortened to almost nothing hardly moves the policy', async () => {
    const kl = async (maxGradientNorm: number) =>
      last(
        await run({ optimizer: { ...PPO.optimizer, maxGradientNorm } }, 3),
        'policy/approxkl_avg',
      );
    expect(await kl(1e-10)).toBeLessThan(0.01 * (await kl(1)));
  });

  test('D21: more inner epochs take each batch farther', async () => {
    const moved = async (innerEpochs: number) =>
      last(await run({ innerEpochs }, 1), 'policy/approxkl_avg');
    expect(await moved(4)).toBeGreaterThan(2 * (await moved(1)));
  });

  test('D29: an average that keeps nothing is the policy, one that keeps much is not', async () => {
    for (const [emaDecay, same] of [
      [0, true],
      [0.99, false],
    ] as const) {
      const models = await ppoModels();
      const loop = ppoLoop(models, DATA, { ...FAST, emaDecay });
      await take(loop, 2);
      expect(sameBits(await models.ema.tensors(), await models.policy.tensors())).toBe(same);
      loop.dispose();
      disposeModels(models);
    }
  });
});

describe('the calibrated pre-training mix', () => {
  const mixed = { ptx };

  test('S65: one minibatch gives the wanted ratio exactly, and later iterations keep the weight', async () => {
    const change = { minibatches: 1, ptxTargetRatio: 0.3 };
    const records = await run(change, 3, mixed);
    expect(records[0]?.['ptx/grad_norm_ratio']).toBeCloseTo(0.3, 6);
    const weights = series(records, 'ptx/coefficient');
    for (const weight of weights) expect(weight / (weights[0] ?? NaN)).toBeCloseTo(1, 12);
    expect(records[1]?.['ptx/grad_norm_ratio']).not.toBeCloseTo(0.3, 3);
    // The weight given by hand is not used, and twice the ratio is twice the weight.
    const other = await run({ ...change, ptxCoefficient: 9 }, 1, mixed);
    expect(other[0]?.['ptx/coefficient']).toBeCloseTo(weights[0] ?? NaN, 10);
    const twice = await run({ ...change, ptxTargetRatio: 0.6 }, 1, mixed);
    expect(twice[0]?.['ptx/coefficient']).toBeCloseTo(2 * (weights[0] ?? NaN), 6);
  });

  test('S65: of several minibatches the weight that stays is by the sums of both norms', async () => {
    const records = await run({ ptxTargetRatio: 0.3, ptxCoefficient: 0 }, 2, mixed);
    const kept = records[1]?.['ptx/coefficient'] ?? NaN;
    expect(records[0]?.['ptx/coefficient']).not.toBe(kept);
    expect(kept).toBeGreaterThan(0);
    expect(records[0]?.['loss/ptx_avg']).toBeGreaterThan(0);
    // Off, the given weight is what is used.
    const off = await run({ ptxCoefficient: 0.7 }, 1, mixed);
    expect(off[0]?.['ptx/coefficient']).toBeCloseTo(0.7, 12);
  });
});

describe('the gold judge', () => {
  test('its mean over the responses that it can judge is recorded, and changes nothing else', async () => {
    const made = await rolloutWith({});
    const judge = (id: string, response: readonly number[], ended: boolean) =>
      id === 'prompt 0' ? null : response.length + (ended ? 0.5 : 0);
    const verdicts = made.sequences.flatMap(({ response }, b) =>
      made.prompts[b]?.id === 'prompt 0' ? [] : [response.length + (made.ended[b] ? 0.5 : 0)],
    );
    const mean = verdicts.reduce((sum, x) => sum + x, 0) / verdicts.length;
    expect(goldMetrics(made, judge)).toEqual({ 'objective/gold_scores': mean });
    expect(verdicts.length).toBeLessThan(made.B);
    expect(goldMetrics(made, () => null)).toEqual({});
    const [with_, without] = [await run({}, 2, { gold: judge }), await run({}, 2)];
    for (const [i, { 'objective/gold_scores': gold, ...values }] of with_.entries()) {
      expect(gold).toBeGreaterThan(0);
      expect(values).toEqual(without[i]);
    }
  });
});

test('what rollouts are measured for is recorded, sees what was written, and changes nothing else', async () => {
  const seen: number[] = [];
  const measure: PpoData['measure'] = ({ sequences, ended }) => {
    seen.push(sequences.length);
    const tokens = sequences.flatMap(({ response }) => [...response]);
    return {
      'completions/sum': tokens.reduce((sum, id) => sum + id, ended.filter(Boolean).length),
    };
  };
  const [measured, plain] = [await run({}, 2, { measure }), await run({}, 2)];
  expect(seen).toEqual([PPO.rolloutBatch, PPO.rolloutBatch]);
  for (const [i, { 'completions/sum': sum, ...values }] of measured.entries()) {
    expect(sum).toBeGreaterThan(0);
    expect(values).toEqual(plain[i]);
  }
});
