/**
 * How well a reward model predicts labelers (paper, sections 3.5, 4.1 and E.2): labelers of its own groups and of a group
 * that it never saw, by five-fold cross-validation, beside what the noise allows.
 */
import { Rng } from '../../../data/rng.ts';
import { hasInterval } from '../../../records/result-figures.ts';
import type { PlotPoint } from '../../../records/results.ts';
import type { JsonValue } from '../../../records/run.ts';
import type { Ranking } from '../../../records/ranking.ts';
import { calibrationOf } from '../../../rlhf/calibration.ts';
import type { ScoredRanking } from '../../../rlhf/metrics.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from '../claim.ts';
import {
  agreementItems,
  ceilingItems,
  joinedItems,
  rankedByLabeler,
  type Predictions,
  type RankedTwice,
} from '../label-items.ts';
import {
  agreementValues,
  ceilingValues,
  labelersByGroup,
  labelRow,
  rank,
  rankedBy,
  type WorldRanking,
} from '../label-measures.ts';
import { plantedGroups, twoOfGroup, type LabelerGroup } from '../labeler-groups.ts';
import type { SeedLab } from '../lab.ts';
import { groupsBehind } from '../row-sources.ts';
import { accuracyRow, differenceRow, predictionControls, rightValues } from '../prediction-rows.ts';
import { candidatesOf, scoredRankings, trainReward, type Candidates } from '../reward-runs.ts';
import type { Value } from '../sample.ts';
import { conditionOf, moved, said } from '../saying.ts';
import { plainRun } from './here.ts';

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
export function plantedRows(
  lab: Pick<SeedLab, 'seed' | 'settings' | 'counts'>,
  groups: readonly LabelerGroup[],
  candidates: readonly Candidates[],
): MeasuredRow[] {
  const [within, between]: Value[][] = [[], []];
  const [ofOne, ofTwo]: RankedTwice[][] = [[], []];
  for (const [turn, each] of candidates.entries()) {
    const { id, userId } = each.prompt;
    const two = groups.map((group) =>
      twoOfGroup(lab.seed, group, id).map((labeler) => rankedByLabeler(labeler, each, lab.seed)),
    );
    two.forEach(([own, other], g) => {
      within!.push(...agreementValues(userId, own!.ranks, other!.ranks));
      for (const [elsewhere] of two.slice(g + 1)) {
        between!.push(...agreementValues(userId, own!.ranks, elsewhere!.ranks));
      }
    });
    const [own, other] = two[turn % two.length]!;
    const [elsewhere] = two[(turn + 1) % two.length]!;
    ofOne!.push({ ...each, by: [own!, other!] });
    ofTwo!.push({ ...each, by: [own!, elsewhere!] });
  }
  const judge = 'simulated labelers';
  const [inside, across] = [agreementItems(lab, ofOne!), agreementItems(lab, ofTwo!)];
  return [
    labelRow(lab, 'agree-within', 'two labelers of one group agree', within!, {
      judge,
      items: inside,
    }),
    labelRow(lab, 'agree-between', 'two labelers of different groups agree', between!, {
      judge,
      items: across,
    }),
    {
      ...differenceRow(
        lab,
        'agree-difference',
        'two labelers of one group minus of different groups',
        [within!, between!],
        joinedItems(lab, inside, across),
      ),
      judge,
    },
  ];
}

/** What the folds' reward models say of rankings by their own groups, by the group left out, and by held-out labelers. */
interface Folds {
  readonly inGroup: readonly Predictions[];
  /** By the group that was left out: of the model that never saw it. */
  readonly heldOut: readonly Predictions[];
  readonly unseen: readonly Predictions[];
}

async function measureFolds(
  lab: SeedLab,
  groups: readonly LabelerGroup[],
  judged: readonly (readonly WorldRanking[])[],
  byHeldOut: readonly WorldRanking[],
): Promise<Folds> {
  const forTraining = await candidatesOf(lab, 'train', lab.settings.labels.prompts);
  const training = trainingRankings(groups, forTraining, lab.seed);
  const [inGroup, heldOut, unseen]: Predictions[][] = [[], [], []];
  for (const g of groups.keys()) {
    const others = training.filter(({ group }) => group !== g).map(({ ranking }) => ranking);
    const reward = await trainReward(lab, `without-group-${g + 1}`, others);
    const name = `reward model without group ${g + 1}`;
    unseen!.push({ name, scored: await scoredRankings(lab, reward, byHeldOut) });
    for (const other of groups.keys()) {
      const scored = await scoredRankings(lab, reward, judged[other]!);
      (other === g ? heldOut! : inGroup!).push({ name, scored });
    }
  }
  return { inGroup: inGroup!, heldOut: heldOut!, unseen: unseen! };
}

const UNSEEN = 'held-out labelers, who gave no label at all';

