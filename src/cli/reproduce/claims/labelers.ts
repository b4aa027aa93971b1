/**
 * What labelers agree on (paper, sections 3.4 and 4.1): with each other, and labelers who gave no training label with
 * those who did on which model is better.
 */
import { policyWords } from '../../../records/answerer-words.ts';
import { Rng } from '../../../data/rng.ts';
import { pairOutcome } from '../../../rlhf/intervals.ts';
import { calibrateTemperature, type Pair } from '../../../world/labeler-noise.ts';
import {
  GROUP_TEMPERATURE,
  PAPER_AGREEMENT,
  rankCompletions,
  type Labeler,
} from '../../../world/labelers.ts';
import type { ClaimSpec, MeasuredRow } from '../claim.ts';
import {
  agreementValues,
  byChance,
  goldRanks,
  labelersByGroup,
  labelRow,
  pairsOf,
} from '../label-measures.ts';
import {
  agreementItems,
  rankedByGold,
  rankedByLabeler,
  rankedWords,
  type Ranked,
  type RankedTwice,
} from '../label-items.ts';
import type { SeedLab } from '../lab.ts';
import { agreementBehind, preferenceBehind } from '../row-sources.ts';
import { candidatesOf, type Candidates } from '../reward-runs.ts';
import { GOLD, itemsBehind, preferredRow, type Answered } from '../rows.ts';
import { sampleOf, type Value } from '../sample.ts';
import { conditionOf, moved, said } from '../saying.ts';
import { plainRun } from './here.ts';
import { answeredBy, contextOf, isControl } from './preferred.ts';

const GROUPS = ['training', 'heldout'] as const;
type Group = Labeler['group'];

/** What a labeler, or whoever stands in for one, makes of the answers to a prompt, as ranks. */
type Ranker = (candidates: Candidates) => readonly number[];

const rankerOf =
  (labeler: Labeler, seed: number): Ranker =>
  ({ prompt, completions }) =>
    rankCompletions(labeler, prompt, completions, seed);

const goldRanker: Ranker = ({ prompt, completions }) => goldRanks(prompt, completions);

/** The same text twice is a tie to everyone. */
const different = (completions: Candidates['completions']): Candidates['completions'] =>
  completions.filter(({ text }, i) => completions.findIndex((other) => other.text === text) === i);

/** Answers as two of the labelers rank them, for each prompt another two; or as one and the gold judge do. */
const rankedTwice =
  (labelers: readonly Labeler[], seed: number, withGold: boolean) =>
  ({ prompt, completions }: Candidates, turn: number): RankedTwice => {
    const shown = { prompt, completions: different(completions) };
    const by = (i: number): Ranked => rankedByLabeler(labelers[i % labelers.length]!, shown, seed);
    return { ...shown, by: [by(turn), withGold ? rankedByGold(shown) : by(turn + 1)] };
  };

/** Of each pair of answers and each two rankers, `whom` with another one: 1 where both order it alike, by user. */
function agreementOf(
  rankers: readonly Ranker[],
  candidates: readonly Candidates[],
  whom: Ranker | null = null,
): Value[] {
  return candidates.flatMap(({ prompt, completions }) => {
    const shown = { prompt, completions: different(completions) };
    const ranks = rankers.map((ranker) => ranker(shown));
    const [fixed] = whom === null ? [] : [whom(shown)];
    return ranks.flatMap((own, i) =>
      (fixed === undefined ? ranks.slice(i + 1) : [fixed]).flatMap((other) =>
        agreementValues(prompt.userId, own, other),
      ),
    );
  });
}

const GROUP_WORDS = { training: 'training labelers', heldout: 'held-out labelers' } as const;
const ONE_OF = { training: 'a training labeler', heldout: 'a held-out labeler' } as const;
/** The paper's own uncertainty about its two figures (section 3.4). */
const MARGIN = { training: 0.015, heldout: 0.013 } as const;
const percent = (share: number): string => (100 * share).toFixed(1);
const paperWords = (name: Group): string =>
  `${percent(PAPER_AGREEMENT[name])} ± ${percent(MARGIN[name])} %`;

function agreementRows(lab: SeedLab, candidates: readonly Candidates[]): MeasuredRow[] {
  const { seed } = lab;
  const groups = labelersByGroup(lab);
  const rankers = (labelers: readonly Labeler[]) =>
    labelers.map((labeler) => rankerOf(labeler, seed));
  const judge = 'simulated labelers';
  const itemsOf = (labelers: readonly Labeler[], withGold = false) => ({
    items: agreementItems(lab, candidates.map(rankedTwice(labelers, seed, withGold))),
  });
  const plain = GROUPS.map((name) =>
    labelRow(
      lab,
      name,
      `two ${GROUP_WORDS[name]} agree`,
      agreementOf(rankers(groups[name]), candidates),
      { judge, paper: PAPER_AGREEMENT[name], ...itemsOf(groups[name]) },
    ),
  );
  const controls = GROUPS.flatMap((name) => [
    labelRow(
      lab,
      `chance:${name}`,
      `control: two ${GROUP_WORDS[name]} who order by chance agree`,
      agreementOf(rankers(byChance(groups[name])), candidates),
      { judge, control: true, ...itemsOf(byChance(groups[name])) },
    ),
    labelRow(
      lab,
      `gold:${name}`,
      `control: ${ONE_OF[name]} agrees with the gold judge`,
      agreementOf(rankers(groups[name]), candidates, goldRanker),
      { judge: `${judge}, gold composite`, control: true, ...itemsOf(groups[name], true) },
    ),
  ]);
  return [...plain, ...controls];
}

