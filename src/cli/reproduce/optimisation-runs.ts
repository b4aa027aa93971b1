/**
 * The runs behind over-optimisation: reward models trained on so many comparisons, PPO against each at several KL prices,
 * and draws of SFT scored by each for best-of-n. What is said of them is claims/over-optimisation.ts.
 */
import type { Model } from '../../model/parameters.ts';
import type { Ranking } from '../../records/ranking.ts';
import { completionsToRank, promptsThatFit, promptTokens } from '../../rlhf/pipeline.ts';
import { bestOfNCurve, type BestOfNPoint, type ScoredDraws } from '../../rlhf/over-optimisation.ts';
import { scoreSequences } from '../../rlhf/sequences.ts';
import { goldVerdict } from '../../world/judges.ts';
import { labelByClass } from '../../world/labelers.ts';
import { trainingPrompts } from '../../world/prompt-sets.ts';
import { answersBy, type PromptSet } from './answers.ts';
import { keptOr } from './json-file.ts';
import { NO_PTX, type SeedLab, type TrainedPolicy } from './lab.ts';
import { candidatesOf, takeComparisons, trainReward } from './reward-runs.ts';
import { GOLD, valuesOf, type Answered } from './rows.ts';
import type { Value } from './sample.ts';

/** Fewer strict comparisons than this of a ranked prompt are not to be expected on average. */
const COMPARISONS_PER_PROMPT = 2.5;

export interface CountedReward {
  /** As asked for; whole rankings are taken, so a few more. */
  readonly comparisons: number;
  readonly model: Model;
}

/** Reward models on the first so many comparisons of the same rankings by the usual labelers. */
export async function countedRewards(lab: SeedLab): Promise<CountedReward[]> {
  const { comparisons } = lab.counts;
  const most = Math.max(...comparisons);
  const prompts = Math.ceil(most / COMPARISONS_PER_PROMPT);
  const candidates = await candidatesOf(lab, 'train', prompts);
  const rankings: Ranking[] = candidates.map(({ prompt, completions }) =>
    labelByClass(lab.labelers, prompt, completions, lab.seed),
  );
  const rewards: CountedReward[] = [];
  for (const count of comparisons) {
    const taken = takeComparisons(rankings, count);
    const model = await trainReward(lab, `comparisons-${count}`, taken);
    rewards.push({ comparisons: count, model });
  }
  return rewards;
}

/** One iteration of PPO: distance from the start, and what the rollout was worth to both. */
export interface PathPoint {
  /** KL to SFT, nats per response. */
  readonly kl: number;
  readonly proxy: number;
  readonly gold: number;
}

interface MeasuredRun {
  readonly comparisons: number;
  readonly beta: number;
  readonly path: readonly PathPoint[];
  /** Gold of the policy at the end on test prompts, temperature 1, by user. */
  readonly gold: readonly Value[];
}

export interface OptimisationRun extends MeasuredRun {
  /** What the policy at the end answered to them. */
  readonly answered: Answered;
}

/** The test prompts, under a name of their own: every final policy's answers to them, and SFT's, all drawn alike. */
export const optimisationSet = ({ prompts }: SeedLab): PromptSet => ({
  name: 'over-optimisation',
  prompts,
});

/** One answer to each test prompt, as all of these runs are asked. */
export async function finalAnswers(
  lab: SeedLab,
  policy: string,
  model: () => Promise<Model>,
): Promise<Answered> {
  const how = { set: optimisationSet(lab), scope: 'over' };
  return { policy, drawing: '1', answers: await answersBy(lab, model, policy, how) };
}

/** PPO without pre-training text against one reward model at one KL price. */
export async function optimisationRun(
  lab: SeedLab,
  { comparisons, model }: CountedReward,
  beta: number,
): Promise<OptimisationRun> {
  const name = `over-${comparisons}-beta-${beta}`;
  const layer = { ppo: { ...NO_PTX.ppo, beta, episodes: lab.counts.optimisationEpisodes } };
  const made: { trained?: Promise<TrainedPolicy> } = {};
  const train = (): Promise<TrainedPolicy> =>
    (made.trained ??= lab.reinforce(lab.lab(name, layer), model, null));
  const answered = await finalAnswers(lab, name, async () => (await train()).policy);
  const measured = await keptOr(lab.path(name, 'measured.json'), async (): Promise<MeasuredRun> => {
    const { records } = await train();
    const path = records.map(({ values }) => ({
      kl: values['objective/kl'] ?? NaN,
      proxy: values['objective/scores'] ?? NaN,
      gold: values['objective/gold_scores'] ?? NaN,
    }));
    return { comparisons, beta, path, gold: valuesOf(lab, answered, GOLD) };
  });
  (await made.trained)?.policy.dispose();
  return { ...measured, answered };
}

/** Draws of SFT for training prompts, as the environment asks them. */
async function drawsOf(lab: SeedLab) {
  const { seed, tokenizer, shape, counts } = lab;
  const pool = promptsThatFit(tokenizer, trainingPrompts(seed), shape).slice(0, counts.drawPrompts);
  const how = { shape, temperature: 1, seed, scope: 'best-of-n', policy: 'sft' };
  const drawn = await completionsToRank(await lab.sft(), tokenizer, pool, counts.draws, how);
  return pool.map((prompt, p) => ({ prompt, completions: drawn[p]! }));
}

/** Best-of-n of SFT against each reward model, by the exact law of the draws. */
export function bestOfNCurves(
  lab: SeedLab,
  rewards: readonly CountedReward[],
): Promise<BestOfNPoint[][]> {
  return keptOr(lab.path('best-of-n.json'), async () => {
    const { tokenizer, shape, counts } = lab;
    const draws = await drawsOf(lab);
    const sequences = draws.flatMap(({ prompt, completions }) =>
      completions.map(({ tokens }) => ({
        prompt: promptTokens(tokenizer, prompt.text),
        response: tokens,
      })),
    );
    const curves: BestOfNPoint[][] = [];
    for (const { model } of rewards) {
      const scores = await scoreSequences(model, sequences, shape);
      const scored = draws.map(({ prompt, completions }, p): ScoredDraws => {
        const from = p * counts.draws;
        return {
          // The same words cut off and ended are two outcomes.
          texts: completions.map(({ text, ended }) => `${text}${ended ? '' : ' …'}`),
          proxy: scores.subarray(from, from + counts.draws),
          gold: completions.map(({ text, ended }) => goldVerdict(prompt, text, ended).gold),
        };
      });
      curves.push(bestOfNCurve(scored, counts.bestOf));
    }
    return curves;
  });
}
