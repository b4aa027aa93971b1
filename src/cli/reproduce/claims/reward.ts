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
import { noiseCeiling } from '../../../world/labeler-noise.ts';
import { labelRanking, type Labeler } from '../../../world/labelers.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from '../claim.ts';
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

function rank(labeler: Labeler, { prompt, completions }: Candidates, seed: number): Ranking {
  return labelRanking(labeler, prompt, completions, seed);
}

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

/** One ranking of each prompt by a labeler of the group. */
function rankedBy(group: LabelerGroup, candidates: readonly Candidates[], seed: number): Ranking[] {
  return candidates.map((each) => {
    const labeler = Rng.named(seed, 'group test', group.name, each.prompt.id).pick(group.labelers);
    return rank(labeler, each, seed);
  });
}

const pairsOf = (candidates: readonly Candidates[]) =>
  candidates.flatMap(({ prompt, completions }) =>
    completions.flatMap((a, i) => completions.slice(0, i).map((b) => ({ prompt, a, b }))),
  );

/** What the noise of a group's labels allows on each user's comparisons, weighed by their number. */
function ceilingValues(group: LabelerGroup, candidates: readonly Candidates[]): Value[] {
  return candidates.flatMap((each) => {
    const value = noiseCeiling(group.labelers, pairsOf([each]));
    return Number.isNaN(value) ? [] : [{ cluster: each.prompt.userId, value }];
  });
}

function rowOf(
  lab: SeedLab,
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

async function measureGroups(lab: SeedLab): Promise<Measured> {
  const { seed, settings, counts } = lab;
  const groups = plantedGroups(lab.labelers);
  const forTraining = await candidatesOf(lab, 'train', settings.labels.prompts);
  const training = trainingRankings(groups, forTraining, seed);
  const test = await candidatesOf(lab, 'test', counts.groupPrompts);
  const judged = groups.map((group) => rankedBy(group, test, seed));
  const [inGroup, heldOut]: Value[][] = [[], []];
  const byGroup: Value[][] = [];
  const unseen: ScoredRanking[] = [];
  for (const g of groups.keys()) {
    const others = training.filter(({ group }) => group !== g).map(({ ranking }) => ranking);
    const reward = await trainReward(lab, `without-group-${g + 1}`, others);
    for (const other of groups.keys()) {
      const scored = await scoredRankings(lab, reward, judged[other]!);
      const values = correctValues(scored);
      (other === g ? heldOut! : inGroup!).push(...values);
      if (other !== g) continue;
      byGroup.push(values);
      unseen.push(...scored.scored);
    }
  }
  const rows = [
    rowOf(lab, 'in-group', 'accuracy on labelers of its own groups', inGroup!, { paper: 0.724 }),
    rowOf(lab, 'held-out', 'accuracy on the held-out group', heldOut!, { paper: 0.696 }),
    rowOf(lab, 'difference', 'own groups minus held-out group', [], {
      unit: 'points',
      neutral: 0,
      paper: 0.028,
      sample: sampleOf('difference', inGroup!, heldOut!),
    }),
    ...groups.flatMap((group, g) => [
      rowOf(lab, `group-${g + 1}`, `held-out group ${g + 1} (${group.name})`, byGroup[g]!),
      rowOf(
        lab,
        `ceiling-${g + 1}`,
        `noise ceiling of group ${g + 1}`,
        ceilingValues(group, test),
        {
          judge: 'noise of the group',
        },
      ),
    ]),
  ];
  return { rows, data: calibrationJson(unseen) };
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
    'not know which labeler of the group speaks.',
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
      `By held-out group: ${groups}; the noise alone would allow ${ceilings}.`
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
    'the rankings trained on and on rankings of held-out prompts.',
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
        rowOf(lab, `held-out:${batching}`, `${words}: accuracy on held-out prompts`, held.at(-1)!),
        rowOf(lab, `training:${batching}`, `${words}: accuracy on what was learnt`, seen.at(-1)!),
        rowOf(lab, `gap:${batching}`, `${words}: learnt minus held out`, [], {
          unit: 'points',
          neutral: 0,
          sample: sampleOf('difference', seen.at(-1)!, held.at(-1)!),
        }),
      );
    }
    rows.push(
      rowOf(lab, 'held-out:difference', 'whole prompts minus shuffled, held out', [], {
        unit: 'points',
        neutral: 0,
        sample: sampleOf('difference', held[0]!, held[1]!),
      }),
    );
    rows.push(
      rowOf(lab, 'gap:difference', 'learnt minus held out, shuffled minus whole prompts', [], {
        unit: 'points',
        neutral: 0,
        sample: sampleOf(
          'difference',
          pairedDifference(seen[1]!, seen[0]!),
          pairedDifference(held[1]!, held[0]!),
        ),
      }),
    );
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
