/**
 * How well a reward model predicts labelers (paper, sections 3.5, 4.1 and E.2): labelers of its own groups and of a group
 * that it never saw, by five-fold cross-validation, beside what the noise allows; and what shuffled pairs do.
 */
import { Rng } from '../../../data/rng.ts';
import type { PlotPoint } from '../../../records/results.ts';
import type { JsonValue } from '../../../records/run.ts';
import type { Ranking } from '../../../records/ranking.ts';
import { calibrationOf } from '../../../rlhf/calibration.ts';
import type { ScoredRanking } from '../../../rlhf/metrics.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from '../claim.ts';
import {
  agreementValues,
  ceilingValues,
  goldValues,
  labelersByGroup,
  labelRow,
  rank,
  rankedBy,
  rewardByChance,
  type WorldRanking,
} from '../label-measures.ts';
import { plantedGroups, type LabelerGroup } from '../labeler-groups.ts';
import type { SeedLab } from '../lab.ts';
import { settingsOf } from '../plan.ts';
import {
  candidatesOf,
  correctValues,
  scoredRankings,
  trainReward,
  type Candidates,
} from '../reward-runs.ts';
import { sampleOf, type Value } from '../sample.ts';
import { conditionOf, said } from '../saying.ts';

/** One ranking of each prompt, by a labeler drawn from all groups. */
function trainingRankings(
  groups: readonly LabelerGroup[],
  candidates: readonly Candidates[],
  seed: number,
): { readonly group: number; readonly ranking: Ranking }[] {
  return candidates.map((each) => {
    const rng = Rng.named(seed, 'group', each.prompt.id);
    const group = rng.int(groups.length);
    return { group, ranking: rank(rng.pick(groups[group]!.labelers), each, seed) };
  });
}

/** Whether the planted differences are there: how often two labelers of one group agree, and two of different groups. */
function plantedRows(
  lab: SeedLab,
  groups: readonly LabelerGroup[],
  candidates: readonly Candidates[],
): MeasuredRow[] {
  const [within, between]: Value[][] = [[], []];
  for (const each of candidates) {
    const { id, userId } = each.prompt;
    const two = groups.map(({ name, labelers }) =>
      Rng.named(lab.seed, 'group agreement', name, id)
        .shuffled(labelers)
        .slice(0, 2)
        .map((labeler) => rank(labeler, each, lab.seed).ranks),
    );
    two.forEach(([own, other], g) => {
      within!.push(...agreementValues(userId, own!, other!));
      for (const [elsewhere] of two.slice(g + 1)) {
        between!.push(...agreementValues(userId, own!, elsewhere!));
      }
    });
  }
  const judge = 'simulated labelers';
  return [
    labelRow(lab, 'agree-within', 'two labelers of one group agree', within!, { judge }),
    labelRow(lab, 'agree-between', 'two labelers of different groups agree', between!, { judge }),
  ];
}

/** What the folds' reward models do on comparisons of their own groups, of the group left out, and of held-out labelers. */
interface Folds {
  readonly inGroup: readonly Value[];
  /** By the group that was left out. */
  readonly heldOut: readonly (readonly Value[])[];
  readonly unseenLabelers: readonly Value[];
  /** Rankings of the groups left out, with the scores of the model that never saw them. */
  readonly scored: readonly ScoredRanking[];
}

async function measureFolds(
  lab: SeedLab,
  groups: readonly LabelerGroup[],
  judged: readonly (readonly WorldRanking[])[],
  byHeldOut: readonly WorldRanking[],
): Promise<Folds> {
  const forTraining = await candidatesOf(lab, 'train', lab.settings.labels.prompts);
  const training = trainingRankings(groups, forTraining, lab.seed);
  const [inGroup, unseenLabelers]: Value[][] = [[], []];
  const heldOut: Value[][] = [];
  const all: ScoredRanking[] = [];
  for (const g of groups.keys()) {
    const others = training.filter(({ group }) => group !== g).map(({ ranking }) => ranking);
    const reward = await trainReward(lab, `without-group-${g + 1}`, others);
    unseenLabelers!.push(...correctValues(await scoredRankings(lab, reward, byHeldOut)));
    for (const other of groups.keys()) {
      const scored = await scoredRankings(lab, reward, judged[other]!);
      if (other !== g) {
        inGroup!.push(...correctValues(scored));
        continue;
      }
      heldOut.push(correctValues(scored));
      all.push(...scored.scored);
    }
  }
  return { inGroup: inGroup!, heldOut, unseenLabelers: unseenLabelers!, scored: all };
}

