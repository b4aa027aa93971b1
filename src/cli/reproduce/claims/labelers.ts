/**
 * What labelers agree on (paper, sections 3.4 and 4.1): with each other, and labelers who gave no training label with
 * those who did on which model is better.
 */
import { Rng } from '../../../data/rng.ts';
import { countAgreement } from '../../../records/labeler-agreement.ts';
import { pairOutcome } from '../../../rlhf/intervals.ts';
import { labelerPopulation, rankCompletions, type Labeler } from '../../../world/labelers.ts';
import type { ClaimSpec, MeasuredRow } from '../claim.ts';
import type { SeedLab } from '../lab.ts';
import { candidatesOf, type Candidates } from '../reward-runs.ts';
import { GOLD, preferredRow, type Answered } from '../rows.ts';
import { sampleOf, type Value } from '../sample.ts';
import { conditionOf, said } from '../saying.ts';
import { answeredBy, contextOf, isControl } from './preferred.ts';

/** Labelers who rank the same answers. */
const AT_ONCE = 4;

function groupsOf(lab: SeedLab): Readonly<Record<Labeler['group'], readonly Labeler[]>> {
  const { population, noise, k } = lab.settings.labels;
  const all = labelerPopulation(lab.seed, { population, noise, k });
  const group = (name: Labeler['group']) => all.filter((labeler) => labeler.group === name);
  return { training: group('training'), heldout: group('heldout') };
}

/** 1 for each pair of answers that two of the labelers ordered alike, 0 for each ordered otherwise, by user. */
function agreementValues(
  labelers: readonly Labeler[],
  candidates: readonly Candidates[],
  seed: number,
): Value[] {
  return candidates.flatMap(({ prompt, completions }) => {
    // The same text twice is a tie to everyone.
    const different = completions.filter(
      ({ text }, i) => completions.findIndex((other) => other.text === text) === i,
    );
    const chosen = Rng.named(seed, 'agreement', prompt.id).shuffled(labelers).slice(0, AT_ONCE);
    const ranks = chosen.map((labeler) => rankCompletions(labeler, prompt, different, seed));
    return ranks.flatMap((own, i) =>
      ranks.slice(i + 1).flatMap((other) => {
        const { agreed, total } = countAgreement(own, other);
        return Array.from({ length: total }, (_, t) => ({
          cluster: prompt.userId,
          value: t < agreed ? 1 : 0,
        }));
      }),
    );
  });
}

const AGREEMENT_PAPER = { training: 0.726, heldout: 0.773 } as const;
const GROUP_WORDS = { training: 'training labelers', heldout: 'held-out labelers' } as const;

export const LABELER_AGREEMENT: ClaimSpec = {
  id: 'labeler-agreement',
  title: 'How often two labelers agree',
  paper: {
    sentence:
      'Training labelers agree with each other on most comparisons, held-out labelers a little more often.',
    figure: '72.6 ± 1.5 % and 77.3 ± 1.3 %',
    where: 'section 3.4',
  },
  how:
    'Four labelers of a group rank the same answers of the SFT model to held-out prompts; pairs that either of two ties ' +
    "are left out. The simulated labelers' noise was set to give about these figures, so this checks the setting and is " +
    'no finding.',
  here: {
    scenario: 'noisy-labelers',
    settings: {},
    words: 'Rank answers yourself and see how often the class agrees with you.',
  },
  async measure(lab) {
    const candidates = await candidatesOf(lab, 'test', lab.counts.groupPrompts);
    const groups = groupsOf(lab);
    const rows = (['training', 'heldout'] as const).map((name): MeasuredRow => ({
      id: name,
      label: `two ${GROUP_WORDS[name]} agree`,
      unit: 'share',
      neutral: null,
      judge: 'simulated labelers',
      temperature: String(lab.settings.labels.temperature),
      paper: AGREEMENT_PAPER[name],
      control: false,
      missing: null,
      sample: sampleOf('mean', agreementValues(groups[name], candidates, lab.seed)),
      items: [],
    }));
    return { rows };
  },
  conditions: (view) =>
    (['training', 'heldout'] as const).map((name) => ({
      ...conditionOf(
        { ...view, row: (id) => ({ ...view.row(id), neutral: AGREEMENT_PAPER[name] }) },
        name,
        `two ${GROUP_WORDS[name]} agree within 3 points of the paper's ${(100 * AGREEMENT_PAPER[name]).toFixed(1)} %`,
        { side: 'near', within: 0.03 },
      ),
    })),
  why: (view) =>
    `Two training labelers agree on ${said(view, 'training')} of the comparisons that neither ties, two held-out ones on ` +
    `${said(view, 'heldout')}. One temperature of the labelers' noise was set for both groups.`,
  plots: (view) => [
    { kind: 'intervals', title: 'Two labelers agree, %', rows: view.rows.map(({ id }) => id) },
  ],
};

/** 1 where a labeler of the group, drawn for the prompt, ranks the first answer higher; one half for a tie. */
function labelerValues(
  lab: SeedLab,
  labelers: readonly Labeler[],
  [first, second]: readonly [Answered, Answered],
): Value[] {
  return lab.prompts.map((prompt, i) => {
    const labeler = Rng.named(lab.seed, 'prefer', prompt.id).pick(labelers);
    const shown = [first.answers[i]!, second.answers[i]!];
    const [a = 1, b = 1] = rankCompletions(labeler, prompt, shown, lab.seed);
    return { cluster: prompt.userId, value: pairOutcome(b, a) };
  });
}

const PAIRS = [
  ['ppo-ptx', 'sft'],
  ['ppo-ptx', 'base'],
  ['ppo-noise', 'sft'],
  ['ppo-gold', 'sft'],
] as const;

export const HELD_OUT_LABELERS: ClaimSpec = {
  id: 'held-out-labelers',
  title: 'Labelers who gave no training label prefer it as much',
  paper: {
    sentence:
      'Held-out labelers have similar ranking preferences as those who produced the training data.',
    figure: 'figure 3, no single number',
    where: 'section 4.1',
  },
  how:
    'Simulated labelers instead of the gold judge: for each held-out prompt one labeler of the group ranks both answers, ' +
    "with that labeler's weights, tastes and noise. Held-out labelers weigh truth and harm more.",
  here: {
    scenario: 'paper',
    settings: {},
    words: 'Vote blind yourself: you gave no training label.',
  },
  async measure(lab) {
    const groups = groupsOf(lab);
    const rows: MeasuredRow[] = [];
    for (const [first, second] of PAIRS) {
      const pair = [await answeredBy(lab, first, '1'), await answeredBy(lab, second, '1')] as const;
      const control = isControl(first);
      const plain = preferredRow(contextOf(lab), pair, { id: '', label: '', control }, GOLD);
      const [training, heldout] = [groups.training, groups.heldout].map((labelers) =>
        labelerValues(lab, labelers, pair),
      );
      const name = `${first} preferred to ${second}`;
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
          items: [],
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
    `${said(view, 'heldout:ppo-ptx>sft')}: a difference of ${said(view, 'difference:ppo-ptx>sft')}. Against the base model ` +
    `the two groups say ${said(view, 'training:ppo-ptx>base')} and ${said(view, 'heldout:ppo-ptx>base')}.`,
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Preferred by labelers, %',
      rows: view.rows.filter(({ unit }) => unit === 'share').map(({ id }) => id),
    },
  ],
};
