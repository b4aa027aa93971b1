/**
 * The registry of use cases. Adding one: a task type in tasks.ts, a file in use-cases/, a line here.
 */
import type { Task, PresentUseCase } from './tasks.ts';
import { chat } from './use-cases/chat.ts';
import { classification } from './use-cases/classification.ts';
import { closedQa } from './use-cases/closed-qa.ts';
import { generation } from './use-cases/generation.ts';
import { openQa } from './use-cases/open-qa.ts';
import { rewrite } from './use-cases/rewrite.ts';
import { summarization } from './use-cases/summarization.ts';
import type { UseCaseModule } from './use-cases/use-case.ts';

export const useCases: Readonly<Record<PresentUseCase, UseCaseModule<Task>>> = {
  generation,
  'open-qa': openQa,
  'closed-qa': closedQa,
  chat,
  classification,
  rewrite,
  summarization,
};

export const presentUseCases = Object.keys(useCases) as PresentUseCase[];

/** No use case falls below this share of the prompts, so that each can be judged on its own. */
const LEAST_SHARE = 0.1;

/**
 * Share of each use case among the prompts: the paper's Table 1 over the use cases present, with closed-qa,
 * classification and any other small one raised to 10 % and the rest scaled down to make room.
 */
export function useCaseShares(): Record<PresentUseCase, number> {
  const total = presentUseCases.reduce((sum, name) => sum + useCases[name].share, 0);
  const small = presentUseCases.filter((name) => useCases[name].share / total < LEAST_SHARE);
  const large = presentUseCases.filter((name) => !small.includes(name));
  const largeTotal = large.reduce((sum, name) => sum + useCases[name].share, 0);
  const room = 1 - LEAST_SHARE * small.length;
  return Object.fromEntries(
    presentUseCases.map((name) => [
      name,
      small.includes(name) ? LEAST_SHARE : (room * useCases[name].share) / largeTotal,
    ]),
  ) as Record<PresentUseCase, number>;
}
