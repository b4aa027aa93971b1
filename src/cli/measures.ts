/**
 * What the command line measures while loops train, made from the world: the same figures as on the page. The
 * arithmetic is rlhf/measures.ts.
 */
import type { Settings } from '../config/settings.ts';
import { sequenceShape } from '../config/stage-settings.ts';
import { rowSource } from '../data/packing.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Model } from '../model/parameters.ts';
import type { Ranking } from '../records/ranking.ts';
import type { BestOfDraws } from '../rlhf/evaluate.ts';
import type { Loop } from '../rlhf/loop.ts';
import {
  EVAL_ROWS,
  heldOutRankings,
  measuredLoop,
  measurePolicy,
  measureReward,
} from '../rlhf/measures.ts';
import { promptsThatFit } from '../rlhf/pipeline.ts';
import { writeDocument } from '../world/documents.ts';
import { cheerLevel } from '../world/feelings.ts';
import { goldVerdict } from '../world/judges.ts';
import { appraise } from '../world/labelers.ts';
import { validationPrompts } from '../world/prompt-sets.ts';

interface Where {
  readonly settings: Settings;
  readonly tokenizer: Tokenizer;
}

/** A reward loop measured on rankings that it does not train on. */
export function measuredReward(
  { settings, tokenizer }: Where,
  model: Model,
  heldOut: readonly Ranking[],
  { loop, isNew }: { readonly loop: Loop; readonly isNew: boolean },
): Loop {
  const shape = sequenceShape(settings);
  const gold = ({ prompt, completions }: Ranking) =>
    completions.map((each) => appraise(prompt, each).gold.score);
  const rows = heldOutRankings(tokenizer, heldOut, shape, gold);
  return measuredLoop(loop, () => measureReward(model, rows, shape), isNew);
}

/** A loop of step 3 measured on held-out prompts, as many as the settings ask for; none leaves it as it is. */
export function measuredPolicy(
  { settings, tokenizer }: Where,
  policy: Model,
  best: BestOfDraws | null,
  { loop, isNew }: { readonly loop: Loop; readonly isNew: boolean },
): Loop {
  const { seed } = settings.general;
  const count = settings.evaluate.whileTraining;
  if (count === 0) return loop;
  const shape = sequenceShape(settings);
  const measure = {
    tokenizer,
    prompts: promptsThatFit(tokenizer, validationPrompts(seed, count), shape),
    judge: goldVerdict,
    cheer: cheerLevel,
    pretraining: rowSource(writeDocument, tokenizer, EVAL_ROWS, { seed, scope: 'eval' })(0),
    answer: { shape, seed, ...(best && { best }) },
  };
  return measuredLoop(loop, () => measurePolicy(policy, measure), isNew);
}
