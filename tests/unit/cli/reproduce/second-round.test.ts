/**
 * The reward model of two rounds at micro size, the shipped base model in place of SFT: a process killed anywhere inside the
 * second round comes to the same one, and leaves no tensor; without a second round it is the usual one; and the policy that
 * is ranked is the one whose weights count.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { rankByClass } from '../../../../src/cli/class-rankings.ts';
import { loadModel, loadTokenizer } from '../../../../src/cli/model-files.ts';
import { startNodeEngine } from '../../../../src/cli/node-engine.ts';
import { SeedLab } from '../../../../src/cli/reproduce/lab.ts';
import type { Speaker } from '../../../../src/cli/reproduce/pages.ts';
import { planOf } from '../../../../src/cli/reproduce/plan.ts';
import { rewardOfRounds } from '../../../../src/cli/reproduce/second-round.ts';
import { rewardStage } from '../../../../src/cli/rlhf-run.ts';
import { finishedStage } from '../../../../src/cli/stage-runner.ts';
import { parseSettings } from '../../../../src/config/settings.ts';
import { jsonlRows } from '../../../../src/data/jsonl.ts';
import { readRankings } from '../../../../src/data/label-rows.ts';
import { Model } from '../../../../src/model/parameters.ts';
import type { Ranking } from '../../../../src/records/ranking.ts';
import { unprefixed } from '../../../../src/rlhf/loop.ts';
import { promptsThatFit } from '../../../../src/rlhf/pipeline.ts';
import { rankingPrompts, trainingPrompts } from '../../../../src/world/prompt-sets.ts';

/** More than a chunk of rankings, so that there is something kept when a process dies between two. */
const RANKED = 60;

const folder = mkdtempSync(join(tmpdir(), 'rlhf-second-round-'));
let base: Speaker;

/** Every weight of the reward model of two rounds that nothing interrupted, and the rankings of its second round. */
let straight: Record<string, string>;
let rankings: Ranking[];

beforeAll(async () => {
  await startNodeEngine('wasm');
  const model = loadModel('public/models/base', 'language');
  base = { model, tokenizer: loadTokenizer('public/models/base') };
  listen();
  const lab = labOf('straight', RANKED);
  straight = await weightsOf(await rewardOfRounds(lab, base.model));
  rankings = ranked(lab, 'first-policy');
  expect(rankings).toHaveLength(RANKED);
}, 400_000);
afterAll(() => {
  base.model.dispose();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function labOf(work: string, policyPrompts: number, policyWeights: 'last' | 'average' = 'last') {
  const { counts, ...plan } = planOf('micro', undefined, (settings) =>
    parseSettings({ evaluate: { policyWeights } }, settings),
  );
  const shared = { base, large: null, work: join(folder, work) };
  const lab = new SeedLab(
    { plan: { ...plan, counts: { ...counts, policyPrompts } }, ...shared },
    1,
  );
  // SFT, which makes the folder of the usual run, is not trained here.
  mkdirSync(lab.path('main'), { recursive: true });
  return lab;
}

/** Lines of progress; the process "dies" at the first for which `dies` says so. */
function listen(dies: (line: string, before: readonly string[]) => boolean = () => false) {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    const line = String(text);
    if (dies(line, lines)) throw new Error('killed');
    lines.push(line);
    return true;
  });
  return lines;
}

/** Every weight of a model, which is disposed, as one digest for each tensor. */
async function weightsOf(reward: Model): Promise<Record<string, string>> {
  const tensors = await reward.tensors();
  reward.dispose();
  const digest = (values: Float32Array): string =>
    createHash('sha256').update(new Uint8Array(values.slice().buffer)).digest('hex');
  return Object.fromEntries([...tensors].map(([name, { data }]) => [name, digest(data)]));
}

const ranked = (lab: SeedLab, run: string): Ranking[] =>
  readRankings(jsonlRows(readFileSync(lab.path(run, 'labels.jsonl'), 'utf8')), 0);

const texts = (rankings: readonly Ranking[]) =>
  rankings.map(({ prompt, ranks, completions }) => [
    prompt.id,
    ranks,
    completions.map(({ policy, text }) => [policy, text]),
  ]);

