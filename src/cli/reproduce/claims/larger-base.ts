/**
 * The paper's headline (abstract, figure 1): a small aligned model preferred to a much larger base. How well the larger one
 * was pre-trained stands beside, as a model that has seen too little is beaten easily.
 */
import { policyWords } from '../../../records/answerer-words.ts';
import { parameterCount, type Model } from '../../../model/parameters.ts';
import type { ResultCondition } from '../../../records/results.ts';
import type { ClaimSpec, ClaimView, MeasuredRow } from '../claim.ts';
import { lossOnDocuments, NO_TEXTS } from '../document-loss.ts';
import type { SeedLab } from '../lab.ts';
import { missingRow } from '../rows.ts';
import { sampleOf, type Value } from '../sample.ts';
import { conditionOf, moved, said } from '../saying.ts';
import { plainRun } from './here.ts';
import { againstBaseline, GOLD_HOW, preferredId } from './preferred.ts';

const lossId = (base: 'base' | 'large'): string => `loss:${base}`;

const LOSS_CHANGE = 'loss:change';

const ON_DOCUMENTS = {
  unit: 'nats',
  paper: null,
  control: false,
  judge: 'held-out documents',
  temperature: '-',
  missing: null,
  items: [],
  noTexts: NO_TEXTS,
} as const;

async function lossRows(lab: SeedLab): Promise<MeasuredRow[]> {
  const [base, large] = [await lossOnDocuments(lab, 'base'), await lossOnDocuments(lab, 'large')];
  const ofOne = (policy: 'base' | 'large', loss: readonly Value[]): MeasuredRow => ({
    ...ON_DOCUMENTS,
    id: lossId(policy),
    label: `${policyWords(policy)}: loss on held-out documents`,
    neutral: null,
    sample: sampleOf('mean', loss),
  });
  const change: MeasuredRow = {
    ...ON_DOCUMENTS,
    id: LOSS_CHANGE,
    label: `${policyWords('large')}: rise of the loss against the base, on the same documents`,
    neutral: 0,
    sample: sampleOf('difference', large, base),
  };
  return [ofOne('base', base), ofOne('large', large), change];
}

/** A larger base that has read so little that it is the worse model of text makes a weak rival. */
const betterText = (view: ClaimView): ResultCondition =>
  conditionOf(
    view,
    LOSS_CHANGE,
    'the larger base is the better model of text: its loss on the same held-out documents is lower',
    { side: 'below' },
  );

const AGAINST_BASE = { up: 'higher by', down: 'lower by', none: 'as high' };

/** What the figures say of the larger base as a model of text. */
function lossWords(view: ClaimView): string {
  const worse = (view.row(LOSS_CHANGE).pooled?.value ?? 0) > 0;
  return (
    `its loss on held-out documents is ${said(view, lossId('large'))}, that of the small base ${said(view, lossId('base'))}; on ` +
    `the same documents it is ${moved(view, LOSS_CHANGE, AGAINST_BASE)}` +
    (worse
      ? ', so that it has read too little to be the better model of text and is larger in parameters alone.'
      : '.')
  );
}

/** Parameters of both, as a seed keeps them. */
interface Sizes {
  readonly small: number;
  readonly large: number;
}

export const parametersOf = (
  small: { readonly model: Pick<Model, 'config'> },
  large: { readonly model: Pick<Model, 'config'> },
): Sizes => ({
  small: parameterCount(small.model.config),
  large: parameterCount(large.model.config),
});

const counted = (parameters: number): string => parameters.toLocaleString('en-US');

/** Nothing of what was measured before sizes were kept. */
function sizeWords({ data }: ClaimView): string {
  const [first] = data;
  if (first === undefined) return '';
  const { small, large } = first.data as unknown as Sizes;
  return `It has ${(large / small).toFixed(1)} times the parameters: ${counted(large)} against ${counted(small)}.`;
}

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
  how: `${GOLD_HOW} The larger base model has only been pre-trained (README.md: with which command, and for how long).`,
  howHere: (view) => sizeWords(view),
  here: plainRun(
    'Run all stages and compare PPO-ptx with base in the judges. The larger base model is too large to be shipped: ' +
      'npm run pretrain -- --size huge makes one, npm run reproduce -- --large DIR compares it.',
  ),
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
          const label = `PPO-ptx preferred to ${policyWords(large)}`;
          return missingRow({ id: preferredId('ppo-ptx', large), label, ...words }, NO_LARGE);
        }),
      };
    }
    const sizes = parametersOf(lab.shared.base, lab.shared.large);
    return {
      data: { ...sizes },
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
    betterText(view),
  ],
  why: (view) =>
    `The small aligned model is preferred to the larger base in ${said(view, preferredId('ppo-ptx', 'large'))} of the ` +
    `comparisons at temperature 1, greedily ${said(view, preferredId('ppo-ptx', 'large', 'greedy'))}; with the few-shot prefix ` +
    `that was found for the small base the larger one is beaten in ${said(view, preferredId('ppo-ptx', 'large-prompted'))} ` +
    `at temperature 1 and in ${said(view, preferredId('ppo-ptx', 'large-prompted', 'greedy'))} greedily. ` +
    `The small SFT model reaches ${said(view, preferredId('sft', 'large'))}. How good the larger base is: ` +
    lossWords(view),
  plots: (view) => [
    {
      kind: 'intervals',
      title: 'Preferred to a larger base, %',
      rows: view.rows.map((row) => row.id).filter((row) => !row.startsWith('loss:')),
    },
  ],
};
