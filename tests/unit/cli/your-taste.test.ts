/**
 * The scenario *Your taste* with a scripted person, who skips what is no story: fifteen rankings by cheer alone, the quick
 * preset otherwise, the shipped base model. The share of cheerful stories must rise by more than chance explains.
 */
import { expect, test } from 'vitest';
import {
  ppoSettings,
  ptxShape,
  rewardSettings,
  sequenceShape,
  sftMixShape,
  sftSettings,
} from '../../../src/config/stage-settings.ts';
import { scenarioSettings } from '../../../src/config/scenarios/play.ts';
import { loadModel, loadTokenizer } from '../../../src/cli/model-files.ts';
import { startNodeEngine } from '../../../src/cli/node-engine.ts';
import { rowSource } from '../../../src/data/packing.ts';
import { Rng } from '../../../src/data/rng.ts';
import type { Model } from '../../../src/model/parameters.ts';
import { PERSON, type Ranking } from '../../../src/records/ranking.ts';
import { bootstrapInterval } from '../../../src/rlhf/intervals.ts';
import type { Loop } from '../../../src/rlhf/loop.ts';
import {
  complete,
  completionsToRank,
  demonstrationSequences,
  environmentPrompts,
  finishReward,
  openPpo,
  openReward,
  openSft,
  rankedSequences,
} from '../../../src/rlhf/pipeline.ts';
import { splitRankings } from '../../../src/rlhf/held-out.ts';
import { generateDemonstrations } from '../../../src/world/demonstrations.ts';
import { writeDocument } from '../../../src/world/documents.ts';
import { cheerOf, feelingOf } from '../../../src/world/feelings.ts';
import {
  rankingPrompts,
  trainingPrompts,
  validationPrompts,
} from '../../../src/world/prompt-sets.ts';
import type { WorldPrompt } from '../../../src/world/tasks.ts';

const settings = scenarioSettings('your-taste', 'quick');
const shape = sequenceShape(settings);
const { seed } = settings.general;

const stories = (prompts: readonly WorldPrompt[], count: number) =>
  prompts.filter(({ useCase }) => useCase === 'generation').slice(0, count);

async function finish(loop: Loop): Promise<void> {
  for await (const { values } of loop.steps())
    expect(Object.keys(values).length).toBeGreaterThan(3);
}

test('fifteen rankings by cheer alone make stories more cheerful', async () => {
  await startNodeEngine('wasm');
  const tokenizer = loadTokenizer('public/models/base');
  const base = loadModel('public/models/base', 'language');
  const documents = (scope: string, rows: { batch: number; length: number }) =>
    rowSource(writeDocument, tokenizer, rows, { seed, scope });

  const demonstrations = generateDemonstrations(seed, settings.sft.demonstrations);
  const examples = demonstrationSequences(tokenizer, demonstrations, shape);
  const mix = documents('sft mix', sftMixShape(settings));
  const sft = await openSft(base, examples, sftSettings(settings), undefined, mix);
  await finish(sft.loop);

  const pool = trainingPrompts(seed);
  const asked = stories(rankingPrompts(pool, 100), 15);
  const call = { shape, temperature: 1, seed, policy: 'sft' } as const;
  const answers = await completionsToRank(sft.model, tokenizer, asked, 4, {
    ...call,
    temperature: settings.labels.temperature,
    scope: 'taste',
  });
  const rankings = asked.map((prompt, i): Ranking => {
    const completions = answers[i] ?? [];
    const cheer = completions.map(({ text }) => cheerOf(text));
    const ranks = cheer.map((own) => 1 + cheer.filter((other) => other > own).length);
    return {
      id: prompt.id,
      prompt,
      completions,
      ranks,
      labeler: PERSON,
      shown: [0, 1, 2, 3],
      at: 0,
    };
  });
  // Some are kept aside to measure accuracy, as in the page.
  const { training } = splitRankings(rankings, settings.reward.heldOutShare);
  const ranked = rankedSequences(tokenizer, training, shape);
  const reward = await openReward(sft.model, ranked, rewardSettings(settings));
  await finish(reward.loop);
  await finishReward(reward.model, examples.slice(0, 256), shape);

  const rows = ptxShape(settings);
  const prompts = environmentPrompts(tokenizer, pool, shape);
  const input = {
    sft: sft.model,
    reward: reward.model,
    prompts,
    ptx: rows && documents('ptx', rows),
  };
  const ppo = await openPpo(input, ppoSettings(settings));
  await finish(ppo.loop);

  const heldOut = stories(validationPrompts(seed, 800), 300);
  const texts = heldOut.map(({ text }) => text);
  const cheerful = async (model: Model) => {
    const written = await complete(model, tokenizer, texts, { ...call, scope: 'held-out stories' });
    return written.map(({ text }) => (feelingOf(text) === 'cheerful' ? 1 : 0) as number);
  };
  const before = await cheerful(sft.model);
  const after = await cheerful(ppo.models.policy);
  const change = after.map((value, i) => value - (before[i] ?? NaN));
  const users = heldOut.map(({ userId }) => userId);
  const { mean, low } = bootstrapInterval(change, users, Rng.named(seed, 'taste'));
  expect(heldOut.length).toBe(300);
  expect(mean).toBeGreaterThan(0.05);
  expect(low).toBeGreaterThan(0);
}, 900_000);
