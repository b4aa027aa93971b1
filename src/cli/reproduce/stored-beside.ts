/**
 * What is stored beside answers that a seed's folder keeps: which of them labelers prefer, what the reward model scores
 * them, and how demonstrations are predicted. Nothing is trained; kept models read the texts again.
 */
import { policyWords } from '../../records/answerer-words.ts';
import type { StoredRankings, StoredScores } from '../../records/beside-answers.ts';
import { rankCompletions } from '../../world/labelers.ts';
import { CONTROLS } from '../controls.ts';
import { predict, type Predicted } from './claims/epochs.ts';
import { PREFERENCES, speaks } from './claims/labelers.ts';
import { keptControl, keptEpochs, keptLongEpochs, keptReward } from './kept-models.ts';
import { labelersByGroup } from './label-measures.ts';
import type { SeedLab } from './lab.ts';
import type { Answer } from './pages.ts';
import { rewardsOf } from './reward-scores.ts';
import { DEMONSTRATION_KEY, REWARD_SCORES } from './row-sources.ts';
import { pickedRankings } from './stored-comparisons.ts';

/** Answers that a folder keeps of one set, by key. */
export type KeptAnswers = ReadonlyMap<string, readonly Answer[]>;

/** How one labeler of each group ranks the answers to each test prompt of all policies that are compared by labelers. */
export function preferenceRankings(
  lab: SeedLab,
  kept: KeptAnswers,
): Record<string, StoredRankings> {
  const policies = new Set(PREFERENCES.flat().map((policy) => `${policy}@1`));
  const keys = [...policies].filter((key) => kept.has(key));
  if (keys.length < 2) return {};
  const groups = Object.entries(labelersByGroup(lab)).map(([name, labelers]) => {
    const rankings = lab.prompts.map((prompt, i) => {
      const labeler = speaks(lab, labelers, i);
      const shown = keys.map((key) => kept.get(key)![i]!);
      return {
        labeler: labeler.id,
        ranks: rankCompletions(labeler, prompt, shown, lab.seed),
      };
    });
    return [name, pickedRankings(keys, rankings)] as const;
  });
  return Object.fromEntries(groups);
}

const rounded = (value: number): number => Number(value.toPrecision(4));

/** What the reward model makes of the answers to validation prompts. */
export async function validationScores(
  lab: SeedLab,
  kept: KeptAnswers,
): Promise<Record<string, StoredScores>> {
  const reward = keptReward(lab);
  if (reward === null) return {};
  const values: Record<string, readonly number[]> = {};
  for (const [key, answers] of kept) {
    values[key] = (await rewardsOf(lab, reward, lab.validation, answers)).map(rounded);
  }
  reward.dispose();
  return { [REWARD_SCORES]: { words: 'reward model', values } };
}

/** The demonstrations for validation prompts, and how each model predicts them; null when no model is kept. */
export async function predictedDemonstrations(lab: SeedLab) {
  const scores: Record<string, StoredScores> = {};
  let demonstrations: Predicted['demonstration'][] = [];
  const add = (policy: string, predicted: readonly Predicted[]): void => {
    demonstrations = predicted.map(({ demonstration }) => demonstration);
    const values = { [DEMONSTRATION_KEY]: predicted.map(({ loss }) => rounded(loss)) };
    scores[policy] = { words: `nats for each token, read by ${policyWords(policy)}`, values };
  };
  for (const [k, model] of (await keptLongEpochs(lab)).entries()) {
    add(`epoch-${k + 1}`, await predict(lab, model));
    model.dispose();
  }
  for (const [k, model] of (await keptEpochs(lab)).entries()) {
    add(`usual-epoch-${k + 1}`, await predict(lab, model));
  }
  for (const control of CONTROLS) {
    const model = await keptControl(lab, `ppo-${control}`);
    if (model !== null) add(`ppo-${control}`, await predict(lab, model));
  }
  return demonstrations.length === 0 ? null : { demonstrations, scores };
}
