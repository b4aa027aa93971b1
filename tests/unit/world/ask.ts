import type { Task, WorldPrompt } from '../../../src/world/tasks.ts';

/** A prompt with a task, for hand-written cases. */
export function ask(text: string, task: Task): WorldPrompt {
  const base = { id: 'x', kind: 'plain', userId: 'u', split: 'test', source: 'world' } as const;
  return { ...base, text, task, useCase: task.useCase, template: '', entity: '' };
}
