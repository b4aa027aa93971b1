/**
 * What the page's loops measure while they train, made from the world: the class's held-out rankings beside what the
 * gold judge says of them, and held-out prompts with their judges. The arithmetic is rlhf/measures.ts.
 */
import type { Settings } from '../config/settings.ts';
import { sequenceShape } from '../config/stage-settings.ts';
import type { Model } from '../model/parameters.ts';
import type { Ranking } from '../records/ranking.ts';
import type { BestOfDraws } from '../rlhf/evaluate.ts';
import {
  EVAL_ROWS,
  heldOutRankings,
  measuredLoop,
  measurePolicy,
  measureReward,
} from '../rlhf/measures.ts';
import type { Loop } from '../rlhf/loop.ts';
import { promptsThatFit } from '../rlhf/pipeline.ts';
import { cheerLevel } from '../world/feelings.ts';
import { goldVerdict } from '../world/judges.ts';
import { appraise } from '../world/labelers.ts';
import type { StageBench } from './stage-loops.ts';

/** A reward loop measured on rankings that it does not train on. */
export function measuredReward(
  { shelf, supply }: StageBench,
  model: Model,
  heldOut: readonly Ranking[],
  settings: Settings,
  { loop, isNew }: { readonly loop: Loop; readonly isNew: boolean },
): Loop {
  const shape = sequenceShape(settings);
  const gold = ({ prompt, completions }: Ranking) =>
    completions.map((each) => appraise(supply.known(prompt) ?? prompt, each).gold.score);
  const rows = heldOutRankings(shelf.files.tokenizer, heldOut, shape, gold);
  return measuredLoop(loop, () => measureReward(model, rows, shape), isNew);
}

/** A loop of step 3 measured on held-out prompts, as many as the settings ask for; none leaves it as it is. */
export function measuredPolicy(
  { shelf, supply }: StageBench,
  policy: Model,
  best: BestOfDraws | null,
  settings: Settings,
  { loop, isNew }: { readonly loop: Loop; readonly isNew: boolean },
): Loop {
  const count = settings.evaluate.whileTraining;
  if (count === 0) return loop;
  const { tokenizer } = shelf.files;
  const shape = sequenceShape(settings);
  const measure = {
    tokenizer,
    prompts: promptsThatFit(tokenizer, supply.validation(count), shape),
    judge: goldVerdict,
    cheer: cheerLevel,
    pretraining: supply.pretrainingRows(tokenizer, EVAL_ROWS, 'eval')(0),
    answer: { shape, seed: supply.seed, ...(best && { best }) },
  };
  return measuredLoop(loop, () => measurePolicy(policy, measure), isNew);
}
