/**
 * The reward model of two rounds (paper, section 3.1): steps 2 and 3 can be iterated, so that most comparisons are of
 * answers by the supervised model and some of answers by a first policy, which a reward model of the former alone
 * judges badly. Kept in the seed's folder like every other run.
 */
import type { Model } from '../../model/parameters.ts';
import { promptsThatFit } from '../../rlhf/pipeline.ts';
import type { Ranking } from '../../records/ranking.ts';
import { rankingPrompts, trainingPrompts } from '../../world/prompt-sets.ts';
import { rankByClass } from '../class-rankings.ts';
import { classRankings, reinforceStage, rewardStage } from '../rlhf-run.ts';
import type { SeedLab } from './lab.ts';
import { trainRewardFrom } from './reward-runs.ts';

/** A policy reinforced from `sft` against `first`, which serves no other purpose than to be ranked. */
async function firstPolicyRankings(lab: SeedLab, sft: Model, first: Model): Promise<Ranking[]> {
  const { seed, tokenizer, shape, labelers, settings, counts } = lab;
  const run = lab.lab('first-policy');
  const { policy, open } = await reinforceStage(run, sft, first, null);
  const pool = promptsThatFit(tokenizer, trainingPrompts(seed), shape);
  const { k: K, temperature } = settings.labels;
  const file = lab.path('first-policy', 'labels.jsonl');
  const how = { shape, K, temperature, seed, scope: 'second round', policy: 'first-policy', file };
  const prompts = rankingPrompts(pool, counts.policyPrompts);
  const rankings = await rankByClass(policy, tokenizer, prompts, labelers, how);
  open.dispose();
  return rankings;
}

/** The reward model that every claim uses, made of the supervised model `sft`; of one round where no policy is ranked. */
export async function rewardOfRounds(lab: SeedLab, sft: Model): Promise<Model> {
  const main = lab.lab('main');
  const first = await rewardStage(main, sft);
  if (lab.counts.policyPrompts === 0) return first;
  const both = async (): Promise<Ranking[]> => [
    ...(await classRankings(main, sft)),
    ...(await firstPolicyRankings(lab, sft, first)),
  ];
  const reward = await trainRewardFrom(lab, sft, 'two-rounds', both);
  first.dispose();
  return reward;
}
