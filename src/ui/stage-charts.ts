/** Which charts each stage has, by TRL's metric names; those of step 3 are of its method (method-words.ts). */
import { stepWordOf } from '../config/method-table.ts';
import type { Settings } from '../config/settings.ts';
import type { TrainingStage } from '../worker/protocol.ts';
import { METHOD_CHARTS, type MethodChart } from './method-words.ts';

export const SFT_CHARTS: readonly MethodChart[] = [
  {
    title: 'Loss',
    meaning:
      'Mean surprise per token of the demonstrated answers. Lower is closer to them. It is measured in nats, the unit of natural logarithms: a certain token is 0 nats, a coin toss 0.69.',
    metrics: [{ name: 'loss', label: 'loss' }],
  },
  {
    title: 'Entropy',
    meaning: 'How many ways to go on the model still sees at a token of an answer, in nats.',
    metrics: [{ name: 'entropy', label: 'entropy' }],
  },
];

export const REWARD_CHARTS: readonly MethodChart[] = [
  {
    title: 'Ranking loss',
    meaning: 'Minus log of the probability given to what the labelers said; 0.69 is a coin toss.',
    metrics: [
      { name: 'loss', label: 'learned from' },
      { name: 'eval_loss', label: 'held out' },
    ],
  },
  {
    title: 'Accuracy while training',
    meaning:
      'Share of comparisons that the scores get right: of each batch, of the rankings held out, and of those as the gold judge would rank them.',
    metrics: [
      { name: 'accuracy', label: 'learned from' },
      { name: 'eval_accuracy', label: 'held out' },
      { name: 'eval_gold_accuracy', label: 'by gold' },
    ],
  },
];

export const PRETRAIN_CHARTS: readonly MethodChart[] = [
  {
    title: 'Loss',
    meaning:
      'Mean surprise per token, in nats, of the passages that are learned from, and of the end of the text, which is kept aside. When the second rises while the first falls, the text is being learned by heart.',
    metrics: [
      { name: 'loss', label: 'learned from' },
      { name: 'eval_loss', label: 'kept aside' },
    ],
  },
];

interface ChartedRun {
  readonly stage: TrainingStage;
  /** Null is taken for PPO, the only method of the versions before there was a choice. */
  readonly settings: Settings | null;
}

/** The charts of a run's stage and method. */
export function chartsOf({ stage, settings }: ChartedRun): readonly MethodChart[] {
  switch (stage) {
    case 'pretrain':
      return PRETRAIN_CHARTS;
    case 'sft':
      return SFT_CHARTS;
    case 'reward':
      return REWARD_CHARTS;
    case 'ppo':
      return METHOD_CHARTS[settings?.method.name ?? 'ppo'];
  }
  return stage satisfies never;
}

/** What a step of a run is called. */
export function stepWordOfRun({ stage, settings }: ChartedRun): string {
  return stage === 'ppo' ? stepWordOf(settings?.method.name ?? 'ppo') : 'step';
}