/** What labelers say of answers by the policy, or by its average, that the second round left behind. */
async function rankingsBy(lab: SeedLab, weights: 'policy' | 'ema'): Promise<Ranking[]> {
  const { tokenizer, shape, labelers, settings, seed } = lab;
  const { snapshot } = finishedStage({ path: lab.path('first-policy') }, 'ppo-ptx')!;
  const { config } = base.model;
  const model = new Model(config, 'language', unprefixed(snapshot.tensors, `${weights}.`));
  const prompts = rankingPrompts(promptsThatFit(tokenizer, trainingPrompts(seed), shape), RANKED);
  const { k: K, temperature } = settings.labels;
  const of = { scope: 'second round', policy: 'first-policy', file: null };
  const how = { shape, K, temperature, seed, ...of };
  const rankings = await rankByClass(model, tokenizer, prompts, labelers, how);
  model.dispose();
  return rankings;
}

describe('a process that dies', () => {
  test.each([
    ['while the first policy is trained', 'ppo-ptx 1/', 0, []],
    ['between two chunks of its rankings', `second round 50/${RANKED}`, 50, ['ppo-ptx 1/']],
    ['while the second reward model is trained', 'reward 1/', RANKED, ['second round 50/']],
  ])(
    '%s has the same reward model when it is resumed, and does nothing twice',
    async (_, at, kept, not) => {
      const lab = labOf(`killed at ${at.replace('/', ' of ')}`, RANKED);
      // The first reward model is trained before the first policy.
      const dies = (line: string, before: readonly string[]) =>
        line.startsWith(at) &&
        (!at.startsWith('reward') || before.some((text) => text.startsWith('second round')));
      const before = tf.memory().numTensors;
      const died = listen(dies);
      await expect(rewardOfRounds(lab, base.model)).rejects.toThrow('killed');
      vi.restoreAllMocks();
      const file = lab.path('first-policy', 'labels.jsonl');
      expect(existsSync(file) ? ranked(lab, 'first-policy').length : 0).toBe(kept);
      if (at.startsWith('second round')) expect(tf.memory().numTensors).toBe(before);

      const lines = listen();
      const resumed = await weightsOf(await rewardOfRounds(lab, base.model));
      expect(resumed).toEqual(straight);
      expect(texts(ranked(lab, 'first-policy'))).toEqual(texts(rankings));
      // Of the two reward models the first was whole, and is not trained again.
      const begun = (told: readonly string[]) =>
        told.filter((line) => line.startsWith('reward 1/')).length;
      expect([begun(died), begun(lines)]).toEqual([1, 1]);
      for (const done of not) {
        expect(died.filter((line) => line.startsWith(done))).toHaveLength(1);
        expect(lines.filter((line) => line.startsWith(done))).toEqual([]);
      }
    },
    400_000,
  );

  test('after its end finds everything kept, and trains and draws nothing', async () => {
    const lab = labOf('straight', RANKED);
    const lines = listen();
    expect(await weightsOf(await rewardOfRounds(lab, base.model))).toEqual(straight);
    expect(lines).toEqual([]);
  });

  test('two rounds teach something else than one', async () => {
    listen();
    const lab = labOf('straight', 0);
    expect(await weightsOf(await rewardOfRounds(lab, base.model))).not.toEqual(straight);
  });
});

test('without prompts for a second round it is the reward model of one round, and no policy is trained for it', async () => {
  listen();
  const [lab, plain] = [labOf('one round', 0), labOf('plain', 0)];
  const one = await weightsOf(await rewardOfRounds(lab, base.model));
  expect(one).toEqual(await weightsOf(await rewardStage(plain.lab('main'), base.model)));
  expect(existsSync(lab.path('main', 'reward-done'))).toBe(true);
  expect(existsSync(lab.path('first-policy'))).toBe(false);
  expect(existsSync(lab.path('rewards'))).toBe(false);
}, 400_000);

test('the policy that is ranked has the last weights, or their average where the settings judge that', async () => {
  listen();
  const last = labOf('straight', RANKED);
  const average = labOf('average', RANKED, 'average');
  (await rewardOfRounds(average, base.model)).dispose();
  for (const [lab, weights, other] of [
    [last, 'policy', 'ema'],
    [average, 'ema', 'policy'],
  ] as const) {
    const own = texts(ranked(lab, 'first-policy'));
    expect(own).toEqual(texts(await rankingsBy(lab, weights)));
    expect(own).not.toEqual(texts(await rankingsBy(lab, other)));
  }
}, 400_000);
