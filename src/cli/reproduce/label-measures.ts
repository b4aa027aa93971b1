/**
 * What simulated labelers say of answers, comparison by comparison: rankings by a group, how often two labelers agree,
 * what their noise allows a predictor; and the controls of tables in which no policy is compared: labels given by
 * chance, and the gold judge in place of a labeler or of a reward model.
 */
import { Rng } from '../../data/rng.ts';
import type { Model } from '../../model/parameters.ts';
import { countAgreement } from '../../records/labeler-agreement.ts';
import type { Ranking } from '../../records/ranking.ts';
import { pairOutcome } from '../../rlhf/intervals.ts';
import { comparisonsFromRanks } from '../../rlhf/ranking-loss.ts';
import { judgeGold } from '../../world/judges.ts';
import { pairCeilings, type Pair } from '../../world/labeler-noise.ts';
import { labelerPopulation, labelRanking, type Labeler } from '../../world/labelers.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import type { MeasuredRow } from './claim.ts';
import type { LabelerGroup } from './labeler-groups.ts';
import type { SeedLab } from './lab.ts';
import { candidatesOf, trainReward, type Candidates } from './reward-runs.ts';
import { sampleOf, type Value } from './sample.ts';

/** A row of shares about labels; `more` says what is different in it. */
export function labelRow(
  lab: Pick<SeedLab, 'settings'>,
  id: string,
  label: string,
  values: readonly Value[],
  more: Partial<MeasuredRow> = {},
): MeasuredRow {
  return {
    id,
    label,
    unit: 'share',
    neutral: null,
    judge: 'labels of simulated labelers',
    temperature: String(lab.settings.labels.temperature),
    paper: null,
    control: false,
    missing: null,
    sample: sampleOf('mean', values),
    items: [],
    ...more,
  };
}

/** The labelers of a seed's class: those who give training labels, and those who give none and only judge. */
export function labelersByGroup({
  seed,
  settings,
}: Pick<SeedLab, 'seed' | 'settings'>): Readonly<Record<Labeler['group'], readonly Labeler[]>> {
  const { population, noise, k } = settings.labels;
  const all = labelerPopulation(seed, { population, noise, k });
  const group = (name: Labeler['group']) => all.filter((labeler) => labeler.group === name);
  return { training: group('training'), heldout: group('heldout') };
}

/** A ranking of a prompt of the world. */
export interface WorldRanking extends Ranking {
  readonly prompt: WorldPrompt;
}

export function rank(
  labeler: Labeler,
  { prompt, completions }: Candidates,
  seed: number,
): WorldRanking {
  return { ...labelRanking(labeler, prompt, completions, seed), prompt };
}

/** One ranking of each prompt by a labeler of the group. */
export function rankedBy(
  group: LabelerGroup,
  candidates: readonly Candidates[],
  seed: number,
): WorldRanking[] {
  return candidates.map((each) => {
    const labeler = Rng.named(seed, 'group test', group.name, each.prompt.id).pick(group.labelers);
    return rank(labeler, each, seed);
  });
}

/** Every two answers to the same prompt. */
export const pairsOf = (candidates: readonly Candidates[]): Pair[] =>
  candidates.flatMap(({ prompt, completions }) =>
    completions.flatMap((a, i) => completions.slice(0, i).map((b) => ({ prompt, a, b }))),
  );

/**
 * The best expected accuracy on each pair of answers, by user: once for each labeler of the group who sees a difference,
 * so that a pair counts as often as it can come up in the group's comparisons.
 */
export function ceilingValues(
  { labelers }: Pick<LabelerGroup, 'labelers'>,
  candidates: readonly Candidates[],
): Value[] {
  const pairs = pairsOf(candidates);
  return pairCeilings(labelers, pairs).flatMap(({ seeing, right }, i) => {
    const value = { cluster: pairs[i]!.prompt.userId, value: right / seeing };
    return Array.from({ length: seeing }, () => value);
  });
}

/** 1 for each pair that both order alike, 0 for each ordered otherwise; pairs that either ties are left out. */
export function agreementValues(
  cluster: string,
  own: readonly number[],
  other: readonly number[],
): Value[] {
  const { agreed, total } = countAgreement(own, other);
  return Array.from({ length: total }, (_, t) => ({ cluster, value: t < agreed ? 1 : 0 }));
}

/** What the gold judge makes of each answer, as ranks: smaller is better, equal numbers tie. */
export const goldRanks = (prompt: WorldPrompt, completions: Candidates['completions']): number[] =>
  completions.map(({ text, ended }) => -judgeGold(prompt, text, ended).score);

/** The gold judge as predictor: 1 for each comparison whose winner it likes better, one half where it likes both alike. */
export function goldValues(rankings: readonly WorldRanking[]): Value[] {
  return rankings.flatMap(({ prompt, completions, ranks }) => {
    const gold = goldRanks(prompt, completions);
    return comparisonsFromRanks(ranks).map(({ winner, loser }) => ({
      cluster: prompt.userId,
      value: pairOutcome(gold[loser]!, gold[winner]!),
    }));
  });
}

/** The same labelers, but whatever they do not tie they order by chance. */
export const byChance = (labelers: readonly Labeler[]): Labeler[] =>
  labelers.map((labeler) => ({ ...labeler, chance: 1 }));

/** A reward model trained as the usual one, on as many rankings, which the usual labelers filled in by chance. */
export async function rewardByChance(
  lab: SeedLab,
): Promise<{ readonly reward: Model; readonly rankings: readonly WorldRanking[] }> {
  const { seed, settings, labelers } = lab;
  const group = { name: 'all', labelers: byChance(labelers) };
  const candidates = await candidatesOf(lab, 'train', settings.labels.prompts);
  const rankings = rankedBy(group, candidates, seed);
  return { reward: await trainReward(lab, 'labels-by-chance', rankings), rankings };
}
