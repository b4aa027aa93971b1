/**
 * Which epoch of SFT (paper, sections 3.5 and C.1): validation loss is best early, yet the reward model and people like
 * later epochs better, so that the paper chooses by reward-model score. A longer supervised run keeps every epoch.
 */
import { policyWords } from '../../../records/answerer-words.ts';
import type { Model } from '../../../model/parameters.ts';
import type { Demonstration } from '../../../records/prompt.ts';
import type { ResultItem } from '../../../records/results.ts';
import { demonstrationSequences } from '../../../rlhf/pipeline.ts';
import { responseLogProbabilities } from '../../../rlhf/sequences.ts';
import { demonstrate } from '../../../world/demonstrations.ts';
import { CONTROLS } from '../../controls.ts';
import { answersBy, type PromptSet } from '../answers.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from '../claim.ts';
import { goldReferenceRows, WRITERS } from '../gold-references.ts';
import { sftEpochs } from '../kept-epochs.ts';
import type { SeedLab } from '../lab.ts';
import { epochsBehind } from '../row-sources.ts';
import { CHOICE, rewardsOf } from '../reward-scores.ts';
import { GOLD, itemsBehind, type Answered, type RowContext } from '../rows.ts';
import { sampleOf, type Value } from '../sample.ts';
import { conditionOf, moved, said } from '../saying.ts';

/** A demonstration and how a model predicts it. */
export interface Predicted {
  readonly demonstration: Demonstration;
  readonly tokens: number;
  /** Mean negative log-likelihood of its tokens, nats. */
  readonly loss: number;
}

/** What is measured of an epoch, or of a control, on validation prompts. */
interface EpochValues {
  readonly predicted: readonly Predicted[];
  readonly answered: Answered;
  /** The reward model's scores of the answers. */
  readonly rewards: readonly number[];
}

/** The prompts by which epochs are compared, and under which their answers are kept. */
export const validationSet = ({ validation }: Pick<SeedLab, 'validation'>): PromptSet => ({
  name: 'validation',
  prompts: validation,
});

/** How a model predicts the demonstrations for validation prompts, of those that fit. */
export async function predict(lab: SeedLab, model: Model): Promise<Predicted[]> {
  const { tokenizer, shape, seed, validation } = lab;
  const kept = demonstrate(seed, validation).flatMap((demonstration) =>
    demonstrationSequences(tokenizer, [demonstration], shape).map((sequence) => ({
      demonstration,
      sequence,
    })),
  );
  const sequences = kept.map(({ sequence }) => sequence);
  const all = await responseLogProbabilities(model, sequences, shape);
  return kept.map(({ demonstration, sequence }, row) => {
    const tokens = sequence.response.length;
    return { demonstration, tokens, loss: -all[row]! / tokens };
  });
}

/** @param scope names the random stream of the answers */
async function measureEpoch(
  lab: SeedLab,
  policy: string,
  model: Model,
  reward: Model,
  scope = 'epochs',
): Promise<EpochValues> {
  const how = { set: validationSet(lab), scope };
  const answers = await answersBy(lab, () => Promise.resolve(model), policy, how);
  return {
    predicted: await predict(lab, model),
    answered: { policy, drawing: '1', answers },
    rewards: await rewardsOf(lab, reward, lab.validation, answers),
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

/** By the user of the prompt. */
function valuesOf(
  lab: SeedLab,
  kind: Kind,
  { predicted, answered, rewards }: EpochValues,
): Value[] {
  if (kind === 'loss') {
    return predicted.map(({ demonstration, loss }) => ({
      cluster: demonstration.prompt.userId,
      value: loss,
    }));
  }
  return lab.validation.map(({ userId }, i) => ({
    cluster: userId,
    value: kind === 'reward' ? rewards[i]! : answered.answers[i]!.gold.score,
  }));
}

/** Demonstrations, each with what the models make of it: every so many, so that use cases differ. */
function predictedItems({ seed, counts }: SeedLab, all: readonly EpochValues[]): ResultItem[] {
  const { predicted } = all[0]!;
  const count = Math.min(counts.items, predicted.length);
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor((i * predicted.length) / count);
    const { prompt, response } = predicted[row]!.demonstration;
    return {
      seed,
      prompt: prompt.text,
      kind: prompt.useCase,
      outputs: all.map(({ answered, predicted: own }) => {
        const { loss, tokens } = own[row]!;
        const words = `${loss.toFixed(3)} nats for each of ${tokens} tokens`;
        const policy = `demonstration, read by ${policyWords(answered.policy)}`;
        return { policy, text: response, ended: null, score: loss, reasons: [words] };
      }),
    };
  });
}

function goldContext(lab: Pick<SeedLab, 'seed' | 'counts' | 'validation'>): RowContext {
  const { name, prompts } = validationSet(lab);
  return { seed: lab.seed, set: name, prompts, items: lab.counts.items };
}

/** What stands behind a figure of one or of two of them. */
function behind(
  lab: SeedLab,
  kind: Kind,
  ...all: readonly [EpochValues, ...EpochValues[]]
): Pick<MeasuredRow, 'items' | 'source'> {
  if (kind === 'loss') return { items: predictedItems(lab, all) };
  const context = goldContext(lab);
  const say = (i: number, a: number): string[] => [
    `gold composite ${all[a]!.answered.answers[i]!.gold.score.toFixed(2)}, reward model ${all[a]!.rewards[i]!.toFixed(2)}`,
  ];
  const answered = all.map((each) => each.answered);
  const { items, source } = itemsBehind(context, answered, GOLD, { say });
  // What is stored of all answers has the gold judge's numbers only.
  return kind === 'gold' ? { items, source } : { items };
}

