/**
 * Declarations of the base model that SFT starts from: the shipped one, or one trained in the tab from a text of the
 * person's own. Its sizes and what they cost are in base-sizes.ts; the shipped one's training is `npm run pretrain`.
 */
import type { SettingTable } from './spec.ts';

export const BASE = {
  model: {
    kind: 'choice',
    label: 'Base model',
    description:
      'What step 1 starts from: the model that comes with the page, or the newest that you trained from your own text.',
    unit: '',
    choices: ['shipped', 'own'],
    choiceLabels: { shipped: 'the shipped one', own: 'trained from your own text' },
    default: 'shipped',
    paper: 'GPT-3 (1.3B, 6B, 175B)',
    reference: 'section 3.5',
  },
  size: {
    kind: 'choice',
    label: 'Size of your own base model',
    description:
      'Larger ones learn more from the same text and take longer. All read 256 tokens and have four attention heads.',
    unit: '',
    choices: ['tiny', 'small', 'middle', 'large', 'huge'],
    choiceLabels: {
      tiny: '54 thousand parameters',
      small: '0.18 million',
      middle: '0.57 million, as the shipped one',
      large: '0.96 million',
      huge: '5.1 million',
    },
    default: 'middle',
    paper: '1.3B, 6B, 175B',
    reference: 'section 3.5',
  },
  steps: {
    kind: 'integer',
    label: 'Steps on your own text',
    description: 'Optimizer steps of its training.',
    unit: 'steps',
    min: 1,
    max: 100000,
    default: 600,
    paper: 'not stated',
    reference: '',
  },
  batchSize: {
    kind: 'integer',
    label: 'Passages per step',
    description: 'How many passages of the text, drawn at random, are read in one step.',
    unit: 'passages',
    min: 1,
    max: 256,
    default: 12,
    paper: 'not stated',
    reference: '',
  },
  passageTokens: {
    kind: 'integer',
    label: 'Length of a passage',
    description:
      'Tokens that are read at once. Prompt and response together should not be longer: positions never read stay untrained.',
    unit: 'tokens',
    min: 16,
    max: 256,
    default: 128,
    paper: '2,048',
    reference: 'C.1',
  },
  learningRate: {
    kind: 'number',
    label: 'Learning rate on your own text',
    description: 'Peak step size; it rises over the first steps and falls along a cosine to 5 %.',
    unit: '',
    min: 1e-6,
    max: 1e-1,
    default: 3e-3,
    paper: 'not stated',
    reference: '',
  },
  heldOutShare: {
    kind: 'number',
    label: 'Text kept aside',
    description: 'Share at the end of the text that is not learned from; its loss is charted.',
    unit: 'share',
    min: 0.01,
    max: 0.5,
    default: 0.1,
    paper: 'not stated',
    reference: '',
  },
} as const satisfies SettingTable;
