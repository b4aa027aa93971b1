/**
 * Everything behind rows about labels, as one set of stored answers: the answers of SFT that labelers rank, how each of
 * them ranks each, what groups are expected to say, and the scores of the reward models that claims trained. Nothing is
 * trained; kept reward models read the answers again.
 */
import { existsSync } from 'node:fs';
import {
  pairsOfKeys,
  type BesideAnswers,
  type StoredExpected,
  type StoredRankings,
  type StoredScores,
} from '../../records/beside-answers.ts';
import { mean } from '../../rlhf/masked.ts';
import {
  appraise,
  GRADE,
  gradeOfAppraisal,
  preferByGap,
  type Labeler,
} from '../../world/labelers.ts';
import { keptReward } from './kept-models.ts';
import { byChance, goldRanks, labelersByGroup, rank, rankedBy } from './label-measures.ts';
import { plantedGroups, twoOfGroup, type LabelerGroup } from './labeler-groups.ts';
import type { SeedLab } from './lab.ts';
import { candidatesOf, scoredRankings, type Candidates } from './reward-runs.ts';
import { byChanceName, GROUP_NUMBERS, groupName, groupTwo, withoutGroup } from './row-sources.ts';

/** The answers to each prompt that groups rank; none when no claim asked for them. */
export async function keptCandidates(lab: SeedLab): Promise<readonly Candidates[]> {
  const count = lab.counts.groupPrompts;
  if (!existsSync(lab.path('candidates', `test-${count}.json`))) return [];
  return candidatesOf(lab, 'test', count);
}

/** A key for each of the answers to a prompt. */
export function candidateKeys(lab: SeedLab, candidates: readonly Candidates[]): string[] {
  const { temperature } = lab.settings.labels;
  return (candidates[0]?.completions ?? []).map((_, k) => `sft-${k + 1}@${temperature}`);
}

/** Ranks from 1, equal numbers for equal ones. */
const ranked = (lowIsBest: readonly number[]): number[] =>
  lowIsBest.map((own) => 1 + lowIsBest.filter((other) => other < own).length);

interface Ranking {
  readonly labeler: string;
  readonly ranks: readonly number[];
}

const digitsOf = (rankings: readonly Pick<Ranking, 'ranks'>[]): string =>
  rankings.map(({ ranks }) => ranks.join('')).join('');

/** Rankings of which each prompt has one, by another labeler each. @param name of a labeler by id, in words */
export function pickedRankings(
  keys: readonly string[],
  rankings: readonly Ranking[],
  name: (labeler: string) => string = (labeler) => labeler,
): StoredRankings {
  const by = [...new Set(rankings.map(({ labeler }) => labeler))].sort();
  const picked = rankings.map(({ labeler }) => by.indexOf(labeler));
  return { keys, by: by.map(name), picked, ranks: [digitsOf(rankings)] };
}

/** Every labeler's rankings of every prompt. */
function everyRanking(
  lab: SeedLab,
  keys: readonly string[],
  labelers: readonly Labeler[],
  candidates: readonly Candidates[],
): StoredRankings {
  return {
    keys,
    by: labelers.map(({ id, chance }) => (chance === 1 ? `${id} by chance` : id)),
    ranks: labelers.map((labeler) =>
      digitsOf(candidates.map((each) => rank(labeler, each, lab.seed))),
    ),
  };
}

function rankingsOf(
  lab: SeedLab,
  keys: readonly string[],
  candidates: readonly Candidates[],
): Record<string, StoredRankings> {
  const { seed } = lab;
  const population = labelersByGroup(lab);
  const every = (labelers: readonly Labeler[]) => everyRanking(lab, keys, labelers, candidates);
  const picked = (group: LabelerGroup, words?: string) =>
    pickedRankings(keys, rankedBy(group, candidates, seed), (id) =>
      words === undefined ? id : `${id}, ${words}`,
    );
  const groups = plantedGroups(lab.labelers).flatMap((group, i) => {
    const g = GROUP_NUMBERS[i]!;
    const words = `group ${g}`;
    const two = candidates.map((each) =>
      twoOfGroup(seed, group, each.prompt.id).map((labeler) => rank(labeler, each, seed)),
    );
    const pairs = groupTwo(g).map((name, side) => {
      const own = two.map((both) => both[side]!);
      return [name, pickedRankings(keys, own, (id) => `${id}, ${words}`)] as const;
    });
    return [[groupName(g), picked(group, words)] as const, ...pairs];
  });
  const gold = candidates.map(({ prompt, completions }) => ({
    ranks: ranked(goldRanks(prompt, completions)),
  }));
  return {
    training: every(population.training),
    heldout: every(population.heldout),
    [byChanceName('training')]: every(byChance(population.training)),
    [byChanceName('heldout')]: every(byChance(population.heldout)),
    gold: { keys, by: ['gold judge'], ranks: [digitsOf(gold)] },
    usual: picked({ name: 'all', labelers: lab.labelers }),
    unseen: picked({ name: 'held out', labelers: population.heldout }),
    ...Object.fromEntries(groups),
  };
}

