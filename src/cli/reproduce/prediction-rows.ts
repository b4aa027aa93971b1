/**
 * Rows about predictors of labels: how often reward models are right about comparisons, with single ones of them, and the
 * controls of such tables: a reward model of labels by chance, and the gold judge. Which rankings are asked is claims/.
 */
import type { MeasuredRow } from './claim.ts';
import { goldItems, joinedItems, predictionItems, type Predictions } from './label-items.ts';
import { goldValues, labelRow, rewardByChance, type WorldRanking } from './label-measures.ts';
import type { SeedLab } from './lab.ts';
import { correctValues, scoredRankings } from './reward-runs.ts';
import { sampleOf, type Value } from './sample.ts';

/** 1 for each comparison that a model is right about, all models' comparisons together. */
export const rightValues = (all: readonly Predictions[]): Value[] =>
  all.flatMap(({ scored }) => correctValues(scored));

/** How often models are right, each asked about rankings of its own. */
export function accuracyRow(
  lab: SeedLab,
  id: string,
  label: string,
  all: readonly Predictions[],
  more: Partial<MeasuredRow> = {},
): MeasuredRow {
  const items = joinedItems(lab, ...all.map((each) => predictionItems(lab, [each])));
  return labelRow(lab, id, label, rightValues(all), { items, ...more });
}

/** How often the gold judge is right about rankings: a control. */
export function goldRow(
  lab: SeedLab,
  id: string,
  label: string,
  rankings: readonly WorldRanking[],
): MeasuredRow {
  const items = goldItems(lab, rankings);
  return labelRow(lab, id, label, goldValues(rankings), { control: true, items });
}

/** A difference of accuracies; its items come from both sides in turn. */
export function differenceRow(
  lab: Pick<SeedLab, 'settings'>,
  id: string,
  label: string,
  [first, second]: readonly [readonly Value[], readonly Value[]],
  items: MeasuredRow['items'],
): MeasuredRow {
  const sample = sampleOf('difference', first, second);
  return labelRow(lab, id, label, [], { unit: 'points', neutral: 0, sample, items });
}

/** The controls of tables about predictors: a reward model that learnt labels by chance, and the gold judge itself. */
export async function predictionControls(
  lab: SeedLab,
  sets: readonly {
    readonly id: string;
    readonly of: string;
    readonly rankings: readonly WorldRanking[];
  }[],
): Promise<MeasuredRow[]> {
  const { reward } = await rewardByChance(lab);
  const rows: MeasuredRow[] = [];
  for (const { id, of, rankings } of sets) {
    const chance = {
      name: 'reward model of labels by chance',
      scored: await scoredRankings(lab, reward, rankings),
    };
    const words = `control: reward model of labels by chance: accuracy on ${of}`;
    const gold = `control: the gold judge as predictor: accuracy on ${of}`;
    rows.push(
      accuracyRow(lab, `chance:${id}`, words, [chance], { control: true }),
      goldRow(lab, `gold:${id}`, gold, rankings),
    );
  }
  return rows;
}
