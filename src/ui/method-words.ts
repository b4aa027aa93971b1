/**
 * What each method of step 3 does and how it differs from PPO, in plain words; what a run of it costs; and which
 * charts make sense for it, by TRL's metric names. PPO's own charts are in ReinforcePart.svelte.
 */
import { groupSizeOf, type MethodName } from '../config/method-table.ts';
import type { Settings } from '../config/settings.ts';
import { counted, formatNumber } from './format.ts';

/** One sentence or two for the choice. */
export const METHOD_SENTENCES: Readonly<Record<MethodName, string>> = {
  ppo: 'The paper’s method: the model writes answers, and what scores better than a second model guessed is made likelier.',
  dpo: 'Learns from the rankings themselves: preferred answers are made likelier than rejected ones. Unlike PPO it needs no reward model and writes nothing while it learns.',
  'online-dpo':
    'The model writes two answers to each prompt, the reward model says which is better, and DPO learns from that pair. Unlike in PPO only which is better counts, not by how much.',
  grpo: 'The model writes a group of answers to each prompt, and each is compared with the mean score of its group. Unlike PPO it needs no second model that guesses, and the price for moving away is a part of the loss.',
  rloo: 'Like GRPO, but each answer is compared with the mean of the others in its group, the price for moving away is taken off the score as in PPO, and a whole answer counts as one step.',
  'best-of-n':
    'The model writes n answers to each prompt and keeps the one that scores best. Unlike in PPO nothing is trained: it shows what choosing alone is worth.',
  'expert-iteration':
    'The model writes n answers to each prompt and imitates the best one as if it were a demonstration. Unlike in PPO bad answers teach nothing, and only small steps keep it near where it was.',
};

/** What a run of the settings does, in numbers. */
export function methodFacts({ method, ppo, reward }: Settings, rankings: number): string {
  const rate = `learning rate ${formatNumber(ppo.policyLearningRate)}`;
  const price = `β ${formatNumber(ppo.beta)}`;
  if (method.name === 'dpo') {
    const heldOut = Math.round(100 * reward.heldOutShare);
    return (
      `${counted(rankings, 'ranking')}, ${heldOut} % of them held out as for the reward model, ` +
      `${counted(method.dpoEpochs, 'pass', 'passes')}, ${counted(method.dpoBatchSize, 'comparison')} in a step, ` +
      `${price}, ${rate} falling to 0. Not in the paper.`
    );
  }
  const group = groupSizeOf(method.name, method.groupSize);
  const batches =
    `${counted(ppo.episodes, 'answer')} in batches of ${ppo.rolloutBatch}: ` +
    `${counted(ppo.rolloutBatch / group, 'prompt')} with ${counted(group, 'answer')} each`;
  if (method.name === 'best-of-n') return `${batches}. Not in the paper.`;
  const costs = method.name === 'expert-iteration' ? rate : `${price}, ${rate}`;
  return `${batches}, ${costs}. Not in the paper.`;
}

export interface MethodChart {
  readonly title: string;
  readonly meaning: string;
  readonly metrics: readonly { readonly name: string; readonly label: string }[];
  /** Not drawn where nothing of it was measured. */
  readonly optional?: true;
}

/** The charts that are to be drawn of a series. */
export function drawnCharts(
  charts: readonly MethodChart[],
  rows: readonly { readonly values: Readonly<Record<string, number>> }[],
): readonly MethodChart[] {
  return charts.filter(
    ({ optional, metrics }) =>
      !optional || metrics.some(({ name }) => rows.some(({ values }) => name in values)),
  );
}

const LENGTH: MethodChart = {
  title: 'Length',
  meaning: 'Mean tokens per answer, the end mark included.',
  metrics: [{ name: 'completions/mean_length', label: 'tokens' }],
};
const ENTROPY: MethodChart = {
  title: 'Entropy',
  meaning:
    'How open the choice of a token still is: nats per token. Falling fast means collapse. A nat is the unit of natural logarithms.',
  metrics: [{ name: 'entropy', label: 'entropy' }],
};
const loss = (meaning: string): MethodChart => ({
  title: 'Loss',
  meaning,
  metrics: [{ name: 'loss', label: 'loss' }],
});

const heldOut = (title: string, meaning: string, ...metrics: [string, string][]): MethodChart => ({
  title: `${title} (held-out prompts)`,
  meaning,
  metrics: metrics.map(([name, label]) => ({ name: `eval/${name}`, label })),
  optional: true,
});