/** Null where the labelers agree less than wanted even without noise, as they may on answers of a hardly trained model. */
function calibrated(
  labelers: readonly Labeler[],
  pairs: readonly Pair[],
  name: Group,
): number | null {
  try {
    return calibrateTemperature(labelers, pairs, PAPER_AGREEMENT[name]);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const SOLVED =
  'The temperature at which labelers would agree so often is solved for over all pairs of answers at once: no single text stands behind it.';

/** What each group's temperature would be if it were set on this seed's validation prompts alone. */
async function temperatureRows(lab: SeedLab): Promise<MeasuredRow[]> {
  const pairs = pairsOf(await candidatesOf(lab, 'validation', lab.counts.validation));
  const groups = labelersByGroup(lab);
  return GROUPS.map((name) => {
    const value = calibrated(groups[name], pairs, name);
    const label =
      `temperature at which two ${GROUP_WORDS[name]} agree on ${percent(PAPER_AGREEMENT[name])} % of the ` +
      `comparisons of validation prompts (set: ${GROUP_TEMPERATURE[name]})`;
    const single = value === null ? [] : [{ cluster: 'all', value }];
    return labelRow(lab, `temperature:${name}`, label, single, {
      unit: 'score',
      judge: 'exact expectation',
      noTexts: SOLVED,
      ...(value === null && {
        sample: null,
        missing: 'not measured: they agree less than that even without noise',
      }),
    });
  });
}

export const LABELER_AGREEMENT: ClaimSpec = {
  id: 'labeler-agreement',
  behind: agreementBehind,
  title: 'How often two labelers agree',
  paper: {
    sentence:
      'Training labelers agree with each other on most comparisons, held-out labelers a little more often.',
    figure: '72.6 ± 1.5 % and 77.3 ± 1.3 %',
    where: 'section 3.4',
  },
  how:
    'All labelers of a group rank the same answers of the SFT model to held-out prompts; each two of them are compared, ' +
    'pairs that either of two ties are left out. Each group has a temperature of its own for its noise, set on validation ' +
    "prompts to give the paper's figure, so this checks the setting and is no finding. Controls: labelers who order by " +
    'chance whatever they do not tie, and a labeler beside the gold judge.',
  here: {
    scenario: 'noisy-labelers',
    settings: {},
    words: 'Rank answers yourself and see how often the class agrees with you.',
  },
  async measure(lab) {
    const candidates = await candidatesOf(lab, 'test', lab.counts.groupPrompts);
    return { rows: [...agreementRows(lab, candidates), ...(await temperatureRows(lab))] };
  },
  conditions: (view) =>
    GROUPS.map((name) => ({
      ...conditionOf(
        { ...view, row: (id) => ({ ...view.row(id), neutral: PAPER_AGREEMENT[name] }) },
        name,
        `two ${GROUP_WORDS[name]} agree as often as the paper's: ${paperWords(name)}`,
        { side: 'near', within: MARGIN[name] },
      ),
    })),
  why: (view) =>
    `Two training labelers agree on ${said(view, 'training')} of the comparisons that neither ties, two held-out ones on ` +
    `${said(view, 'heldout')}. The temperature of the labelers' noise is ${GROUP_TEMPERATURE.training} for training labelers ` +
    `and ${GROUP_TEMPERATURE.heldout} for held-out ones; on validation prompts of these seeds alone it would have been ` +
    `${said(view, 'temperature:training')} and ${said(view, 'temperature:heldout')}. With the gold judge a labeler agrees on ` +
    `${said(view, 'gold:training')} and ${said(view, 'gold:heldout')}, by chance two agree on ${said(view, 'chance:training')}.`,
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Two labelers agree, %',
      rows: view.rows.filter(({ unit }) => unit === 'share').map(({ id }) => id),
    },
  ],
};

/** The labeler of a group who judges the answers to prompt i. */
export const speaks = (
  { seed, prompts }: SeedLab,
  labelers: readonly Labeler[],
  i: number,
): Labeler => Rng.named(seed, 'prefer', prompts[i]!.id).pick(labelers);

