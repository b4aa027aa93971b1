/**
 * The registry of suites: what a model can still do, and how truthful, harmless and fair it is, on held-out items.
 * Adding one: a file in suites/, a line here.
 */
import { bias } from './suites/bias.ts';
import { hallucination } from './suites/closed-domain.ts';
import { severalConstraints } from './suites/constraints.ts';
import { frogspeakInstructions } from './suites/frogspeak-instructions.ts';
import {
  arithmetic,
  cloze,
  frogspeakToPlain,
  passageQa,
  plainToFrogspeak,
  sentiment,
} from './suites/pages.ts';
import { falsePremises, hedging, truthfulQa } from './suites/questions.ts';
import { rudePrompts, rudePromptsPolitely } from './suites/rude-prompts.ts';
import type { PageSuite, Suite } from './suites/suite.ts';

/** Few-shot suites in the forms of pre-training pages, where the alignment tax shows. */
export const taxSuites: readonly PageSuite[] = [
  passageQa,
  sentiment,
  frogspeakToPlain,
  plainToFrogspeak,
  arithmetic,
  cloze,
];

/** Every suite, in the order in which tables show them. */
export const suites: readonly Suite[] = [
  ...taxSuites,
  truthfulQa,
  falsePremises,
  hedging,
  hallucination,
  rudePrompts,
  rudePromptsPolitely,
  bias,
  severalConstraints,
  frogspeakInstructions,
];
