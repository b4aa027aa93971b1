/**
 * Reward models beside the usual one: trained on rankings that a claim chooses, kept in a folder of their own, and
 * measured comparison by comparison, by the user who sent the prompt.
 */
import type { Settings } from '../../config/settings.ts';
import { rewardSettings } from '../../config/stage-settings.ts';
import { Model } from '../../model/parameters.ts';
import type { Completion, Ranking } from '../../records/ranking.ts';
import { unprefixed } from '../../rlhf/loop.ts';
import type { ScoredRanking } from '../../rlhf/metrics.ts';
import {
  completionsToRank,
  demonstrationSequences,
  finishReward,
  openReward,
  promptsThatFit,
  rankedSequences,
} from '../../rlhf/pipeline.ts';
import { comparisonsFromRanks } from '../../rlhf/ranking-loss.ts';
import { scoreRankings } from '../../rlhf/reward.ts';
import { generateDemonstrations } from '../../world/demonstrations.ts';
import { rankingPrompts, testPrompts, trainingPrompts } from '../../world/prompt-sets.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import { finishedStage, runStage, unfinishedStage } from '../stage-runner.ts';
import { keptOr } from './json-file.ts';
import type { SeedLab } from './lab.ts';
import type { Value } from './sample.ts';

/** A prompt with K answers of SFT that labelers may rank. */
export interface Candidates {
  readonly prompt: WorldPrompt;
  readonly completions: readonly Completion[];
}

/** Answers to so many prompts, drawn as those that labelers rank in the usual run; kept. Validation prompts are the lab's. */
export async function candidatesOf(
  lab: SeedLab,
  split: 'train' | 'validation' | 'test',
  count: number,
): Promise<Candidates[]> {
  const { seed, tokenizer, shape, settings } = lab;
  const fitting = (prompts: readonly WorldPrompt[]) => promptsThatFit(tokenizer, prompts, shape);
  const prompts =
    split === 'train'
      ? rankingPrompts(fitting(trainingPrompts(seed)), count)
      : split === 'test'
        ? fitting(testPrompts(seed, count))
        : lab.validation;
  const { k, temperature } = settings.labels;
  const scope = `candidates ${split}`;
  const drawn = await keptOr(lab.path('candidates', `${split}-${count}.json`), async () => {
    const how = { shape, temperature, seed, scope, policy: 'sft' };
    const all = await completionsToRank(await lab.sft(), tokenizer, prompts, k, how);
    return all.map((row) =>
      row.map(({ id, text, policy, ended }) => ({ id, text, policy, ended })),
    );
  });
  return prompts.map((prompt, i) => ({ prompt, completions: drawn[i]! }));
}

/** The first rankings that give at least so many comparisons together; all when they give fewer. */
export function takeComparisons<R extends Pick<Ranking, 'ranks'>>(
  rankings: readonly R[],
  count: number,
): R[] {
  const taken: R[] = [];
  let total = 0;
  for (const ranking of rankings) {
    if (total >= count) break;
    const own = comparisonsFromRanks(ranking.ranks).length;
    if (own === 0) continue;
    taken.push(ranking);
    total += own;
  }
  return taken;
}

/** A reward model from the supervised model given on rankings that are made when needed; the caller disposes it. */
export async function trainRewardFrom(
  lab: SeedLab,
  sft: Model,
  name: string,
  rankings: () => Promise<readonly Ranking[]>,
  settings: Settings = lab.settings,
): Promise<Model> {
  const { tokenizer, shape, seed } = lab;
  const folder = { path: lab.path('rewards', name) };
  const done = finishedStage(folder, 'reward');
  if (done) return new Model(sft.config, 'scalar', unprefixed(done.snapshot.tensors, 'model.'));
  const rows = rankedSequences(tokenizer, await rankings(), shape);
  const from = unfinishedStage(folder, 'reward');
  const { model, loop } = await openReward(sft, rows, rewardSettings(settings), from);
  const demonstrations = demonstrationSequences(
    tokenizer,
    generateDemonstrations(seed, 256),
    shape,
  );
  await runStage('reward', loop, folder, 'accuracy', async () => {
    await finishReward(model, demonstrations, shape);
  });
  loop.dispose();
  return model;
}

/** A reward model from the seed's SFT on the rankings given; the lab keeps and disposes it. */
export function trainReward(
  lab: SeedLab,
  name: string,
  rankings: readonly Ranking[],
  settings: Settings = lab.settings,
): Promise<Model> {
  return lab.model(`reward ${name}`, async () =>
    trainRewardFrom(lab, await lab.sft(), name, () => Promise.resolve(rankings), settings),
  );
}

/** Rankings with a model's scores; `users[i]` sent prompt i. */
export interface ScoredRankings<R extends Ranking = Ranking> {
  readonly scored: readonly ScoredRanking[];
  readonly users: readonly string[];
  readonly rankings: readonly R[];
}

/** Those that teach nothing are left out. */
export async function scoredRankings<R extends Ranking>(
  lab: Pick<SeedLab, 'tokenizer' | 'shape'>,
  reward: Model,
  rankings: readonly R[],
): Promise<ScoredRankings<R>> {
  const kept = rankings.flatMap((ranking) =>
    rankedSequences(lab.tokenizer, [ranking], lab.shape).map((row) => ({
      row,
      ranking,
    })),
  );
  const rows = kept.map(({ row }) => row);
  return {
    scored: await scoreRankings(reward, rows, lab.shape),
    users: kept.map(({ ranking }) => ranking.prompt.userId),
    rankings: kept.map(({ ranking }) => ranking),
  };
}

/** 1 for each comparison whose winner scores higher, 0 for the others, by user. */
export function correctValues({
  scored,
  users,
}: Pick<ScoredRankings, 'scored' | 'users'>): Value[] {
  return scored.flatMap(({ scores, ranks }, i) =>
    comparisonsFromRanks(ranks).map(({ winner, loser }) => ({
      cluster: users[i]!,
      value: (scores[winner] ?? 0) > (scores[loser] ?? 0) ? 1 : 0,
    })),
  );
}