/** 1 where a labeler of the group, drawn for the prompt, ranks the first answer higher; one half for a tie. */
function labelerValues(
  lab: SeedLab,
  labelers: readonly Labeler[],
  [first, second]: readonly [Answered, Answered],
): Value[] {
  return lab.prompts.map((prompt, i) => {
    const labeler = speaks(lab, labelers, i);
    const shown = [first.answers[i]!, second.answers[i]!];
    const [a = 1, b = 1] = rankCompletions(labeler, prompt, shown, lab.seed);
    return { cluster: prompt.userId, value: pairOutcome(b, a) };
  });
}

/** What a labeler of each group says of the one or the other answer to prompt i. */
function labelerWords(lab: SeedLab, pair: readonly [Answered, Answered], i: number, a: number) {
  const prompt = lab.prompts[i]!;
  const completions = pair.map(({ policy, answers }) => ({ id: policy, policy, ...answers[i]! }));
  const groups = labelersByGroup(lab);
  return GROUPS.map((name) => {
    const labeler = speaks(lab, groups[name], i);
    return rankedWords(rankedByLabeler(labeler, { prompt, completions }, lab.seed), a, 1 - a);
  });
}

export const PREFERENCES = [
  ['ppo-ptx', 'sft'],
  ['ppo-ptx', 'base'],
  ['ppo-noise', 'sft'],
  ['ppo-noise', 'base'],
  ['ppo-gold', 'sft'],
  ['ppo-gold', 'base'],
] as const;

/** Of held-out minus training labelers. */
const MORE_OFTEN = { up: 'more often by', down: 'less often by', none: 'as often' };

export const HELD_OUT_LABELERS: ClaimSpec = {
  id: 'held-out-labelers',
  behind: preferenceBehind,
  title: 'Labelers who gave no training label prefer it as much',
  paper: {
    sentence:
      'Held-out labelers have similar ranking preferences as those who produced the training data.',
    figure: 'figure 3, no single number',
    where: 'section 4.1',
  },
  how:
    'Simulated labelers instead of the gold judge: for each held-out prompt one labeler of the group ranks both answers, ' +
    "with that labeler's weights, tastes and noise. Held-out labelers weigh truth and harm more, and err less.",
  here: plainRun('Vote blind yourself: you gave no training label.'),
  async measure(lab) {
    const groups = labelersByGroup(lab);
    const rows: MeasuredRow[] = [];
    for (const [first, second] of PREFERENCES) {
      const pair = [await answeredBy(lab, first, '1'), await answeredBy(lab, second, '1')] as const;
      const control = isControl(first);
      const plain = {
        ...preferredRow(contextOf(lab), pair, { id: '', label: '', control }, GOLD),
        ...itemsBehind(contextOf(lab), pair, GOLD, {
          say: (i, a) => labelerWords(lab, pair, i, a),
        }),
      };
      const [training, heldout] = [groups.training, groups.heldout].map((labelers) =>
        labelerValues(lab, labelers, pair),
      );
      const name = `${policyWords(first)} preferred to ${policyWords(second)}`;
      rows.push(
        ...(
          [
            ['training', training],
            ['heldout', heldout],
          ] as const
        ).map(([group, values]) => ({
          ...plain,
          id: `${group}:${first}>${second}`,
          label: `${name} by ${GROUP_WORDS[group]}`,
          judge: GROUP_WORDS[group],
          sample: sampleOf('mean', values ?? []),
        })),
        {
          ...plain,
          id: `difference:${first}>${second}`,
          label: `${name}: held-out minus training labelers`,
          unit: 'points' as const,
          neutral: 0,
          judge: 'both groups',
          sample: sampleOf('difference', heldout ?? [], training ?? []),
        },
      );
    }
    return { rows };
  },
  conditions: (view) => [
    conditionOf(view, 'heldout:ppo-ptx>sft', 'held-out labelers prefer PPO-ptx to SFT', {
      side: 'above',
    }),
    conditionOf(
      view,
      'difference:ppo-ptx>sft',
      'within 5 points of what training labelers prefer',
      {
        side: 'near',
        within: 0.05,
      },
    ),
  ],
  why: (view) =>
    `Training labelers prefer PPO-ptx to SFT in ${said(view, 'training:ppo-ptx>sft')} of the comparisons, held-out ones in ` +
    `${said(view, 'heldout:ppo-ptx>sft')}: ${moved(view, 'difference:ppo-ptx>sft', MORE_OFTEN)}. To the base model the two groups ` +
    `prefer it in ${said(view, 'training:ppo-ptx>base')} and ${said(view, 'heldout:ppo-ptx>base')}; of the controls, the one on ` +
    `noise in ${said(view, 'training:ppo-noise>base')} and ${said(view, 'heldout:ppo-noise>base')}, the one on the gold judge in ` +
    `${said(view, 'training:ppo-gold>base')} and ${said(view, 'heldout:ppo-gold>base')}.`,
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Preferred by labelers, %',
      rows: view.rows.filter(({ unit }) => unit === 'share').map(({ id }) => id),
    },
  ],
};
