/**
 * What suites share: responses cut to their first line, judgements, distinct items, and held-out prompts with tasks.
 */
import { Rng } from '../../data/rng.ts';
import { drawLesson } from '../documents/lessons.ts';
import { LONGEST, weigh, type Weighed } from '../judges.ts';
import { splitOfCombination } from '../prompts.ts';
import type { PresentUseCase, Task, WorldPrompt } from '../tasks.ts';
import { useCases } from '../use-cases.ts';
import type { SuiteItem, SuiteJudgement } from './suite.ts';

/** The first line, without spaces around it. */
export function firstLine(response: string): string {
  return (response.trimStart().split('\n')[0] ?? '').trim();
}

/** Whether the first line came to its end: the response ended, or went on in another line. */
export function isClosed(response: string, ended: boolean): boolean {
  return ended || response.trim().includes('\n');
}

/** A judgement of right or wrong, with the reason against it. */
export function verdict(
  right: boolean,
  reason: string,
  counts: Readonly<Record<string, number>> = {},
): SuiteJudgement {
  return { score: right ? 1 : 0, reasons: right ? [] : [reason], counts };
}

/** How many draws in a row without a new item mean that there are no more. */
const PATIENCE = 4000;

/** A draft with the id that its suite gives it. */
export type WithId<Draft> = Draft & { readonly id: string };

/** Draws items until there are `count` with different prompts; a draw may give null. Ids are `name-1`, `name-2`... */
export function distinctItems<Draft extends Omit<SuiteItem, 'id'>>(
  name: string,
  seed: number,
  count: number,
  draw: (rng: Rng) => Draft | null,
): WithId<Draft>[] {
  const rng = Rng.named(seed, 'world', 'suite', name);
  const seen = new Set<string>();
  const items: WithId<Draft>[] = [];
  for (let misses = 0; items.length < count && misses < PATIENCE; misses++) {
    const drawn = draw(rng);
    if (drawn === null || seen.has(drawn.prompt)) continue;
    seen.add(drawn.prompt);
    items.push({ ...drawn, id: `${name}-${items.length + 1}` });
    misses = 0;
  }
  return items;
}

/** An item that is a prompt with a task, as people of this world send it. */
export interface TaskItem extends SuiteItem {
  readonly task: Task;
}

/** Whether the gold judges can judge it too; some suites' items are asked as people ask and have no task. */
export function isTaskItem(item: SuiteItem): item is TaskItem {
  return 'task' in item && item.task !== null;
}

/** A prompt of a use case whose combination belongs to the test split; null when the draw belongs to another. */
export function drawHeldOut(rng: Rng, useCase: PresentUseCase): Omit<TaskItem, 'id'> | null {
  const { text, task, template, entity } = drawLesson(rng, useCase);
  return splitOfCombination(template, entity) === 'test' ? { prompt: text, task } : null;
}

/** Draws until something comes, for a kind of item that few draws give; null when a few hundred give nothing. */
export function persistently<Draft>(draw: () => Draft | null): Draft | null {
  for (let tries = 0; tries < 400; tries++) {
    const drawn = draw();
    if (drawn !== null) return drawn;
  }
  return null;
}

/** The same as the gold judges take it. */
export function asWorldPrompt({ id, prompt, task }: TaskItem): WorldPrompt {
  return {
    id,
    text: prompt,
    task,
    useCase: task.useCase,
    kind: 'plain',
    userId: 'suite',
    split: 'test',
    source: 'world',
    template: '',
    entity: '',
  };
}

/** Less than this share of words in sentences that count is no answer: noise, a loop, an echo. */
const LEAST_FLUENCY = 0.6;

export interface Answer extends Pick<Weighed, 'reading' | 'asked'> {
  /** What the gold judge of helpfulness gives to the first line, from 0 to 1. */
  readonly helpful: number;
  /** Closed, mostly well-formed, no loop, no echo of the prompt, no long list of whatever may be right. */
  readonly sound: boolean;
  /** Sound, and not beside the point: every essential constraint of the task is at least partly met. */
  readonly onTask: boolean;
}

/** Reads the first line of a response to a task, as the gold judges do. */
export function readAnswer(item: TaskItem, response: string, ended: boolean): Answer {
  const closed = isClosed(response, ended);
  const weighed = weigh(asWorldPrompt(item), firstLine(response), closed);
  const { reading, asked, constraints, gate, beside } = weighed;
  const sound = closed && reading.fluency >= LEAST_FLUENCY && reading.words <= LONGEST;
  return { reading, asked, helpful: gate * constraints, sound, onTask: sound && !beside };
}

/** The answer of a perfect writer, the same for the same item. */
export function idealAnswer({ id, task }: TaskItem): string {
  return useCases[task.useCase].ideal(task, Rng.named(0, 'world', 'suite ideal', id));
}
