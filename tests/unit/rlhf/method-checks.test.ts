/** Each self-check of the methods beside PPO is made to fail on purpose by the fault that it is there for. */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { uploadBatch } from '../../../src/model/batch.ts';
import { DEFAULT_OPTIMIZER } from '../../../src/model/optimizer.ts';
import type { Model } from '../../../src/model/parameters.ts';
import type { SelfChecks } from '../../../src/records/run.ts';
import { dpoUpdate } from '../../../src/rlhf/dpo-update.ts';
import { DPO, pairsFromRankings } from '../../../src/rlhf/dpo.ts';
import { EXPERT_ITERATION } from '../../../src/rlhf/expert-iteration.ts';
import { GRPO } from '../../../src/rlhf/grpo.ts';
import type { Snapshot } from '../../../src/rlhf/loop.ts';
import {
  firstImplicitRewards,
  firstRatioChecks,
  firstResponseChecks,
} from '../../../src/rlhf/method-checks.ts';
import type { MethodInput } from '../../../src/rlhf/method.ts';
import { METHODS } from '../../../src/rlhf/methods.ts';
import { ONLINE_DPO } from '../../../src/rlhf/online-dpo.ts';
import { collectResponses } from '../../../src/rlhf/rollout.ts';
import { METHOD_CHARTS } from '../../../src/ui/method-words.ts';
import { checkWords } from '../../../src/ui/self-check-meanings.ts';
import { start, tinyModel } from '../model/tiny-model.ts';
import { prompts, rankings, shape, take } from './toy.ts';

vi.mock('../../../src/model/batch.ts', { spy: true });
vi.mock('../../../src/rlhf/dpo-update.ts', { spy: true });
const actual = await vi.importActual<{ uploadBatch: typeof uploadBatch }>(
  '../../../src/model/batch.ts',
);