function rowsOf(lab: SeedLab, epochs: readonly EpochValues[]): MeasuredRow[] {
  const [first, last] = [epochs[0]!, epochs.at(-1)!];
  return KIND_NAMES.flatMap((kind) => [
    ...epochs.map((epoch, k) => ({
      ...rowOf(kind, `${kind}:${k + 1}`, `epoch ${k + 1}: ${KINDS[kind].words}`),
      sample: sampleOf('mean', valuesOf(lab, kind, epoch)),
      ...behind(lab, kind, epoch),
    })),
    {
      ...rowOf(kind, `${kind}:change`, `last epoch minus first: ${KINDS[kind].words}`),
      neutral: 0,
      sample: sampleOf('difference', valuesOf(lab, kind, last), valuesOf(lab, kind, first)),
      ...behind(lab, kind, last, first),
    },
  ]);
}

/** The choice of one seed: the epoch, counted from 1, with what its answers and those of the others were. */
export function chosenRow(
  chosen: number,
  epochs: number,
  shown: Pick<MeasuredRow, 'items'>,
): MeasuredRow {
  return {
    ...rowOf('reward', 'chosen', ''),
    label: `usual run: the epoch of ${epochs} that is chosen by reward-model score, whose model is SFT in all other claims`,
    unit: 'count',
    sample: sampleOf('mean', [{ cluster: 'run', value: chosen + 1 }]),
    ...shown,
  };
}

/** The same of the epochs of the usual run, from the very answers by which one of them was chosen; and which one. */
async function usualRows(lab: SeedLab, reward: Model): Promise<MeasuredRow[]> {
  const values: EpochValues[] = [];
  for (const [k, model] of (await lab.epochs()).entries()) {
    values.push(await measureEpoch(lab, `usual-epoch-${k + 1}`, model, reward, CHOICE));
  }
  const rows = KIND_NAMES.flatMap((kind) =>
    values.map((epoch, k) => ({
      ...rowOf(kind, `${kind}:usual-${k + 1}`, `usual run, epoch ${k + 1}: ${KINDS[kind].words}`),
      sample: sampleOf('mean', valuesOf(lab, kind, epoch)),
      ...behind(lab, kind, epoch),
    })),
  );
  const [first, ...others] = values;
  const shown = behind(lab, 'reward', first!, ...others);
  return [chosenRow(await lab.chosenEpoch(), values.length, shown), ...rows];
}

/** The same of the two control policies, which come from the usual run's SFT: what no reward and the judge itself give. */
async function controlRows(lab: SeedLab, reward: Model): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  for (const control of CONTROLS) {
    const policy = `ppo-${control}`;
    const values = await measureEpoch(lab, policy, await lab.reinforced(policy), reward);
    for (const kind of KIND_NAMES) {
      const plain = rowOf(
        kind,
        `${kind}:${policy}`,
        `${policyWords(policy)}: ${KINDS[kind].words}`,
      );
      const sample = sampleOf('mean', valuesOf(lab, kind, values));
      rows.push({ ...plain, control: true, sample, ...behind(lab, kind, values) });
    }
  }
  return rows;
}

/** Gold of ideal answers and of demonstrators on the same prompts. */
export const epochReferenceRows = (
  lab: Pick<SeedLab, 'seed' | 'counts' | 'validation'>,
): MeasuredRow[] =>
  WRITERS.flatMap((writer) =>
    goldReferenceRows(goldContext(lab), writer, [{ name: 'gold', words: 'gold', aim: GOLD }]),
  );

async function measure(lab: SeedLab): Promise<Measured> {
  const { epochs } = lab.counts;
  const models = await sftEpochs(lab.lab('sft-long', { sft: { epochs } }), lab.shared.base.model);
  const reward = await lab.reward();
  const values: EpochValues[] = [];
  for (const [k, model] of models.entries()) {
    values.push(await measureEpoch(lab, `epoch-${k + 1}`, model, reward));
    model.dispose();
  }
  const rows = [...rowsOf(lab, values), ...(await usualRows(lab, reward))];
  return { rows: [...rows, ...(await controlRows(lab, reward)), ...epochReferenceRows(lab)] };
}

/** `2 in seed 1, 1 in seed 2` */
const choices = (view: ClaimView): string =>
  view
    .row('chosen')
    .seeds.map(({ seed, value }) => `epoch ${value} in seed ${seed}`)
    .join(', ');

const MOVES = { up: 'rises by', down: 'falls by', none: 'does not move' };

export const EPOCHS: ClaimSpec = {
  id: 'sft-epoch',
  behind: epochsBehind,
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
    'the epochs of the usual run: rows of their own say which epoch each seed took. The controls start from the SFT model of the usual run. ' +
    'In brackets, of no model: gold of ideal answers, and of the demonstrators that SFT imitates.',
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
    `SFT in all other claims is the usual run after ${choices(view)}. From the first epoch to the last, validation loss ` +
    `${moved(view, 'loss:change', MOVES)}, the reward-model score ${moved(view, 'reward:change', MOVES)} and gold ` +
    `${moved(view, 'gold:change', MOVES)}; ideal answers have gold ${said(view, 'gold:ceiling')}, demonstrators ` +
    `${said(view, 'gold:demonstrators')}. The learning rate falls along a cosine to the end of the run, so that the first epoch ` +
    'is one at a high rate.',
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