/** What is measured while training of every method, where the settings ask for it (rlhf/measures.ts). */
const HELD_OUT: readonly MethodChart[] = [
  heldOut(
    'Judges',
    'Means from 0 to 1 over the same held-out prompts each time. Nothing learns from them.',
    ['helpful', 'helpful'],
    ['harmless', 'harmless'],
    ['truthful', 'truthful'],
  ),
  heldOut('Gold judge', 'Half helpful, a quarter truthful, a quarter harmless.', ['gold', 'gold']),
  heldOut('Length', 'Mean tokens per answer, the end mark included.', ['length', 'tokens']),
  heldOut(
    'Repeats and cheer',
    'Share of answers given more than once, and how cheerful they are, from −1 to 1.',
    ['repeats', 'repeats'],
    ['cheer', 'cheer'],
  ),
  {
    ...heldOut(
      'Pre-training loss',
      'Nats per token of text that nothing trains on. Where it rises, what was known before is being forgotten: the alignment tax.',
      ['pretrain_loss', 'loss'],
    ),
    title: 'Pre-training loss (held-out text)',
  },
];

/** Of methods that are charged for the KL: PPO and online DPO. */
const SCORES: MethodChart = {
  title: 'Reward',
  meaning: 'Mean per answer, in reward-model points: the score, and the score less the KL penalty.',
  metrics: [
    { name: 'objective/scores', label: 'score' },
    { name: 'objective/rlhf_reward', label: 'less KL penalty' },
  ],
};
const SEQUENCE_KL: MethodChart = {
  title: 'KL to the model of step 1',
  meaning: 'How far the policy has moved: nats per answer, summed over its tokens.',
  metrics: [{ name: 'objective/kl', label: 'KL' }],
};

/** Of pairs: DPO and online DPO. */
const PAIRS: readonly MethodChart[] = [
  {
    title: 'Implicit rewards',
    meaning:
      'β times the logarithm of how much likelier an answer is now than under the model of step 1: mean of preferred and of rejected answers.',
    metrics: [
      { name: 'rewards/chosen', label: 'preferred' },
      { name: 'rewards/rejected', label: 'rejected' },
    ],
  },
  {
    title: 'Margin',
    meaning: 'Implicit reward of the preferred answer less that of the rejected one.',
    metrics: [{ name: 'rewards/margins', label: 'margin' }],
  },
  {
    title: 'Accuracy',
    meaning: 'Share of the pairs of a step in which the preferred answer has the larger reward.',
    metrics: [{ name: 'rewards/accuracies', label: 'accuracy' }],
  },
  loss(
    'DPO: minus log of the probability given to the preferences, 0.69 at the start. IPO: squared distance from its wished margin.',
  ),
];

/** Of groups: GRPO and RLOO. */
const group = (kl: string): readonly MethodChart[] => [
  {
    title: 'Reward',
    meaning: 'Mean score per answer in reward-model points, before any price for moving away.',
    metrics: [{ name: 'reward', label: 'score' }],
  },
  {
    title: 'Spread in a group',
    meaning:
      'Standard deviation of the scores of a prompt’s answers, mean over groups. A group without spread teaches nothing.',
    metrics: [{ name: 'reward_std', label: 'spread' }],
  },
  { title: 'KL to the model of step 1', meaning: kl, metrics: [{ name: 'kl', label: 'KL' }] },
  ENTROPY,
  loss('What is made smaller. It hovers around 0 even while scores rise: look at the reward.'),
  LENGTH,
  {
    title: 'Clipped',
    meaning:
      'Share whose update was held back because the policy had moved too far at once: of tokens in GRPO, of answers in RLOO.',
    metrics: [{ name: 'clip_ratio/region_mean', label: 'share' }],
  },
];

const BEST: MethodChart = {
  title: 'Reward',
  meaning: 'Mean score of all answers and of the best one to each prompt, in reward-model points.',
  metrics: [
    { name: 'reward', label: 'all' },
    { name: 'reward_best', label: 'best' },
  ],
};

/** The shares that the scenario *Reward hacking* names a shortcut by. */
const shortcuts = (
  title: string,
  meaning: string,
  ...metrics: [string, string][]
): MethodChart => ({
  title: `Shortcuts: ${title}`,
  meaning: `${meaning} Nothing learns from these shares. One that rises while gold falls is what the reward is being hacked by.`,
  metrics: metrics.map(([name, label]) => ({ name: `completions/${name}`, label })),
  optional: true,
});

