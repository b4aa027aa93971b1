/**
 * The model sizes and the work by which a machine is timed, once: *Measure this machine* in the page and the curves of
 * `npm run bench` take them from here. Plain numbers; the work itself is in rlhf/workload.ts.
 */

/** What is timed at each size, in this order. */
export const MEASURED_PARTS = ['train', 'sample', 'ppo'] as const;
export type MeasuredPartName = (typeof MEASURED_PARTS)[number];

/** A GPT and how much of it one round does. Tokens are counted as those learned from or written. */
export interface MeasuredSize {
  /** Of the language model, tied embedding counted once. */
  readonly parameters: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** Rows of a training step, each as long as the context. */
  readonly batch: number;
  /** Rows sampled at once, tokens read and tokens written in each. */
  readonly sample: { readonly rows: number; readonly read: number; readonly written: number };
  /** One iteration of PPO: prompts, columns of a prompt and of a response, minibatches. */
  readonly ppo: {
    readonly prompts: number;
    readonly promptTokens: number;
    readonly newTokens: number;
    readonly minibatches: number;
  };
}

const USUAL = {
  vocabularySize: 512,
  contextLength: 64,
  batch: 8,
  sample: { rows: 64, read: 16, written: 48 },
  ppo: { prompts: 64, promptTokens: 32, newTokens: 32, minibatches: 8 },
} as const;

export const MEASURED_SIZE_NAMES = ['tiny', '0.1M', '0.9M', '5M', '25M'] as const;
export type MeasuredSizeName = (typeof MEASURED_SIZE_NAMES)[number];

export const MEASURED_SIZES: Readonly<Record<MeasuredSizeName, MeasuredSize>> = {
  tiny: {
    parameters: 14_816,
    ...{ vocabularySize: 32, contextLength: 32, width: 32, layers: 1, heads: 2, batch: 2 },
    sample: { rows: 4, read: 4, written: 8 },
    ppo: { prompts: 16, promptTokens: 6, newTokens: 6, minibatches: 2 },
  },
  '0.1M': { parameters: 86_976, ...USUAL, width: 64, layers: 1, heads: 2 },
  '0.9M': { parameters: 867_072, ...USUAL, width: 128, layers: 4, heads: 4 },
  '5M': { parameters: 4_886_528, ...USUAL, width: 256, layers: 6, heads: 8 },
  '25M': { parameters: 25_515_008, ...USUAL, width: 512, layers: 8, heads: 8 },
};

/** How far a person can let the measurement go: the sizes of each choice, smallest first. */
export const MEASURED_REACHES: Readonly<Record<string, readonly MeasuredSizeName[]>> = {
  tiny: ['tiny'],
  '0.9M': ['0.1M', '0.9M'],
  '5M': ['0.1M', '0.9M', '5M'],
  '25M': ['0.1M', '0.9M', '5M', '25M'],
};
