/**
 * Answers that people of this world write: by a competent writer, and by demonstrators with habits, whose answers are
 * mostly short and careless, now and then wrong, rude or too long. So supervised training helps and leaves much
 * to learn from preferences.
 */
import { Rng } from '../data/rng.ts';
import type { Demonstration } from '../records/prompt.ts';
import { generatePrompts } from './prompts.ts';
import type { Task, WorldPrompt } from './tasks.ts';
import { useCases } from './use-cases.ts';
import type { Habits } from './use-cases/use-case.ts';

/**
 * The mix of the demonstrators, averaged over them. More than half of the answers do the least, so that the likeliest
 * answer is mediocre; the good form of each attribute is in some 40 % of them, so that sampling finds it.
 */
export const DEFAULT_HABITS: Habits = {
  blunt: 0.55,
  careless: 0.15,
  wrong: 0.2,
  harmful: 0.15,
  rude: 0.06,
  wandering: 0.12,
};

/** How many demonstrators there are, and how far their habits lie around the mean. */
const DEMONSTRATORS = 12;
const SPREAD = 0.25;

function demonstrator(seed: number, index: number, mean: Habits): Habits {
  const rng = Rng.named(seed, 'world', 'demonstrator', index);
  const around = (share: number): number =>
    Math.min(1, share * (1 + SPREAD * (2 * rng.uniform() - 1)));
  return {
    blunt: around(mean.blunt),
    careless: around(mean.careless),
    wrong: around(mean.wrong),
    harmful: around(mean.harmful),
    rude: around(mean.rude),
    wandering: around(mean.wandering),
  };
}

/** An answer that meets every constraint of the task. */
export function idealResponse(task: Task, rng: Rng): string {
  return useCases[task.useCase].ideal(task, rng);
}

/** A short answer with nothing wrong in it that leaves most undone. */
export function poorResponse(task: Task, rng: Rng): string {
  return useCases[task.useCase].poor(task, rng);
}

/** An answer such as people write, with the given habits. */
export function mixedResponse(task: Task, rng: Rng, habits: Habits = DEFAULT_HABITS): string {
  return useCases[task.useCase].demonstrate(task, rng, habits);
}

/** Demonstrations for the given prompts, in their order; `copies` answers by different people for each. */
export function demonstrate(
  seed: number,
  prompts: readonly WorldPrompt[],
  habits: Habits = DEFAULT_HABITS,
  copies = 1,
): Demonstration[] {
  if (copies > DEMONSTRATORS) throw new RangeError(`there are ${DEMONSTRATORS} demonstrators only`);
  const people = Array.from({ length: DEMONSTRATORS }, (_, i) => demonstrator(seed, i, habits));
  const authors = prompts.map((prompt) =>
    Rng.named(seed, 'world', 'authors', prompt.id).shuffled(people.map((_, i) => i)),
  );
  return Array.from({ length: copies }, (_, copy) =>
    prompts.map((prompt, i) => {
      const author = authors[i]?.[copy] ?? 0;
      const rng = Rng.named(seed, 'world', 'demonstration', prompt.id, author);
      return {
        id: `demonstration-${prompt.id}-${author + 1}`,
        prompt,
        response: mixedResponse(prompt.task, rng, people[author] ?? habits),
        author: `demonstrator-${author + 1}`,
      };
    }),
  ).flat();
}

/** Distinct prompts that demonstrations are written for; beyond them, prompts get answers of further people. */
const MOST_PROMPTS = 5000;

/** `count` demonstrations on training prompts. */
export function generateDemonstrations(
  seed: number,
  count: number,
  habits: Habits = DEFAULT_HABITS,
): Demonstration[] {
  const prompts = generatePrompts(seed, { split: 'train', count: Math.min(count, MOST_PROMPTS) });
  return demonstrate(seed, prompts, habits, Math.ceil(count / prompts.length)).slice(0, count);
}
