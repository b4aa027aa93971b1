/**
 * Tasks as a teacher sets them: drawn from every registered use case, so that a new one appears in worksheets and
 * homework by itself. How often a kind of task is set is asked of the caller; a kind it does not name gets a share.
 */
import type { Rng } from '../../data/rng.ts';
import type { UseCase } from '../../records/prompt.ts';
import type { PresentUseCase, Task } from '../tasks.ts';
import { presentUseCases, useCases } from '../use-cases.ts';
import type { Draft, UseCaseModule } from '../use-cases/use-case.ts';
import type { User } from '../users.ts';

/** Whoever set the tasks: no favourites, as often cheerful as not, now and then rude. */
const TEACHER: User = {
  id: 'teacher',
  split: 'train',
  animals: [],
  people: [],
  foods: [],
  cheer: 0.5,
  rudeness: 0.1,
  loyalty: 0,
};

/** Relative frequencies of some use cases, and of each that is not named. */
export interface Syllabus {
  readonly named: Readonly<Partial<Record<UseCase, number>>>;
  readonly others: number;
}

export interface Lesson extends Draft<Task> {
  readonly module: UseCaseModule<Task>;
}

export function drawUseCase(rng: Rng, syllabus: Syllabus): PresentUseCase {
  const weights = presentUseCases.map((name) => syllabus.named[name] ?? syllabus.others);
  return presentUseCases[rng.weighted(weights)] ?? 'generation';
}

/** A task of a use case, without favourites. */
export function drawLesson(rng: Rng, useCase: PresentUseCase): Lesson {
  const module = useCases[useCase];
  return { ...module.draw(rng, TEACHER, false), module };
}
