/**
 * A prompt and who sent it. Plain rows: safe to store, post and export.
 * What the world knows about a prompt (its constraints, the right answer) is not here: see world/tasks.ts.
 */

/** The ten use cases of the paper's Table 1. */
export const USE_CASES = [
  'generation',
  'open-qa',
  'brainstorming',
  'chat',
  'rewrite',
  'summarization',
  'classification',
  'other',
  'closed-qa',
  'extract',
] as const;
export type UseCase = (typeof USE_CASES)[number];

/** The three kinds of prompt that the paper's labelers wrote (section 3.2). */
export const PROMPT_KINDS = ['plain', 'few-shot', 'user-based'] as const;
export type PromptKind = (typeof PROMPT_KINDS)[number];

/** Splits are by user: no user appears in two of them (section 3.2). */
export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export interface Prompt {
  readonly id: string;
  readonly text: string;
  readonly useCase: UseCase;
  readonly kind: PromptKind;
  readonly userId: string;
  readonly split: Split;
  /** `world`: made by a generator, so a gold judge exists for it. `person`: typed or imported. */
  readonly source: 'world' | 'person';
}

/** A prompt with an answer worth imitating (the paper's labeler demonstrations). */
export interface Demonstration {
  readonly id: string;
  readonly prompt: Prompt;
  readonly response: string;
  /** Labeler id, `person` for the one at the keyboard. */
  readonly author: string;
}
