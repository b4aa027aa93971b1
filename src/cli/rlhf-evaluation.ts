/**
 * The evaluation of `npm run rlhf`: every policy at temperature 1 and, but for best-of-n, again greedily on held-out
 * prompts by the gold judge, pairs of them, and the reward model on held-out comparisons beside what the labelers'
 * noise allows.
 */
import { Rng } from '../data/rng.ts';
import type { Settings } from '../config/settings.ts';
import { sequenceShape } from '../config/stage-settings.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Model } from '../model/parameters.ts';
import {
  answerPrompts,
  commonTokenBudget,
  comparePolicies,
  summarise,
  type AnswerSettings,
  type BestOfDraws,
  type PolicyAnswers,
  type PolicySummary,
} from '../rlhf/evaluate.ts';
import { rankingAccuracy } from '../rlhf/metrics.ts';
import type { RateInterval } from '../rlhf/intervals.ts';
import { calibrationOf } from '../rlhf/calibration.ts';
import { comparisonCount } from '../rlhf/ranking-loss.ts';
import { promptsThatFit, promptTokens, rankedSequences } from '../rlhf/pipeline.ts';
import { scoreRankings } from '../rlhf/reward.ts';
import { idealResponse } from '../world/demonstrations.ts';
import { goldVerdict } from '../world/judges.ts';
import { agreement, noiseCeiling } from '../world/labeler-noise.ts';
import type { Labeler } from '../world/labelers.ts';
import { testPrompts } from '../world/prompt-sets.ts';
import { presentUseCases } from '../world/use-cases.ts';
import type { WorldPrompt } from '../world/tasks.ts';
import { rankByClass } from './class-rankings.ts';
import { Progress } from './progress.ts';
import type { RewardEvaluation } from './report.ts';

export interface EvaluationModels {
  readonly base: Model;
  readonly sft: Model;
  readonly reward: Model;
  /** Reinforced policies by name; the first is the one that is judged. */
  readonly reinforced: ReadonlyMap<string, Model>;
  /** How best-of-n, whose policy is SFT, chooses among draws; null for every other method. */
  readonly best: BestOfDraws | null;
}

/**
 * Good answers in the form prompt, line break, answer, empty line: one for each use case in turn, left out where
 * `fits` says that the prefix would become too long with it.
 */
function fewShotPrefix(
  pool: readonly WorldPrompt[],
  seed: number,
  fits: (prefix: string) => boolean,
): string {
  const rng = Rng.named(seed, 'few-shot');
  return presentUseCases.reduce((prefix, useCase) => {
    const prompt = pool.find((each) => each.useCase === useCase && each.kind !== 'few-shot');
    if (!prompt) return prefix;
    const longer = `${prefix}${prompt.text}\n${idealResponse(prompt.task, rng)}\n\n`;
    return fits(longer) ? longer : prefix;
  }, '');
}

type Answers = PolicyAnswers<WorldPrompt>;

interface Group {
  readonly answers: ReadonlyMap<string, Answers>;
  readonly policies: Record<string, PolicySummary>;
}

async function answerAll(
  models: EvaluationModels,
  tokenizer: Tokenizer,
  pool: readonly WorldPrompt[],
  settings: Settings,
  temperature: 1 | 'greedy',
): Promise<Group> {
  const { seed } = settings.general;
  const shape = sequenceShape(settings);
  const prompts = promptsThatFit(tokenizer, testPrompts(seed, settings.evaluate.prompts), shape);
  const room = models.base.config.contextLength - shape.promptLength - shape.responseLength;
  const prefix = fewShotPrefix(pool, seed, (text) => promptTokens(tokenizer, text).length <= room);
  const wide = {
    ...shape,
    promptLength: promptTokens(tokenizer, prefix).length + shape.promptLength,
  };
  const suffix = temperature === 'greedy' ? '-greedy' : '';
  const { best } = models;
  // Greedy draws are all the same, so there is no best one.
  const reinforced = best && temperature === 'greedy' ? [] : [...models.reinforced];
  const asked: [string, Model, Pick<AnswerSettings, 'shape' | 'prefix' | 'best'>][] = [
    ['base', models.base, { shape }],
    ['prompted', models.base, { shape: wide, prefix }],
    ['sft', models.sft, { shape }],
    ...reinforced.map(([name, model]): (typeof asked)[number] => [
      name,
      model,
      { shape, ...(best && { best }) },
    ]),
  ];
  const answers = new Map<string, Answers>();
  const progress = new Progress(`evaluate${suffix}`, () => performance.now());
  for (const [name, model, how] of asked) {
    const call = { ...how, temperature, seed, scope: `evaluate${suffix}`, policy: name };
    answers.set(
      name + suffix,
      await answerPrompts(model, tokenizer, prompts, goldVerdict, call, models.sft),
    );
    progress.update(answers.size, asked.length, name);
  }
  const budget = commonTokenBudget([...answers.values()]);
  const policies = Object.fromEntries(
    [...answers].map(([name, a]) => [name, summarise(a, budget, seed)]),
  );
  return { answers, policies };
}