const OWN_CHARTS: Readonly<Record<MethodName, readonly MethodChart[]>> = {
  ppo: [
    SCORES,
    {
      title: 'Gold judge (hidden from training)',
      meaning:
        'What is computed of the same answers, from 0 to 1: Gold is half helpful, a quarter truthful, a quarter harmless. Nothing learns from it. Where it falls while the reward rises, the reward model is being exploited.',
      metrics: [{ name: 'objective/gold_scores', label: 'gold' }],
    },
    SEQUENCE_KL,
    {
      title: 'Entropy',
      meaning:
        'How open the choice of an answer still is: nats per answer. Falling fast means collapse.',
      metrics: [{ name: 'objective/entropy', label: 'entropy' }],
    },
    {
      title: 'Losses',
      meaning:
        'Means per token of one update: for the policy, for the value function, and on pre-training text.',
      metrics: [
        { name: 'loss/policy_avg', label: 'policy' },
        { name: 'loss/value_avg', label: 'value' },
        { name: 'loss/ptx_avg', label: 'pre-training' },
      ],
    },
    LENGTH,
    shortcuts(
      'form',
      'How much of an answer it has said before, in runs of four tokens; how many of its sentences are broken, and how many answers do not end.',
      ['seq_rep_4', 'repeated'],
      ['unknown_sentences', 'broken'],
      ['clipped_ratio', 'not ended'],
    ),
    shortcuts(
      'content',
      'How many answers open with the same sentence, how many of an answer’s sentences are the prompt’s, and how many answers are rude or harmful.',
      ['same_opening', 'one opening'],
      ['copied_prompt', 'copied'],
      ['harmful', 'harmful'],
    ),
    {
      title: 'Clipped',
      meaning:
        'Share of tokens whose update was held back because the policy had moved too far at once.',
      metrics: [{ name: 'policy/clipfrac_avg', label: 'share' }],
    },
    {
      title: 'Gradients',
      meaning:
        'Lengths of the gradient of PPO and of the pre-training text, before the coefficient γ weighs the second.',
      metrics: [
        { name: 'ppo/grad_norm', label: 'PPO' },
        { name: 'ptx/grad_norm', label: 'pre-training' },
      ],
    },
  ],
  dpo: [
    ...PAIRS,
    {
      title: 'Log-probabilities',
      meaning:
        'How likely whole answers are: mean of preferred and of rejected ones, in nats, the unit of natural logarithms. Both may fall.',
      metrics: [
        { name: 'logps/chosen', label: 'preferred' },
        { name: 'logps/rejected', label: 'rejected' },
      ],
    },
    ENTROPY,
  ],
  'online-dpo': [SCORES, SEQUENCE_KL, ...PAIRS, ENTROPY, LENGTH],
  grpo: group(
    'How far the policy has moved: nats per token, by the estimate k3 that GRPO pays for.',
  ),
  rloo: group('How far the policy has moved: nats per answer, summed over its tokens.'),
  'best-of-n': [
    BEST,
    {
      title: 'Spread in a group',
      meaning:
        'Standard deviation of the scores of a prompt’s answers, mean over groups: what there is to choose from.',
      metrics: [{ name: 'reward_std', label: 'spread' }],
    },
    LENGTH,
  ],
  'expert-iteration': [
    BEST,
    {
      title: 'KL to the model of step 1',
      meaning:
        'How far the policy has moved: nats per answer, summed over its tokens. Nothing is paid for it.',
      metrics: [{ name: 'kl', label: 'KL' }],
    },
    ENTROPY,
    loss('Mean surprise per token of the best answers, as for demonstrations.'),
    LENGTH,
  ],
};

const chartsOf = (name: MethodName): readonly MethodChart[] => [...OWN_CHARTS[name], ...HELD_OUT];

/** Made once, so that charts of one method are the same ones wherever they are drawn. */
export const METHOD_CHARTS: Readonly<Record<MethodName, readonly MethodChart[]>> = {
  ppo: chartsOf('ppo'),
  dpo: chartsOf('dpo'),
  'online-dpo': chartsOf('online-dpo'),
  grpo: chartsOf('grpo'),
  rloo: chartsOf('rloo'),
  'best-of-n': chartsOf('best-of-n'),
  'expert-iteration': chartsOf('expert-iteration'),
};