const UNSEEN = 'held-out labelers, who gave no label at all';

/** The controls of tables about predictors: a reward model that learnt labels by chance, and the gold judge itself. */
async function predictionControls(
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
    const chance = correctValues(await scoredRankings(lab, reward, rankings));
    const words = `control: reward model of labels by chance: accuracy on ${of}`;
    const gold = `control: the gold judge as predictor: accuracy on ${of}`;
    rows.push(
      labelRow(lab, `chance:${id}`, words, chance, { control: true }),
      labelRow(lab, `gold:${id}`, gold, goldValues(rankings), { control: true }),
    );
  }
  return rows;
}

async function measureGroups(lab: SeedLab): Promise<Measured> {
  const { seed, counts } = lab;
  const groups = plantedGroups(lab.labelers);
  const test = await candidatesOf(lab, 'test', counts.groupPrompts);
  const judged = groups.map((group) => rankedBy(group, test, seed));
  const unseen = { name: 'held out', labelers: labelersByGroup(lab).heldout };
  const byUnseen = rankedBy(unseen, test, seed);
  const folds = await measureFolds(lab, groups, judged, byUnseen);
  const heldOut = folds.heldOut.flat();
  const ceiling = (id: string, of: string, group: LabelerGroup): MeasuredRow =>
    labelRow(lab, id, `noise ceiling of ${of}`, ceilingValues(group, test), {
      judge: 'noise of the group',
    });
  const rows = [
    labelRow(lab, 'in-group', 'accuracy on labelers of its own groups', folds.inGroup, {
      paper: 0.724,
    }),
    labelRow(lab, 'held-out', 'accuracy on the held-out group', heldOut, { paper: 0.696 }),
    labelRow(lab, 'difference', 'own groups minus held-out group', [], {
      unit: 'points',
      neutral: 0,
      paper: 0.028,
      sample: sampleOf('difference', folds.inGroup, heldOut),
    }),
    ...groups.flatMap((group, g) => [
      labelRow(lab, `group-${g + 1}`, `held-out group ${g + 1} (${group.name})`, folds.heldOut[g]!),
      ceiling(`ceiling-${g + 1}`, `group ${g + 1}`, group),
    ]),
    labelRow(lab, 'unseen', `accuracy on ${UNSEEN}`, folds.unseenLabelers),
    ceiling('ceiling-unseen', 'held-out labelers', unseen),
    ...plantedRows(lab, groups, test),
    ...(await predictionControls(lab, [
      { id: 'groups', of: 'the five groups', rankings: judged.flat() },
      { id: 'unseen', of: 'held-out labelers', rankings: byUnseen },
    ])),
  ];
  return { rows, data: calibrationJson(folds.scored) };
}

/** What the scores promise against what held-out groups preferred, all folds together; empty bins left out. */
function calibrationJson(scored: readonly ScoredRanking[]): JsonValue {
  return (calibrationOf(scored)?.bins ?? []).flatMap(({ predicted, preferred, low, high }) =>
    predicted === null || preferred === null || low === null || high === null
      ? []
      : [{ x: predicted, y: preferred, low, high }],
  );
}

function calibrationPoints(view: ClaimView): PlotPoint[] {
  return view.data.flatMap(({ data }) => data as unknown as PlotPoint[]);
}