function pairsOf({ answers }: Group, suffix: string, reinforced: Iterable<string>, seed: number) {
  const pairs: Record<string, RateInterval> = {};
  const add = (first: string, second: string): void => {
    const [a, b] = [answers.get(first + suffix), answers.get(second + suffix)];
    if (a && b) pairs[`${first}${suffix}>${second}${suffix}`] = comparePolicies(a, b, seed);
  };
  add('sft', 'base');
  add('sft', 'prompted');
  for (const name of reinforced) for (const other of ['sft', 'prompted', 'base']) add(name, other);
  return pairs;
}

/**
 * Accuracy on rankings that training labelers give to SFT samples at a temperature, on test prompts: settings were
 * chosen on validation prompts.
 */
async function evaluateReward(
  models: EvaluationModels,
  tokenizer: Tokenizer,
  labelers: readonly Labeler[],
  settings: Settings,
  temperature: number,
): Promise<RewardEvaluation> {
  const { seed } = settings.general;
  const shape = sequenceShape(settings);
  const { k } = settings.labels;
  // Nearly half of the pairs are ties or the same text twice, which count for nothing.
  const wanted = Math.ceil((2.2 * settings.evaluate.rewardComparisons) / ((k * (k - 1)) / 2));
  const held = testPrompts(seed, Math.min(1000, wanted));
  const prompts = promptsThatFit(tokenizer, held, shape);
  const call = {
    shape,
    K: k,
    temperature,
    seed,
    scope: `held-out labels at ${temperature}`,
    policy: 'sft',
    file: null,
  };
  const rankings = await rankByClass(models.sft, tokenizer, prompts, labelers, call);
  const scored = await scoreRankings(
    models.reward,
    rankedSequences(tokenizer, rankings, shape),
    shape,
  );
  const pairs = rankings.flatMap(({ prompt, completions: shown }) =>
    shown.flatMap((a, i) => shown.slice(0, i).map((b) => ({ prompt, a, b }))),
  );
  return {
    accuracy: rankingAccuracy(scored),
    calibration: calibrationOf(scored),
    ceiling: noiseCeiling(labelers, pairs),
    agreement: agreement(labelers, pairs),
    n: comparisonCount(rankings),
  };
}

export async function evaluateRun(
  models: EvaluationModels,
  tokenizer: Tokenizer,
  pool: readonly WorldPrompt[],
  labelers: readonly Labeler[],
  settings: Settings,
) {
  const { seed } = settings.general;
  const names = [...models.reinforced.keys()];
  const measure = (temperature: number) =>
    evaluateReward(models, tokenizer, labelers, settings, temperature);
  const sampled = await answerAll(models, tokenizer, pool, settings, 1);
  const greedy = await answerAll(models, tokenizer, pool, settings, 'greedy');
  return {
    policies: { ...sampled.policies, ...greedy.policies },
    pairs: { ...pairsOf(sampled, '', names, seed), ...pairsOf(greedy, '-greedy', names, seed) },
    reward: await measure(settings.labels.temperature),
    rewardAtRollout: await measure(settings.ppo.temperature),
  };
}
