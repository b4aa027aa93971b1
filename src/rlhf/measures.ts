/**
 * What is measured while a loop trains, on data that it does not train on: the reward model on rankings held out, the
 * policy's answers to held-out prompts by a judge, and its loss on pre-training text. The figures go into the
 * loop's own records as `eval_*` (reward, as TRL) and `eval/*` (step 3). Nothing here is seen by training.
 */
import { repeatShare } from '../data/distinct.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Model } from '../model/parameters.ts';
import type { Prompt } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import { answerPrompts, type AnswerSettings, type Judge } from './evaluate.ts';
import type { Loop, StepRecord } from './loop.ts';
import { mean } from './masked.ts';
import { rankingAccuracy } from './metrics.ts';
import { rankedSequences } from './pipeline.ts';
import { heldOutLoss, type TokenRows } from './pretrain.ts';
import { comparisonsFromRanks, softplus } from './ranking-loss.ts';
import { scoreRankings, type RankedSequences } from './reward.ts';
import type { SequenceShape } from './sequences.ts';

type Figures = Readonly<Record<string, number>>;

/** Rows of pre-training text that a policy's loss is measured on; each is one token longer than what is predicted. */
export const EVAL_ROWS = { batch: 16, length: 65 } as const;

/** Measurements between the first and the last. */
const BETWEEN = 4;

/**
 * The loop with what `measure` gives in its records: in the first of a new loop the figures from before its first step
 * (as the rollouts there are), in later ones those after it. A loop of one step is measured after it only.
 */
export function measuredLoop(loop: Loop, measure: () => Promise<Figures>, isNew: boolean): Loop {
  const every = Math.max(1, Math.round(loop.total / (BETWEEN + 1)));
  async function* steps(): AsyncGenerator<StepRecord, void, void> {
    const before = isNew && loop.total > 1 ? await measure() : null;
    for await (const record of loop.steps()) {
      const { step, total, values } = record;
      const due = step === total || (step % every === 0 && step > 1);
      const figures = step === 1 && before !== null ? before : due ? await measure() : null;
      yield figures === null ? record : { ...record, values: { ...values, ...figures } };
    }
  }
  return {
    total: loop.total,
    steps,
    snapshot: () => loop.snapshot(),
    dispose: () => {
      loop.dispose();
    },
  };
}

/** Rankings that a reward model does not learn from. */
export interface HeldOutRanking extends RankedSequences {
  /** Ranks by a judge who knows the truth, 1 best, equal numbers for ties. */
  readonly goldRanks: readonly number[];
}

/** Ranks of values, 1 for the highest, equal numbers for equal ones (1, 2, 2, 4). */
function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => 1 + values.filter((other) => other > value).length);
}

/** The rankings that teach something, as sequences, each with the ranks that the judge gives. */
export function heldOutRankings(
  tokenizer: Tokenizer,
  rankings: readonly Ranking[],
  shape: SequenceShape,
  judge: (ranking: Ranking) => readonly number[],
): HeldOutRanking[] {
  return rankings.flatMap((ranking) =>
    rankedSequences(tokenizer, [ranking], shape).map((row) => ({
      ...row,
      goldRanks: ranksOf(judge(ranking)),
    })),
  );
}

/**
 * `eval_loss`: mean of -log sigmoid(winner - loser) over the held-out comparisons, nats; `eval_accuracy`: share of them
 * with the winner scored higher; `eval_gold_accuracy`: the same for the judge's comparisons. What has no comparison is left out.
 */
export async function measureReward(
  model: Model,
  heldOut: readonly HeldOutRanking[],
  shape: SequenceShape,
): Promise<Figures> {
  if (heldOut.length === 0) return {};
  const scored = await scoreRankings(model, heldOut, shape);
  const losses = scored.flatMap(({ scores, ranks }) =>
    comparisonsFromRanks(ranks).map(({ winner, loser }) =>
      softplus((scores[loser] ?? NaN) - (scores[winner] ?? NaN)),
    ),
  );
  const byGold = scored.map((row, i) => ({ ...row, ranks: heldOut[i]?.goldRanks ?? [] }));
  const gold = byGold.some(({ ranks }) => comparisonsFromRanks(ranks).length > 0);
  return {
    ...(losses.length > 0 && { eval_loss: mean(losses), eval_accuracy: rankingAccuracy(scored) }),
    ...(gold && { eval_gold_accuracy: rankingAccuracy(byGold) }),
  };
}

export interface PolicyMeasure<P extends Prompt> {
  readonly tokenizer: Tokenizer;
  readonly prompts: readonly P[];
  readonly judge: Judge<P>;
  /** How cheerful a text is, from -1 to 1. */
  readonly cheer: (text: string) => number;
  /** Rows of pre-training text that nothing trains on. */
  readonly pretraining: TokenRows;
  readonly answer: Omit<AnswerSettings, 'scope' | 'temperature' | 'policy'>;
}

/**
 * `eval/gold`, `eval/helpful`, `eval/harmless` and `eval/truthful` (means of the judge's), `eval/cheer`, `eval/length`
 * (tokens, EOS included), `eval/repeats` (share of answers given more than once) and `eval/pretrain_loss` (nats per
 * token). The same prompts and random draws each time, so that only the policy makes the difference.
 */
export async function measurePolicy<P extends Prompt>(
  policy: Model,
  { tokenizer, prompts, judge, cheer, pretraining, answer }: PolicyMeasure<P>,
): Promise<Figures> {
  const call = { ...answer, temperature: 1, scope: 'eval', policy: '' };
  const { verdicts, completions } = await answerPrompts(policy, tokenizer, prompts, judge, call);
  const texts = completions.map(({ text }) => text);
  const truthful = verdicts.flatMap((verdict) => verdict.truthful ?? []);
  return {
    'eval/gold': mean(verdicts.map(({ gold }) => gold)),
    'eval/helpful': mean(verdicts.map(({ helpful }) => helpful)),
    'eval/harmless': mean(verdicts.map(({ harmless }) => harmless)),
    ...(truthful.length > 0 && { 'eval/truthful': mean(truthful) }),
    'eval/cheer': mean(texts.map(cheer)),
    'eval/length': mean(completions.map(({ tokens }) => tokens.length)),
    'eval/repeats': repeatShare(texts),
    'eval/pretrain_loss': await heldOutLoss(policy, [pretraining]),
  };
}