/** What labelers are expected to say of every two answers, from their grades and noise. */
export function expectedOf(
  keys: readonly string[],
  labelers: readonly Labeler[],
  candidates: readonly Candidates[],
): StoredExpected {
  const shares = candidates.flatMap(({ prompt, completions }) => {
    const appraisals = completions.map((completion) => appraise(prompt, completion));
    return pairsOfKeys(keys.length).map(([j, i]) =>
      labelers.flatMap((labeler) => {
        const grades = [j, i].map((k) => gradeOfAppraisal(labeler, appraisals[k]!));
        const gap = grades[0]! - grades[1]!;
        return gap === 0 ? [] : [preferByGap(labeler, gap * GRADE)];
      }),
    );
  });
  return {
    keys,
    labelers: labelers.length,
    seeing: shares.map(({ length }) => length),
    first: shares.map((all) => (all.length === 0 ? 0.5 : Number(mean(all).toFixed(3)))),
  };
}

function expectedGroups(
  lab: SeedLab,
  keys: readonly string[],
  candidates: readonly Candidates[],
): Record<string, StoredExpected> {
  const groups = plantedGroups(lab.labelers).map(
    ({ labelers }, i) =>
      [groupName(GROUP_NUMBERS[i]!), expectedOf(keys, labelers, candidates)] as const,
  );
  const unseen = expectedOf(keys, labelersByGroup(lab).heldout, candidates);
  return { ...Object.fromEntries(groups), unseen };
}

/** Reward models that claims train, by the name of their folder, in words. */
const REWARD_MODELS: readonly (readonly [string, string])[] = [
  ...GROUP_NUMBERS.map((g) => [withoutGroup(g), `reward model without group ${g}`] as const),
  ['labels-by-chance', 'reward model of labels by chance'],
  ['prompts', 'reward model of whole prompts'],
  ['shuffled-pairs', 'reward model of shuffled comparisons'],
];

/** Five digits tell any two scores apart that a figure counts as different. */
const DIGITS = 5;

async function scoresOf(
  lab: SeedLab,
  keys: readonly string[],
  candidates: readonly Candidates[],
): Promise<Record<string, StoredScores>> {
  // Ranked in any strict order, so that whatever fits the columns is scored.
  const order = keys.map((_, k) => k + 1);
  const rankings = candidates.map((each) => ({
    ...rank(lab.labelers[0]!, each, lab.seed),
    ranks: order,
  }));
  const scores: Record<string, StoredScores> = {};
  for (const [name, words] of REWARD_MODELS) {
    const reward = keptReward(lab, name);
    if (reward === null) continue;
    const read = await scoredRankings(lab, reward, rankings);
    reward.dispose();
    const byPrompt = new Map(
      read.rankings.map(({ prompt }, r) => [prompt.id, read.scored[r]!.scores] as const),
    );
    const columns = keys.map((key, k) => {
      const values = candidates.map(({ prompt }) => {
        const score = byPrompt.get(prompt.id)?.[k];
        return score === undefined ? null : Number(score.toPrecision(DIGITS));
      });
      return [key, values] as const;
    });
    scores[name] = { words, values: Object.fromEntries(columns) };
  }
  return scores;
}

/** All that labelers and reward models say of the answers that groups rank. */
export async function besideCandidates(
  lab: SeedLab,
  keys: readonly string[],
  candidates: readonly Candidates[],
): Promise<BesideAnswers> {
  return {
    scores: await scoresOf(lab, keys, candidates),
    rankings: rankingsOf(lab, keys, candidates),
    expected: expectedGroups(lab, keys, candidates),
  };
}