const SETTINGS = {
  shape,
  temperature: 1,
  beta: 0.1,
  missingEos: { kind: 'none', value: 0 },
  iterations: 3,
  promptsPerBatch: 4,
  groupSize: 4,
  minibatches: 2,
  innerEpochs: 1,
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

const WITH_RESPONSES = ['cache equals full forward', 'kl 0 at start'];
const ALWAYS = ['finite numbers', 'padding changes nothing', 'reference unchanged'];
const CLIPPED = ['first clip fraction is 0', 'first ratio is 1'];
const NAMES: Readonly<Record<keyof typeof METHODS, readonly string[]>> = {
  dpo: [...ALWAYS, 'first implicit rewards are 0'],
  'online-dpo': [...ALWAYS, ...WITH_RESPONSES, 'first implicit rewards are 0'],
  grpo: [...ALWAYS, ...WITH_RESPONSES, ...CLIPPED],
  rloo: [...ALWAYS, ...WITH_RESPONSES, ...CLIPPED],
  'best-of-n': [...ALWAYS, ...WITH_RESPONSES],
  'expert-iteration': [...ALWAYS, ...WITH_RESPONSES],
};

let reference: Model;
let input: MethodInput;

beforeAll(() => start('wasm'));
beforeEach(() => {
  reference = tinyModel('language', 5);
  input = {
    reference,
    prompts,
    score: (rows) => Promise.resolve(rows.map(({ response }) => response.length)),
    pairs: pairsFromRankings(rankings(6)),
  };
});
afterEach(() => {
  vi.resetAllMocks();
  reference.dispose();
});

/** Changes a model a little, in its last gain. */
function nudge(model: Model, by = 1.05): void {
  const gain = model.get('ln_f.weight');
  tf.tidy(() => gain.assign(tf.mul(gain, by)));
}

const failing = (checks: SelfChecks | undefined) =>
  Object.keys(checks ?? {}).filter((name) => checks?.[name]?.ok === false);

/** Checks after each of the first steps; `before` is done to the opened policy. */
async function checksOf(
  method: (typeof METHODS)[keyof typeof METHODS],
  steps: number,
  before: (policy: Model) => void = () => undefined,
): Promise<(SelfChecks | undefined)[]> {
  const open = await method.open(input, SETTINGS);
  before(open.policy);
  const records = await take(open.loop, steps);
  open.dispose();
  return records.map(({ checks }) => checks);
}

describe.each(Object.entries(METHODS))('%s', (name, method) => {
  test('all checks of a healthy run hold, stay in its records, and have words on the page', async () => {
    const all = await checksOf(method, 3);
    const expected = NAMES[name as keyof typeof METHODS];
    expect(all).toHaveLength(3);
    for (const checks of all) {
      expect(Object.keys(checks ?? {}).sort()).toEqual([...expected].sort());
      expect(failing(checks)).toEqual([]);
    }
    for (const check of expected) expect(checkWords(check).label).not.toBe(check);
  });

  test('every line of its charts is a metric that its records hold', async () => {
    const open = await method.open(input, SETTINGS);
    const [record] = await take(open.loop, 1);
    open.dispose();
    const charts = METHOD_CHARTS[name as keyof typeof METHODS];
    expect(new Set(charts.map(({ title }) => title)).size).toBe(charts.length);
    for (const { metrics, title, optional } of charts) {
      if (optional) continue;
      expect(metrics.length).toBeLessThanOrEqual(3);
      for (const metric of metrics) {
        expect(Number.isFinite(record?.values[metric.name]), `${title}: ${metric.name}`).toBe(true);
      }
    }
  });

  test('D33: a reference that moves fails "reference unchanged", and stays failed', async () => {
    const open = await method.open(input, SETTINGS);
    const before = await take(open.loop, 1);
    nudge(reference);
    const after = await take(open.loop, 2);
    nudge(reference, 1 / 1.05);
    expect(failing(before[0]?.checks)).toEqual([]);
    for (const { checks } of after) expect(failing(checks)).toEqual(['reference unchanged']);
    open.dispose();
  });
});

test('D14: a policy that is not the reference fails what starts at zero', async () => {
  const first = async (method: (typeof METHODS)[keyof typeof METHODS]) =>
    failing((await checksOf(method, 1, nudge))[0]);
  expect(await first(DPO as never)).toEqual(['first implicit rewards are 0']);
  expect(await first(GRPO as never)).toEqual(['kl 0 at start']);
  expect(await first(EXPERT_ITERATION as never)).toEqual(['kl 0 at start']);
  expect((await first(ONLINE_DPO as never)).sort()).toEqual([
    'first implicit rewards are 0',
    'kl 0 at start',
  ]);
});

test('D4: rows whose padding is not masked fail "padding changes nothing"', async () => {
  vi.mocked(uploadBatch).mockImplementation((ids, starts) =>
    actual.uploadBatch(ids, new Int32Array(starts.length)),
  );
  expect(failing((await checksOf(METHODS.dpo, 1))[0])).toContain('padding changes nothing');
  expect(failing((await checksOf(METHODS.grpo, 1))[0])).toContain('padding changes nothing');
});

test('one token that the cache got wrong fails "cache equals full forward" alone', async () => {
  const models = { policy: reference, reference, score: input.score };
  const made = await collectResponses(models, prompts, SETTINGS, { key: [1, 2] });
  expect(failing(await firstResponseChecks(reference, made, SETTINGS))).toEqual([]);
  // The same error in both, so that policy and reference still agree.
  const logProbabilities = made.logProbabilities.slice();
  const referenceLogProbabilities = made.referenceLogProbabilities.slice();
  for (const values of [logProbabilities, referenceLogProbabilities]) values[0]! += 0.01;
  const wrong = { ...made, logProbabilities, referenceLogProbabilities };
  expect(failing(await firstResponseChecks(reference, wrong, SETTINGS))).toEqual([
    'cache equals full forward',
  ]);
});

test('D14: a ratio or a clipped share that is not where it starts fails', () => {
  expect(failing(firstRatioChecks(0, 0))).toEqual([]);
  expect(failing(firstRatioChecks(0.01, 0))).toEqual(['first ratio is 1']);
  expect(failing(firstRatioChecks(0, 0.01))).toEqual(['first clip fraction is 0']);
  expect(failing(firstRatioChecks(NaN, NaN))).toHaveLength(2);
  expect(failing(firstImplicitRewards({ 'rewards/chosen': 0 }))).toHaveLength(1);
  expect(failing(firstImplicitRewards({ 'rewards/chosen': 0, 'rewards/rejected': -0.1 }))).toEqual([
    'first implicit rewards are 0',
  ]);
});

describe('a snapshot', () => {
  async function half(name: keyof typeof METHODS): Promise<Snapshot> {
    const open = await METHODS[name].open(input, SETTINGS);
    await take(open.loop, 1);
    const snapshot = await open.loop.snapshot();
    open.dispose();
    return snapshot;
  }

  test('of one method is refused by every other, by name', async () => {
    const dpo = await half('dpo');
    for (const name of Object.keys(METHODS) as (keyof typeof METHODS)[]) {
      if (name === 'dpo') continue;
      const refused = METHODS[name].open(input, SETTINGS, dpo);
      await expect(refused).rejects.toThrow(`this snapshot is of dpo, not of ${name}`);
    }
    const ppo = { tensors: dpo.tensors, state: { iteration: 1, updates: 4 } };
    await expect(METHODS.dpo.open(input, SETTINGS, ppo)).rejects.toThrow('not of dpo');
  });

  test('from before snapshots named their method is gone on with', async () => {
    const { tensors, state } = await half('grpo');
    const { step, tokens, cursor } = state as Record<string, Snapshot['state']>;
    const old = { tensors, state: { step, tokens, cursor } as unknown as Snapshot['state'] };
    const open = await METHODS.grpo.open(input, SETTINGS, old);
    expect((await take(open.loop)).map((record) => record.step)).toEqual([2, 3]);
    open.dispose();
  });

  test('keeps a failed check, also one whose value is no number, in plain JSON', async () => {
    vi.mocked(dpoUpdate).mockResolvedValueOnce({ loss: NaN });
    const open = await METHODS.dpo.open(input, SETTINGS);
    await take(open.loop, 1);
    const { tensors, state } = await open.loop.snapshot();
    expect(JSON.stringify(state)).not.toContain('NaN');
    const saved = { tensors, state: JSON.parse(JSON.stringify(state)) as Snapshot['state'] };
    expect(saved.state).toEqual(state);
    open.dispose();
    const again = await METHODS.dpo.open(input, SETTINGS, saved);
    const [record] = await take(again.loop, 1);
    expect(failing(record?.checks).sort()).toEqual([
      'finite numbers',
      'first implicit rewards are 0',
    ]);
    expect(record?.checks?.['first implicit rewards are 0']?.value).toBeNaN();
    again.dispose();
  });
});
