/**
 * Which epoch of SFT (paper, sections 3.5 and C.1): validation loss is best early, yet the reward model and people like
 * later epochs better, so that the paper chooses by reward-model score. A longer supervised run keeps every epoch.
 */
import type { Model } from '../../../model/parameters.ts';
import { complete, demonstrationSequences } from '../../../rlhf/pipeline.ts';
import { responseLogProbabilities } from '../../../rlhf/sequences.ts';
import { demonstrate } from '../../../world/demonstrations.ts';
import { judgeGold } from '../../../world/judges.ts';
import { CONTROLS } from '../../controls.ts';
import type { ClaimSpec, Measured, MeasuredRow } from '../claim.ts';
import { sftEpochs } from '../kept-epochs.ts';
import type { SeedLab } from '../lab.ts';
import { rewardsOf } from '../reward-scores.ts';
import { sampleOf, type Value } from '../sample.ts';
import { conditionOf, said } from '../saying.ts';
import { wordsOf } from './preferred.ts';

/** What is measured of an epoch on validation prompts, by the user of the prompt. */
interface EpochValues {
  /** Mean negative log-likelihood of a demonstration's tokens, nats. */
  readonly loss: readonly Value[];
  readonly reward: readonly Value[];
  readonly gold: readonly Value[];
}

async function validationLoss(lab: SeedLab, model: Model): Promise<Value[]> {
  const { tokenizer, shape, seed, validation } = lab;
  const kept = demonstrate(seed, validation).flatMap((demonstration) =>
    demonstrationSequences(tokenizer, [demonstration], shape).map((sequence) => ({
      cluster: demonstration.prompt.userId,
      sequence,
    })),
  );
  const sequences = kept.map(({ sequence }) => sequence);
  const all = await responseLogProbabilities(model, sequences, shape);
  return kept.map(({ cluster, sequence }, row) => ({
    cluster,
    value: -all[row]! / sequence.response.length,
  }));
}

async function measureEpoch(lab: SeedLab, model: Model, reward: Model): Promise<EpochValues> {
  const { tokenizer, shape, seed, validation } = lab;
  const texts = validation.map(({ text }) => text);
  const how = { shape, temperature: 1, seed, scope: 'epochs', policy: '' };
  const answers = await complete(model, tokenizer, texts, how);
  const rewards = await rewardsOf(lab, reward, validation, answers);
  const byUser = (read: (i: number) => number): Value[] =>
    validation.map(({ userId }, i) => ({ cluster: userId, value: read(i) }));
  return {
    loss: await validationLoss(lab, model),
    reward: byUser((i) => rewards[i]!),
    gold: byUser((i) => judgeGold(validation[i]!, answers[i]!.text, answers[i]!.ended).score),
  };
}

const KINDS = {
  loss: { words: 'validation loss per token', judge: 'demonstrations', unit: 'nats' },
  reward: { words: 'reward-model score', judge: 'reward model', unit: 'score' },
  gold: { words: 'gold', judge: 'gold composite', unit: 'score' },
} as const;
type Kind = keyof typeof KINDS;

function rowOf(kind: Kind, id: string, label: string): Omit<MeasuredRow, 'sample'> {
  const { judge, unit } = KINDS[kind];
  const temperature = kind === 'loss' ? '-' : '1';
  const plain = { paper: null, control: false, missing: null, items: [] };
  return { id, label, unit, judge, temperature, neutral: null, ...plain };
}

const KIND_NAMES = Object.keys(KINDS) as Kind[];

function rowsOf(epochs: readonly EpochValues[]): MeasuredRow[] {
  const [first, last] = [epochs[0]!, epochs.at(-1)!];
  return KIND_NAMES.flatMap((kind) => [
    ...epochs.map((epoch, k) => ({
      ...rowOf(kind, `${kind}:${k + 1}`, `epoch ${k + 1}: ${KINDS[kind].words}`),
      sample: sampleOf('mean', epoch[kind]),
    })),
    {
      ...rowOf(kind, `${kind}:change`, `last epoch minus first: ${KINDS[kind].words}`),
      neutral: 0,
      sample: sampleOf('difference', last[kind], first[kind]),
    },
  ]);
}

/** The same of the two control policies, which come from the usual run's SFT: what no reward and the judge itself give. */
async function controlRows(lab: SeedLab, reward: Model): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  for (const control of CONTROLS) {
    const policy = `ppo-${control}`;
    const values = await measureEpoch(lab, await lab.reinforced(policy), reward);
    for (const kind of KIND_NAMES) {
      const plain = rowOf(kind, `${kind}:${policy}`, `${wordsOf(policy)}: ${KINDS[kind].words}`);
      rows.push({ ...plain, control: true, sample: sampleOf('mean', values[kind]) });
    }
  }
  return rows;
}

async function measure(lab: SeedLab): Promise<Measured> {
  const { epochs } = lab.counts;
  const models = await sftEpochs(lab.lab('sft-long', { sft: { epochs } }), lab.shared.base.model);
  const reward = await lab.reward();
  const values: EpochValues[] = [];
  for (const model of models) {
    values.push(await measureEpoch(lab, model, reward));
    model.dispose();
  }
  return { rows: [...rowsOf(values), ...(await controlRows(lab, reward))] };
}

export const EPOCHS: ClaimSpec = {
  id: 'sft-epoch',
  title: 'SFT: the epoch by reward score, not by loss',
  paper: {
    sentence:
      'SFT models overfit on validation loss after one epoch, but training for more epochs helps both the reward-model ' +
      'score and human preference.',
    figure: '16 epochs, the best by loss is the first',
    where: 'section 3.5',
  },
  how:
    'A supervised run of its own that keeps every epoch. On validation prompts: loss on demonstrations, mean score by the ' +
    'reward model (made from the usual run), mean gold. The models of all other claims are chosen in the same way among ' +
    'the epochs of the usual run. The controls start from the SFT model of the usual run.',
  here: {
    scenario: null,
    settings: { 'sft.epochs': 8 },
    words: 'Train SFT and watch the loss; then compare it in the judges with a run of two epochs.',
  },
  measure,
  conditions: (view) => [
    conditionOf(
      view,
      'loss:change',
      'validation loss is higher after the last epoch than after the first',
      {
        side: 'above',
      },
    ),
    conditionOf(view, 'reward:change', 'the reward-model score is higher', { side: 'above' }),
  ],
  why: (view) =>
    `From the first epoch to the last, validation loss changes by ${said(view, 'loss:change')}, the reward-model score by ` +
    `${said(view, 'reward:change')} and gold by ${said(view, 'gold:change')}. The learning rate falls along a cosine to the ` +
    'end of the run, so that the first epoch is one at a high rate.',
  plots: (view) =>
    KIND_NAMES.map((kind) => ({
      kind: 'curves' as const,
      title: `${KINDS[kind].words} on validation prompts`,
      x: 'epoch',
      y: KINDS[kind].words,
      lines: [
        {
          name: KINDS[kind].words,
          draw: 'both' as const,
          points: view.rows
            .filter(({ id }) => new RegExp(`^${kind}:\\d+$`).test(id))
            .flatMap(({ id, pooled }) =>
              pooled
                ? [
                    {
                      x: Number(id.split(':')[1]),
                      y: pooled.value,
                      low: pooled.low,
                      high: pooled.high,
                    },
                  ]
                : [],
            ),
        },
      ],
    })),
};
