/**
 * The registry of use cases. Adding one: a task type in tasks.ts, a file in use-cases/, a line here.
 */
import type { Task, PresentUseCase } from './tasks.ts';
import { brainstorming } from './use-cases/brainstorming.ts';
import { chat } from './use-cases/chat.ts';
import { classification } from './use-cases/classification.ts';
import { closedQa } from './use-cases/closed-qa.ts';
import { extract } from './use-cases/extract.ts';
import { generation } from './use-cases/generation.ts';
import { openQa } from './use-cases/open-qa.ts';
import { otherUses } from './use-cases/other.ts';
import { rewrite } from './use-cases/rewrite.ts';
import { summarization } from './use-cases/summarization.ts';
import type { UseCaseModule } from './use-cases/use-case.ts';

export const useCases: Readonly<Record<PresentUseCase, UseCaseModule<Task>>> = {
  generation,
  'open-qa': openQa,
  'closed-qa': closedQa,
  chat,
  classification,
  brainstorming,
  extract,
  other: otherUses,
  rewrite,
  summarization,
};

export const presentUseCases = Object.keys(useCases) as PresentUseCase[];

/**
 * The use case that is kept out of training on purpose: no prompt for demonstrations, rankings or reinforcement is
 * one of these, while validation and test hold it at its share. So a run shows whether following instructions carries
 * over to a kind of instruction hardly trained on (paper section 4.3), which the base model knows from documents only.
 */
export const HELD_OUT_USE_CASE = 'extract' satisfies PresentUseCase;

/** Share of each use case among the prompts: the proportions of the paper's Table 1 over the use cases present. */
export function useCaseShares(): Record<PresentUseCase, number> {
  const total = presentUseCases.reduce((sum, name) => sum + useCases[name].share, 0);
  return Object.fromEntries(
    presentUseCases.map((name) => [name, useCases[name].share / total]),
  ) as Record<PresentUseCase, number>;
}