export const REWARD_GROUPS: ClaimSpec = {
  id: 'reward-groups',
  title: 'The reward model and labelers it never saw',
  paper: {
    sentence:
      'In five-fold cross-validation over labeler groups, reward models predict labelers of their training groups ' +
      'slightly better than those of the held-out group.',
    figure: '72.4 ± 0.4 % and 69.6 ± 0.9 %',
    where: 'section 4.1',
  },
  how:
    'Five groups of four labelers with planted tastes (length, cheer, one sentence, against cheer, none). Five reward ' +
    'models, each trained on the rankings of four groups; measured on held-out prompts that each group ranks. Ties are ' +
    'dropped, whole prompts are one batch element. The noise ceiling is the best that any predictor could do that does ' +
    'not know which labeler of the group speaks. The groups are those of the labelers who give training labels, with their ' +
    'noise; beside them, and in no target, the labelers who give none and agree more often. Controls: a reward model ' +
    'trained on as many rankings filled in by chance, and the gold judge as predictor (ties one half).',
  here: {
    scenario: 'paper',
    settings: {},
    words: 'Train the reward model and watch its accuracy on rankings held out.',
  },
  measure: measureGroups,
  conditions: (view) => [
    conditionOf(view, 'held-out', 'accuracy on the held-out group: at least 68 %', {
      side: 'above',
      value: 0.68,
    }),
    enoughComparisons(view),
    conditionOf(view, 'difference', 'own groups are predicted better than the held-out one', {
      side: 'above',
    }),
  ],
  why: (view) => {
    const ceilings = [1, 2, 3, 4, 5].map((g) => said(view, `ceiling-${g}`)).join(', ');
    const groups = [1, 2, 3, 4, 5].map((g) => said(view, `group-${g}`)).join(', ');
    return (
      `The reward models are right in ${said(view, 'in-group')} of the comparisons of their own groups and in ` +
      `${said(view, 'held-out')} of those of the group that they never saw, a difference of ${said(view, 'difference')}. ` +
      `By held-out group: ${groups}; the noise alone would allow ${ceilings}. Two labelers of one group agree in ` +
      `${said(view, 'agree-within')}, of different groups in ${said(view, 'agree-between')}. Held-out labelers, who gave no ` +
      `label and err less, are predicted in ${said(view, 'unseen')} (ceiling ${said(view, 'ceiling-unseen')}); that is no ` +
      `target. The gold judge itself predicts the groups in ${said(view, 'gold:groups')}, a reward model of labels by chance ` +
      `in ${said(view, 'chance:groups')}.`
    );
  },
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Accuracy and noise ceiling, %',
      rows: view.rows.filter(({ unit }) => unit === 'share').map(({ id }) => id),
    },
    {
      kind: 'curves',
      title: 'Calibration on the held-out group',
      x: 'promised by the difference of scores',
      y: 'share that is right',
      lines: [
        { name: 'measured', draw: 'dots', points: calibrationPoints(view) },
        {
          name: 'perfect',
          draw: 'line',
          points: [
            { x: 0.5, y: 0.5 },
            { x: 1, y: 1 },
          ],
        },
      ],
    },
  ],
};

const ENOUGH = 5000;

function enoughComparisons(view: ClaimView) {
  const n = view.row('held-out').pooled?.n ?? 0;
  return {
    rows: ['held-out'],
    words: `measured on at least ${ENOUGH} comparisons (${n})`,
    grade: n >= ENOUGH ? ('met' as const) : ('partly' as const),
  };
}

/** Values of the same comparisons in the same order, one less the other. */
function pairedDifference(first: readonly Value[], second: readonly Value[]): Value[] {
  if (first.length !== second.length) throw new RangeError('not the same comparisons');
  return first.map(({ cluster, value }, i) => ({ cluster, value: value - second[i]!.value }));
}