async function measureGroups(lab: SeedLab): Promise<Measured> {
  const { seed, counts } = lab;
  const groups = plantedGroups(lab.labelers);
  const test = await candidatesOf(lab, 'test', counts.groupPrompts);
  const judged = groups.map((group) => rankedBy(group, test, seed));
  const unseen = { name: 'held out', labelers: labelersByGroup(lab).heldout };
  const byUnseen = rankedBy(unseen, test, seed);
  const folds = await measureFolds(lab, groups, judged, byUnseen);
  const ceiling = (id: string, of: string, group: LabelerGroup): MeasuredRow =>
    labelRow(lab, id, `noise ceiling of ${of}`, ceilingValues(group, test), {
      judge: 'noise of the group',
      items: ceilingItems(lab, group.labelers, test),
    });
  const own = accuracyRow(
    lab,
    'in-group',
    'accuracy on labelers of its own groups',
    folds.inGroup,
    {
      paper: 0.724,
    },
  );
  const heldOut = accuracyRow(lab, 'held-out', 'accuracy on the held-out group', folds.heldOut, {
    paper: 0.696,
  });
  const rows = [
    own,
    heldOut,
    {
      ...differenceRow(
        lab,
        'difference',
        'own groups minus held-out group',
        [rightValues(folds.inGroup), rightValues(folds.heldOut)],
        joinedItems(lab, own.items, heldOut.items),
      ),
      paper: 0.028,
    },
    ...groups.flatMap((group, g) => [
      accuracyRow(lab, `group-${g + 1}`, `held-out group ${g + 1} (${group.name})`, [
        folds.heldOut[g]!,
      ]),
      ceiling(`ceiling-${g + 1}`, `group ${g + 1}`, group),
    ]),
    accuracyRow(lab, 'unseen', `accuracy on ${UNSEEN}`, folds.unseen),
    ceiling('ceiling-unseen', 'held-out labelers', unseen),
    ...plantedRows(lab, groups, test),
    ...(await predictionControls(lab, [
      { id: 'groups', of: 'the five groups', rankings: judged.flat() },
      { id: 'unseen', of: 'held-out labelers', rankings: byUnseen },
    ])),
  ];
  return { rows, data: calibrationJson(folds.heldOut.flatMap(({ scored }) => scored.scored)) };
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

/** Below this, two labelers of one group agree hardly more than any two: the paper's gap, of accuracies, is 2.8 points. */
const HARDLY = 0.02;

const MORE_OFTEN = { up: 'more often by', down: 'less often by', none: 'as often' };
const BETTER = { up: 'better by', down: 'worse by', none: 'neither better nor worse' };

/** Whether the planted tastes are there to be found at all, by the interval of the difference. */
function tasteWords(view: ClaimView): string {
  const { pooled } = view.row('agree-difference');
  if (!pooled || !hasInterval(pooled)) return '';
  if (pooled.high < HARDLY) {
    return (
      ' So the planted tastes are hardly to be seen beside the noise of the labels: they leave no room for a gap as wide as ' +
      "the paper's 2.8 points, whatever a reward model does."
    );
  }
  if (pooled.low <= 0) return ' Whether the planted tastes can be seen at all is in doubt.';
  return ' So the planted tastes are there to be seen.';
}

function why(view: ClaimView): string {
  const each = (id: string): string =>
    [1, 2, 3, 4, 5].map((g) => said(view, `${id}-${g}`)).join(', ');
  return (
    `The reward models are right in ${said(view, 'in-group')} of the comparisons of their own groups and in ` +
    `${said(view, 'held-out')} of those of the group that they never saw: own groups are predicted ` +
    `${moved(view, 'difference', BETTER)}. By held-out group: ${each('group')}; the noise alone would allow ` +
    `${each('ceiling')}. Two labelers of one group agree in ${said(view, 'agree-within')}, of different groups in ` +
    `${said(view, 'agree-between')}: ${moved(view, 'agree-difference', MORE_OFTEN)}.${tasteWords(view)} Held-out labelers, who ` +
    `gave no label and err less, are predicted in ${said(view, 'unseen')} (ceiling ${said(view, 'ceiling-unseen')}); that is no ` +
    `target. The gold judge itself predicts the groups in ${said(view, 'gold:groups')}, a reward model of labels by chance ` +
    `in ${said(view, 'chance:groups')}.`
  );
}

export const REWARD_GROUPS: ClaimSpec = {
  id: 'reward-groups',
  behind: groupsBehind,
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
    "models, each trained on the rankings of four groups (of SFT's answers alone, without a second round); measured on " +
    'held-out prompts that each group ranks. Ties are ' +
    'dropped, whole prompts are one batch element. The noise ceiling is the best that any predictor could do that does ' +
    'not know which labeler of the group speaks. The groups are those of the labelers who give training labels, with their ' +
    'noise; beside them, and in no target, the labelers who give none and agree more often. Controls: a reward model ' +
    'trained on as many rankings filled in by chance, and the gold judge as predictor (ties one half).',
  here: plainRun('Train the reward model and watch its accuracy on rankings held out.'),
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
  why,
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
