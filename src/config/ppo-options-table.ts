/**
 * Declarations of PPO's finer options: where and how the KL is charged, the adaptive coefficient, whitening, the end of a
 * response, entropy, the calibration of the pre-training mix, the value function's trunk. Part of the ppo group
 * (reinforce-table.ts). Each default is what PPO does without the option, so that no figure moves by its being here.
 */
import type { SettingTable } from './spec.ts';

const NOT_STATED = 'not stated';

const PENALTY = {
  klPenalty: {
    kind: 'choice',
    section: 'KL penalty, in detail',
    label: 'Where and how the KL is charged',
    description:
      'k1 in the reward is the paper. In the loss, k2 pulls back to the start like that, k3 pulls along the opposite KL (GRPO), and k1 pulls nowhere: its gradient is zero on average. k2 and k3 in the reward are known pitfalls, here to be seen failing: close to the start they do not pull back at all. Beta weighs differently in the two places: whitening rescales what the rewards say, and not the loss.',
    unit: '',
    choices: ['reward-k1', 'reward-k2', 'reward-k3', 'loss-k1', 'loss-k2', 'loss-k3'],
    choiceLabels: {
      'reward-k1': 'in the reward, k1',
      'reward-k2': 'in the reward, k2 (pitfall: no pull back near the start)',
      'reward-k3': 'in the reward, k3 (pitfall: no pull back near the start)',
      'loss-k1': 'in the loss, k1 (gradient zero on average)',
      'loss-k2': 'in the loss, k2',
      'loss-k3': 'in the loss, k3 (as GRPO)',
    },
    default: 'reward-k1',
    paper: 'k1 in the reward',
    reference: 'equation 2; D25',
  },
  klTarget: {
    kind: 'number',
    label: 'Wanted KL (adaptive beta)',
    description:
      'Beta rises while responses are farther from the start than this and falls while they are nearer. 0 keeps beta as it is.',
    unit: 'nats per response',
    min: 0,
    max: 1000,
    default: 0,
    paper: 'beta is fixed',
    reference: 'C.4; arXiv 1909.08593 has 6; D24',
  },
  klHorizon: {
    kind: 'integer',
    label: 'Horizon of the adaptive beta',
    description:
      'Responses over which beta changes by about 20 % when the KL is far from the wanted one. Shorter reacts faster.',
    unit: 'responses',
    min: 1024,
    max: 1000000,
    default: 10000,
    paper: 'beta is fixed',
    reference: 'C.4; arXiv 1909.08593 has 10,000; D24',
  },
} as const satisfies SettingTable;

const WHITENING = {
  whitenScope: {
    kind: 'choice',
    section: 'Whitening, in detail',
    label: 'Advantages are whitened over',
    description:
      'Mean and spread over each minibatch (Ziegler et al.) or over the whole rollout batch (TRL).',
    unit: '',
    choices: ['minibatch', 'batch'],
    default: 'minibatch',
    paper: NOT_STATED,
    reference: 'S61; D20',
  },
  whitenVariance: {
    kind: 'choice',
    label: 'Variance used to whiten',
    description:
      'Sum of squares over the number of tokens (population; Ziegler et al.) or over one less (bessel; TRL). 1e-8 is added to it.',
    unit: '',
    choices: ['population', 'bessel'],
    default: 'population',
    paper: NOT_STATED,
    reference: 'S61; D18',
  },
  whitenRewards: {
    kind: 'boolean',
    label: 'Whiten rewards',
    description:
      'Divide token rewards by their spread over the rollout batch and keep their mean: r / sd + mean (1 - 1 / sd). With responses of different lengths this adds the same to each token, which is a bias on length.',
    unit: '',
    default: false,
    paper: NOT_STATED,
    reference: 'S61; D19; on in arXiv 1909.08593',
  },
} as const satisfies SettingTable;

const ENDING = {
  missingEosRule: {
    kind: 'choice',
    section: 'The end of a response',
    label: 'How the penalty for not ending is charged',
    description:
      'Subtracted from the score (TRL), or the score is replaced by minus the penalty whatever the response says (Ziegler et al.).',
    unit: '',
    choices: ['subtract', 'replace'],
    default: 'subtract',
    paper: NOT_STATED,
    reference: 'S61; D9',
  },
  scorePosition: {
    kind: 'choice',
    label: 'Where the score is paid',
    description:
      'With the last token, or one place after it where there is room (TRL), which puts one more guess of the value function between response and score.',
    unit: '',
    choices: ['last-token', 'after-last'],
    default: 'last-token',
    paper: NOT_STATED,
    reference: 'S61; D10',
  },
} as const satisfies SettingTable;

const LOSS = {
  entropyBonus: {
    kind: 'number',
    section: 'Loss, pre-training mix and value function',
    label: 'Entropy bonus',
    description:
      'Reward for keeping the choice of the next token open, per nat and token, in the loss. 0 is none.',
    unit: 'per nat',
    min: 0,
    max: 10,
    default: 0,
    paper: NOT_STATED,
    reference: 'S61',
  },
  ptxTargetRatio: {
    kind: 'number',
    label: 'Calibrate the pre-training mix',
    description:
      'In the first iteration, sets the weight of the pre-training gradient so that its norm is this many times that of the PPO gradient; later iterations keep it, and the weight set by hand is not used. 0 is off.',
    unit: 'times the PPO gradient',
    min: 0,
    max: 100,
    default: 0,
    paper: '27.8 as a weight, whose scale is not stated',
    reference: 'C.4; S65',
  },
  valueTrunk: {
    kind: 'choice',
    label: 'Value function',
    description:
      'A model of its own that starts as the reward model, or one more output on the policy (shared), which starts at 0 and learns with the rate of the policy.',
    unit: '',
    choices: ['separate', 'shared'],
    default: 'separate',
    paper: 'separate',
    reference: 'section 3.5, C.4; S63, D31',
  },
  valueCoefficient: {
    kind: 'number',
    label: 'Weight of the value loss',
    description:
      'Only with a shared value function: its loss times this is added to the loss of the policy.',
    unit: '',
    min: 0,
    max: 100,
    default: 0.1,
    paper: NOT_STATED,
    reference: 'S61; 0.1 in arXiv 1909.08593',
  },
} as const satisfies SettingTable;

export const PPO_OPTIONS = {
  ...PENALTY,
  ...WHITENING,
  ...ENDING,
  ...LOSS,
} as const satisfies SettingTable;
