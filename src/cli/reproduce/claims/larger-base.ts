/**
 * The paper's headline (abstract, figure 1): a small aligned model preferred to a much larger base. How well the larger one
 * was pre-trained stands beside, as a model that has seen too little is beaten easily.
 */
import type { ClaimSpec, ClaimView, MeasuredRow } from '../claim.ts';
import { lossOnDocuments, NO_TEXTS } from '../document-loss.ts';
import type { SeedLab } from '../lab.ts';
import { missingRow } from '../rows.ts';
import { sampleOf } from '../sample.ts';
import { conditionOf, said } from '../saying.ts';
import { againstBaseline, GOLD_HOW, preferredId, wordsOf } from './preferred.ts';

const lossId = (base: 'base' | 'large'): string => `loss:${base}`;

async function lossRows(lab: SeedLab): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  for (const base of ['base', 'large'] as const) {
    rows.push({
      id: lossId(base),
      label: `${wordsOf(base)}: loss on held-out documents`,
      unit: 'nats',
      neutral: null,
      paper: null,
      control: false,
      judge: 'held-out documents',
      temperature: '-',
      missing: null,
      sample: sampleOf('mean', await lossOnDocuments(lab, base)),
      items: [],
      noTexts: NO_TEXTS,
    });
  }
  return rows;
}

const isWorse = (view: ClaimView): boolean =>
  (view.row(lossId('large')).pooled?.value ?? 0) > (view.row(lossId('base')).pooled?.value ?? 0);

const NO_LARGE = 'not measured: no larger base model';

export const SMALL_AGAINST_LARGE: ClaimSpec = {
  id: 'small-against-large',
  title: 'A small aligned model against a larger base',
  paper: {
    sentence:
      'Outputs of the 1.3B InstructGPT are preferred to those of the 175B GPT-3, which has over 100 times the parameters.',
    figure: 'above 50 %',
    where: 'abstract, figure 1',
  },
  how: `${GOLD_HOW} The larger base model (8 to 10 times the parameters) has only been pre-trained.`,
  here: null,
  async measure(lab) {
    if (lab.shared.large === null) {
      const words = {
        unit: 'share',
        neutral: 0.5,
        judge: 'gold composite',
        temperature: '1',
      } as const;
      return {
        rows: ['large', 'large-prompted'].map((large) => {
          const label = `PPO-ptx preferred to ${wordsOf(large)}`;
          return missingRow({ id: preferredId('ppo-ptx', large), label, ...words }, NO_LARGE);
        }),
      };
    }
    return {
      rows: [
        ...(await againstBaseline(lab, 'large', null)),
        ...(await againstBaseline(lab, 'large-prompted', null, ['ppo-ptx', 'sft'])),
        ...(await lossRows(lab)),
      ],
    };
  },
  conditions: (view) => [
    conditionOf(
      view,
      preferredId('ppo-ptx', 'large'),
      'The small PPO-ptx preferred to the larger base: interval above 50 %',
      {
        side: 'above',
      },
    ),
  ],
  why: (view) =>
    `The small aligned model is preferred to the larger base in ${said(view, preferredId('ppo-ptx', 'large'))} of the ` +
    `comparisons at temperature 1, greedily ${said(view, preferredId('ppo-ptx', 'large', 'greedy'))}; with the few-shot prefix ` +
    `that was found for the small base the larger one is beaten in ${said(view, preferredId('ppo-ptx', 'large-prompted'))}. ` +
    `The small SFT model reaches ${said(view, preferredId('sft', 'large'))}. How good the larger base is: its loss on held-out ` +
    `documents is ${said(view, lossId('large'))}, that of the small base ${said(view, lossId('base'))}${
      isWorse(view)
        ? ': for want of hours it is pre-trained too little to be the better model of text, so that size stands here for ' +
          'parameters alone'
        : ''
    }.`,
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Preferred to a larger base, %',
      rows: view.rows.map((row) => row.id).filter((row) => !row.startsWith('loss:')),
    },
  ],
};
