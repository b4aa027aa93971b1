/**
 * Shuffled comparisons (paper, section 3.5): the same rankings learnt as whole prompts and as one shuffled set of
 * comparisons, and how much of what was learnt holds on other prompts.
 */
import type { ClaimSpec, Measured, MeasuredRow } from '../claim.ts';
import { joinedItems, predictionItems, type Predictions } from '../label-items.ts';
import { rankedBy, rewardByChance, type WorldRanking } from '../label-measures.ts';
import type { SeedLab } from '../lab.ts';
import { shuffledBehind } from '../row-sources.ts';
import { settingsOf } from '../plan.ts';
import {
  accuracyRow,
  differenceRow,
  goldRow,
  predictionControls,
  rightValues,
} from '../prediction-rows.ts';
import { candidatesOf, scoredRankings, trainReward } from '../reward-runs.ts';
import type { Value } from '../sample.ts';
import { conditionOf, moved, said } from '../saying.ts';

/** Values of the same comparisons in the same order, one less the other. */
function pairedDifference(first: readonly Value[], second: readonly Value[]): Value[] {
  if (first.length !== second.length) throw new RangeError('not the same comparisons');
  return first.map(({ cluster, value }, i) => ({ cluster, value: value - second[i]!.value }));
}

/** Labels by chance show what is learnt by heart where there is nothing to learn; the gold judge learns nothing. */
async function controlRows(
  lab: SeedLab,
  training: readonly WorldRanking[],
  test: readonly WorldRanking[],
): Promise<MeasuredRow[]> {
  const heldOut = { id: 'held-out', of: 'held-out prompts', rankings: test };
  const { reward, rankings } = await rewardByChance(lab);
  const learnt = {
    name: 'reward model of labels by chance',
    scored: await scoredRankings(lab, reward, rankings),
  };
  const gold = 'control: the gold judge as predictor: accuracy on what the others learnt';
  const own = 'control: reward model of labels by chance: accuracy on what it learnt';
  return [
    ...(await predictionControls(lab, [heldOut])),
    accuracyRow(lab, 'chance:training', own, [learnt], { control: true }),
    goldRow(lab, 'gold:training', gold, training),
  ];
}

const BATCHINGS = { prompts: 'whole prompts', 'shuffled-pairs': 'shuffled comparisons' } as const;
type Batching = keyof typeof BATCHINGS;

/** What a reward model trained in one of the two ways says of what it learnt, and of the rest. */
interface Trained {
  readonly batching: Batching;
  readonly seen: Predictions;
  readonly held: Predictions;
}

async function trained(
  lab: SeedLab,
  batching: Batching,
  training: readonly WorldRanking[],
  test: readonly WorldRanking[],
): Promise<Trained> {
  const changed = settingsOf(lab.shared.plan, lab.seed, { reward: { batching } });
  const reward = await trainReward(lab, batching, training, changed);
  const name = `reward model of ${BATCHINGS[batching]}`;
  return {
    batching,
    held: { name, scored: await scoredRankings(lab, reward, test) },
    seen: { name, scored: await scoredRankings(lab, reward, training) },
  };
}

function accuracyRows(lab: SeedLab, { batching, seen, held }: Trained): MeasuredRow[] {
  const words = BATCHINGS[batching];
  const heldOut = accuracyRow(
    lab,
    `held-out:${batching}`,
    `${words}: accuracy on held-out prompts`,
    [held],
  );
  const learnt = accuracyRow(lab, `training:${batching}`, `${words}: accuracy on what was learnt`, [
    seen,
  ]);
  const gap = differenceRow(
    lab,
    `gap:${batching}`,
    `${words}: learnt minus held out`,
    [rightValues([seen]), rightValues([held])],
    joinedItems(lab, learnt.items, heldOut.items),
  );
  return [heldOut, learnt, gap];
}

function comparedRows(lab: SeedLab, whole: Trained, shuffled: Trained): MeasuredRow[] {
  const [held, seen] = (['held', 'seen'] as const).map(
    (side) => [rightValues([whole[side]]), rightValues([shuffled[side]])] as const,
  );
  const heldItems = predictionItems(lab, [whole.held, shuffled.held]);
  const seenItems = predictionItems(lab, [shuffled.seen, whole.seen]);
  return [
    differenceRow(
      lab,
      'held-out:difference',
      'whole prompts minus shuffled, held out',
      held!,
      heldItems,
    ),
    differenceRow(
      lab,
      'gap:difference',
      'learnt minus held out, shuffled minus whole prompts',
      [pairedDifference(seen![1], seen![0]), pairedDifference(held![1], held![0])],
      joinedItems(lab, seenItems, heldItems),
    ),
  ];
}

async function measure(lab: SeedLab): Promise<Measured> {
  const { seed, settings, counts, labelers } = lab;
  const group = { name: 'all', labelers };
  const training = rankedBy(group, await candidatesOf(lab, 'train', settings.labels.prompts), seed);
  const test = rankedBy(group, await candidatesOf(lab, 'test', counts.groupPrompts), seed);
  const whole = await trained(lab, 'prompts', training, test);
  const shuffled = await trained(lab, 'shuffled-pairs', training, test);
  return {
    rows: [
      ...accuracyRows(lab, whole),
      ...accuracyRows(lab, shuffled),
      ...comparedRows(lab, whole, shuffled),
      ...(await controlRows(lab, training, test)),
    ],
  };
}

const AHEAD = { up: 'ahead by', down: 'behind by', none: 'no different' };
const WIDER = { up: 'wider by', down: 'narrower by', none: 'as wide' };

export const SHUFFLED_PAIRS: ClaimSpec = {
  id: 'shuffled-pairs',
  behind: shuffledBehind,
  title: 'Shuffled comparisons overfit',
  paper: {
    sentence:
      'If comparisons are simply shuffled into one set, a single pass over it makes the reward model overfit; all ' +
      'comparisons of a prompt as one batch element do not.',
    figure: 'no number',
    where: 'section 3.5',
  },
  how:
    "The same rankings of the usual labelers (of SFT's answers alone, without a second round), as whole prompts and as " +
    'shuffled comparisons in as many steps. Accuracy on ' +
    'the rankings trained on and on rankings of held-out prompts. Controls: a reward model trained on as many rankings ' +
    'filled in by chance (whole prompts; what it learnt are those), and the gold judge as predictor (ties one half).',
  here: {
    scenario: 'shuffled-pairs',
    settings: {},
    words: 'Watch the accuracy on training batches and on held-out rankings part.',
  },
  measure,
  conditions: (view) => [
    conditionOf(view, 'held-out:difference', 'whole prompts predict held-out comparisons better', {
      side: 'above',
    }),
    conditionOf(
      view,
      'gap:difference',
      'shuffled, the gap between what was learnt and the rest is wider than with whole prompts',
      {
        side: 'above',
      },
    ),
  ],
  why: (view) =>
    `With whole prompts the accuracy is ${said(view, 'training:prompts')} on what was learnt and ` +
    `${said(view, 'held-out:prompts')} on held-out prompts; with shuffled comparisons ${said(view, 'training:shuffled-pairs')} ` +
    `and ${said(view, 'held-out:shuffled-pairs')}. Held out, whole prompts are ${moved(view, 'held-out:difference', AHEAD)}; the ` +
    `gap between learnt and held out is ${moved(view, 'gap:difference', WIDER)} when shuffled.`,
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Accuracy, %',
      rows: view.rows.filter(({ unit }) => unit === 'share').map(({ id }) => id),
    },
  ],
};
