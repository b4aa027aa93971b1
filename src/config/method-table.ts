/**
 * Declarations of the method of step 3 and of what the methods beside PPO need and PPO does not. Everything that they
 * share with it (beta, clip, learning rate, episodes, batch, temperature) is declared once, in the ppo group.
 * What else is known of a method by its name alone is here too; what it does is in rlhf/.
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
/** The methods of rlhf/methods.ts; PPO has a loop and a stage of its own. */
export type MethodBesidePpo = Exclude<MethodName, 'ppo'>;

export const METHOD = {
  name: {
    kind: 'choice',
    label: 'Method',
    description:
      'How the policy is reinforced. What the methods share is set under Reinforce; where a method does not read a setting, it changes nothing.',
    unit: '',
    choices: METHOD_NAMES,
    default: 'ppo',
    paper: 'ppo',
    reference: '3.5',
  },
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

/** As shown to people, and in the names of runs. */
export const METHOD_LABELS: Readonly<Record<MethodName, string>> = {
  ppo: 'PPO',
  dpo: 'DPO',
  'online-dpo': 'Online DPO',
  grpo: 'GRPO',
  rloo: 'RLOO',
  'best-of-n': 'Best of n',
  'expert-iteration': 'Expert iteration',
};

/** Settings of this group that a method reads, beside its name. */
export const METHOD_READS = {
  ppo: [],
  dpo: ['dpoLoss', 'dpoEpochs', 'dpoBatchSize'],
  'online-dpo': ['dpoLoss'],
  grpo: ['groupSize', 'grpoLoss'],
  rloo: ['groupSize'],
  'best-of-n': ['groupSize'],
  'expert-iteration': ['groupSize'],
} as const satisfies Readonly<Record<MethodName, readonly (keyof typeof METHOD)[]>>;

/** Whether a method learns from scores of a reward model; DPO learns from the rankings themselves. */
export function needsReward(name: MethodName): boolean {
  return name !== 'dpo';
}

/** Responses to each prompt in a batch of a method; 1 where prompts are not repeated. */
export function groupSizeOf(name: MethodName, groupSize: number): number {
  switch (name) {
    case 'ppo':
    case 'dpo':
      return 1;
    case 'online-dpo':
      // Two are compared with each other, whatever the size of a group elsewhere.
      return 2;
    case 'grpo':
    case 'rloo':
    case 'best-of-n':
    case 'expert-iteration':
      return groupSize;
  }
  return name satisfies never;
}

/** What a step is called. One of DPO is an optimizer step; the others write a batch of answers first. */
export function stepWordOf(name: MethodName): string {
  return name === 'dpo' ? 'step' : 'iteration';
}
