/**
 * What the methods beside PPO need and PPO does not. Everything that they share with it (beta, clip, learning rate,
 * episodes, batch, temperature) is declared once, in the ppo group. Not yet a group of the settings of a run: the
 * defaults here are what the command line uses.
 */
import type { SettingTable } from './spec.ts';

export const METHOD_NAMES = [
  'ppo',
  'dpo',
  'online-dpo',
  'grpo',
  'rloo',
  'best-of-n',
  'expert-iteration',
] as const;
export type MethodName = (typeof METHOD_NAMES)[number];

export const METHOD = {
  groupSize: {
    kind: 'integer',
    label: 'Group size (n)',
    description:
      'Responses to each prompt that are compared with each other or of which the best is kept.',
    unit: 'responses',
    min: 2,
    max: 64,
    default: 8,
    paper: 'not in the paper',
    reference: 'arXiv 2402.03300',
  },
  grpoLoss: {
    kind: 'choice',
    label: 'Form of GRPO',
    description:
      'grpo divides by the spread of the group and by the length of each response; dr_grpo does neither.',
    unit: '',
    choices: ['grpo', 'dr_grpo'],
    default: 'grpo',
    paper: 'not in the paper',
    reference: 'arXiv 2503.20783',
  },
  dpoLoss: {
    kind: 'choice',
    label: 'Loss of DPO',
    description: 'sigmoid is DPO; ipo asks for a fixed margin instead of an ever larger one.',
    unit: '',
    choices: ['sigmoid', 'ipo'],
    default: 'sigmoid',
    paper: 'not in the paper',
    reference: 'arXiv 2305.18290, 2310.12036',
  },
  dpoEpochs: {
    kind: 'integer',
    label: 'Epochs of DPO',
    description: 'How often each comparison is used.',
    unit: 'passes',
    min: 1,
    max: 16,
    default: 1,
    paper: 'not in the paper',
    reference: 'arXiv 2305.18290',
  },
  dpoBatchSize: {
    kind: 'integer',
    label: 'Batch of DPO',
    description: 'Comparisons in each step.',
    unit: 'pairs',
    min: 1,
    max: 512,
    default: 32,
    paper: 'not in the paper',
    reference: 'arXiv 2305.18290',
  },
} as const satisfies SettingTable;
