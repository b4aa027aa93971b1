/**
 * The prompts that the paper's claims ask beside the usual test prompts, as functions of a seed: those of the use case
 * that is held out, and those of the two use cases with the difficulties of simple mistakes. Suites have items of their
 * own (suites.ts). Which of these fit into a model is not known here.
 */
import { generatePrompts } from './prompts.ts';
import type { PresentUseCase, WorldPrompt } from './tasks.ts';
import { HELD_OUT_USE_CASE } from './use-cases.ts';

/** Items of each suite, and prompts of the use case held out, that the claims ask at most; shorter lists begin alike. */
export const CLAIM_ITEMS = 300;

/** Items of a suite whose count is so rare (a few of a hundred responses) that the usual ones leave wide intervals. */
export const RARE_ITEMS = 900;

const COUNT_RARITIES: readonly string[] = ['rude-prompts', 'rude-prompts-polite'];

export const countsRarities = (suite: string): boolean => COUNT_RARITIES.includes(suite);

const testPromptsOf = (seed: number, useCase: PresentUseCase, count: number): WorldPrompt[] =>
  generatePrompts(seed, { split: 'test', count, useCases: [useCase] });

/** Test prompts of the use case that no demonstration and no ranking shows. */
export function heldOutUseCasePrompts(seed: number, count: number): WorldPrompt[] {
  return testPromptsOf(seed, HELD_OUT_USE_CASE, count);
}

/** Test prompts of the two use cases that have the difficulties, twice `count` of each: all use cases together lack enough. */
export function difficultPrompts(seed: number, count: number): WorldPrompt[] {
  return [
    ...testPromptsOf(seed, 'open-qa', 2 * count),
    ...testPromptsOf(seed, 'generation', 2 * count),
  ];
}