/** Labels by chance show what is learnt by heart where there is nothing to learn; the gold judge learns nothing. */
async function shuffledControls(
  lab: SeedLab,
  training: readonly WorldRanking[],
  test: readonly WorldRanking[],
): Promise<MeasuredRow[]> {
  const heldOut = { id: 'held-out', of: 'held-out prompts', rankings: test };
  const { reward, rankings } = await rewardByChance(lab);
  const learnt = correctValues(await scoredRankings(lab, reward, rankings));
  const gold = 'control: the gold judge as predictor: accuracy on what the others learnt';
  const own = 'control: reward model of labels by chance: accuracy on what it learnt';
  return [
    ...(await predictionControls(lab, [heldOut])),
    labelRow(lab, 'chance:training', own, learnt, { control: true }),
    labelRow(lab, 'gold:training', gold, goldValues(training), { control: true }),
  ];
}

const BATCHINGS = ['prompts', 'shuffled-pairs'] as const;

export const SHUFFLED_PAIRS: ClaimSpec = {
  id: 'shuffled-pairs',
  title: 'Shuffled comparisons overfit',
  paper: {
    sentence:
      'If comparisons are simply shuffled into one set, a single pass over it makes the reward model overfit; all ' +
      'comparisons of a prompt as one batch element do not.',
    figure: 'no number',
    where: 'section 3.5',
  },
  how:
    'The same rankings of the usual labelers, as whole prompts and as shuffled comparisons in as many steps. Accuracy on ' +
    'the rankings trained on and on rankings of held-out prompts. Controls: a reward model trained on as many rankings ' +
    'filled in by chance (whole prompts; what it learnt are those), and the gold judge as predictor (ties one half).',
  here: {
    scenario: 'shuffled-pairs',
    settings: {},
    words: 'Watch the accuracy on training batches and on held-out rankings part.',
  },
  async measure(lab) {
    const { seed, settings, counts, labelers } = lab;
    const group = { name: 'all', labelers };
    const training = rankedBy(
      group,
      await candidatesOf(lab, 'train', settings.labels.prompts),
      seed,
    );
    const test = rankedBy(group, await candidatesOf(lab, 'test', counts.groupPrompts), seed);
    const rows: MeasuredRow[] = [];
    const held: Value[][] = [];
    const seen: Value[][] = [];
    for (const batching of BATCHINGS) {
      const changed = settingsOf(lab.shared.plan, seed, { reward: { batching } });
      const reward = await trainReward(lab, batching, training, changed);
      held.push(correctValues(await scoredRankings(lab, reward, test)));
      seen.push(correctValues(await scoredRankings(lab, reward, training)));
      const words = batching === 'prompts' ? 'whole prompts' : 'shuffled comparisons';
      rows.push(
        labelRow(
          lab,
          `held-out:${batching}`,
          `${words}: accuracy on held-out prompts`,
          held.at(-1)!,
        ),
        labelRow(
          lab,
          `training:${batching}`,
          `${words}: accuracy on what was learnt`,
          seen.at(-1)!,
        ),
        labelRow(lab, `gap:${batching}`, `${words}: learnt minus held out`, [], {
          unit: 'points',
          neutral: 0,
          sample: sampleOf('difference', seen.at(-1)!, held.at(-1)!),
        }),
      );
    }
    rows.push(
      labelRow(lab, 'held-out:difference', 'whole prompts minus shuffled, held out', [], {
        unit: 'points',
        neutral: 0,
        sample: sampleOf('difference', held[0]!, held[1]!),
      }),
    );
    rows.push(
      labelRow(lab, 'gap:difference', 'learnt minus held out, shuffled minus whole prompts', [], {
        unit: 'points',
        neutral: 0,
        sample: sampleOf(
          'difference',
          pairedDifference(seen[1]!, seen[0]!),
          pairedDifference(held[1]!, held[0]!),
        ),
      }),
    );
    rows.push(...(await shuffledControls(lab, training, test)));
    return { rows };
  },
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
    `and ${said(view, 'held-out:shuffled-pairs')}. Held out, whole prompts are ahead by ${said(view, 'held-out:difference')}; the gap between ` +
    `learnt and held out is wider by ${said(view, 'gap:difference')} when shuffled.`,
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Accuracy, %',
      rows: view.rows.filter(({ unit }) => unit === 'share').map(({ id }) => id),
    },
  ],
};
