/**
 * Which prompts each stage uses: demonstrations take the first of the training pool, rankings begin further on,
 * reinforcement draws from all of it; validation and test come from users and combinations of their own.
 */
import type { WorldPrompt } from './tasks.ts';
import { generatePrompts } from './prompts.ts';

/** Distinct training prompts that about 120 users send. */
const TRAINING_POOL = 7000;
/**
 * Rankings start here, so that the quick run, with 3,000 demonstrations and 600 rankings, ranks prompts that no
 * demonstration showed. More than the 2,500 behind it go on at the beginning of the pool: of the 6,000 of the preset long,
 * and of the 3,000 that its second round ranks again, 2,980 and 531 are prompts of demonstrations too (seed 1).
 */
const RANKING_OFFSET = 4500;

/** The pool of the seed that was asked for last: every stage of a run asks for it, and writing it takes a second. */
let lastPool: { readonly seed: number; readonly prompts: readonly WorldPrompt[] } | null = null;

/** All training prompts of a seed; what reinforcement draws from. */
export function trainingPrompts(seed: number): WorldPrompt[] {
  if (lastPool?.seed !== seed) {
    const prompts = generatePrompts(seed, { split: 'train', count: TRAINING_POOL });
    lastPool = { seed, prompts };
  }
  return [...lastPool.prompts];
}

/** `count` prompts to rank; past the end of the pool it goes on at its beginning. */
export function rankingPrompts(pool: readonly WorldPrompt[], count: number): WorldPrompt[] {
  return Array.from({ length: Math.min(count, pool.length) }, (_, i) => {
    const prompt = pool[(RANKING_OFFSET + i) % pool.length];
    if (!prompt) throw new RangeError('no training prompts to rank');
    return prompt;
  });
}

/** Prompts of users who gave neither training nor test prompts: for choosing settings. */
export function validationPrompts(seed: number, count: number): WorldPrompt[] {
  return generatePrompts(seed, { split: 'validation', count });
}

/** Held-out prompts for the final judgement. */
export function testPrompts(seed: number, count: number): WorldPrompt[] {
  return generatePrompts(seed, { split: 'test', count });
}
