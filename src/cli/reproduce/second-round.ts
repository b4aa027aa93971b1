/**
 * The reward model of two rounds (paper, section 3.1): steps 2 and 3 can be iterated, so that most comparisons are of
 * answers by the supervised model and some of answers by a first policy, which a reward model of the former alone
 * judges badly. Kept in the seed's folder like every other run. Prompts of the second round are the first of those that
 * the first round ranks; that many reach round the pool to prompts of demonstrations (prompt-sets.ts).
 */
import type { Model } from '../../model/parameters.ts';
import { promptsThatFit } from '../../rlhf/pipeline.ts';
import type { Ranking } from '../../records/ranking.ts';
import { rankingPrompts, trainingPrompts } from '../../world/prompt-sets.ts';
import { rankByClass } from '../class-rankings.ts';
import { classRankings, policyThatCounts, reinforceStage, rewardStage } from '../rlhf-run.ts';
import type { SeedLab } from './lab.ts';
import { trainRewardFrom } from './reward-runs.ts';

const TWO_ROUNDS = 'two-rounds';

/** Where a seed's folder keeps the reward model that every claim uses. */
export const rewardFolder = ({ counts }: Pick<SeedLab, 'counts'>): readonly string[] =>
  counts.policyPrompts > 0 ? ['rewards', TWO_ROUNDS] : ['main'];

/**
 * Rankings of answers by a policy reinforced from `sft` against `first`, which serves no other purpose than to be ranked.
 *
 * A ranking is named by its prompt and its labeler, who is drawn by the prompt alone: a prompt that was ranked in the first
 * round too has the same labeler and id here. The labeler's noise is drawn by the same names and the answer's grade, so an
 * answer of that grade meets the same noise in both rounds. Nothing keys on these ids, and kept rankings must stay as they
 * are.
 */
async function firstPolicyRankings(lab: SeedLab, sft: Model, first: Model): Promise<Ranking[]> {
  const { seed, tokenizer, shape, labelers, settings, counts } = lab;
  const run = lab.lab('first-policy');
  const step3 = await reinforceStage(run, sft, first, null);
  try {
    const pool = promptsThatFit(tokenizer, trainingPrompts(seed), shape);
    const { k: K, temperature } = settings.labels;
    const file = lab.path('first-policy', 'labels.jsonl');
    const of = { seed, scope: 'second round', policy: 'first-policy' };
    const prompts = rankingPrompts(pool, counts.policyPrompts);
    const policy = policyThatCounts(step3, run.settings);
    const how = { shape, K, temperature, ...of, file };
    return await rankByClass(policy, tokenizer, prompts, labelers, how);
  } finally {
    step3.open.dispose();
  }
}

/**
 * The reward model that every claim uses, made of the supervised model `sft`; of one round where no policy is ranked. The
 * caller disposes it.
 */
export async function rewardOfRounds(lab: SeedLab, sft: Model): Promise<Model> {
  const main = lab.lab('main');
  const first = await rewardStage(main, sft);
  if (lab.counts.policyPrompts === 0) return first;
  const both = async (): Promise<Ranking[]> => [
    ...(await classRankings(main, sft)),
    ...(await firstPolicyRankings(lab, sft, first)),
  ];
  try {
    return await trainRewardFrom(lab, sft, TWO_ROUNDS, both);
  } finally {
    first.dispose();
  }
}
