/**
 * The prompted base model: a few-shot prefix of good answers, searched as in the paper, whose authors wrote several
 * and took the one with the highest reward-model score on validation prompts (section 3.5). Here the forms are those of
 * pages that the base model has read, and the examples are drawn.
 */
import { Rng } from '../../data/rng.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import { idealResponse } from '../../world/demonstrations.ts';
import type { WorldPrompt } from '../../world/tasks.ts';

/** How a page sets a task and its answer: what stands before each, and between two pairs. */
interface PageForm {
  readonly name: string;
  readonly task: string;
  readonly answer: string;
  readonly between: string;
}

const FORMS: readonly PageForm[] = [
  { name: 'bare', task: '', answer: '', between: '\n\n' },
  { name: 'lines', task: '', answer: '', between: '\n' },
  { name: 'task and answer', task: 'task: ', answer: 'answer: ', between: '\n' },
  { name: 'question and answer', task: 'question: ', answer: 'answer: ', between: '\n' },
  { name: 'two people', task: 'anna: ', answer: 'ben: ', between: '\n' },
];

export interface Prefix {
  /** For the report: the form, and how many examples it shows. */
  readonly words: string;
  /** The whole page up to where the answer begins. */
  page(prompt: string): string;
}

/** A prefix with as many good answers as fit into `room` tokens beside a prompt of `promptLength`. */
function prefixOf(
  form: PageForm,
  prompts: readonly WorldPrompt[],
  tokenizer: Tokenizer,
  { room, promptLength }: { readonly room: number; readonly promptLength: number },
  rng: Rng,
): Prefix {
  const head = (prompt: string): string => `${form.task}${prompt}\n${form.answer}`;
  let shown = '';
  let examples = 0;
  for (const { text, task } of prompts) {
    const longer = `${shown}${head(text)}${idealResponse(task, rng)}${form.between}`;
    if (tokenizer.encode(longer + head('')).length + promptLength > room) break;
    shown = longer;
    examples++;
  }
  return {
    words: `"${form.name}" with ${examples} examples`,
    // Without the last space, which belongs to the first word of the answer.
    page: (prompt) => `${shown}${head(prompt)}`.replace(/ $/, ''),
  };
}

/** One training prompt of each use case that there is, in random order, then another round of them. */
function examplesOf(pool: readonly WorldPrompt[], rng: Rng): WorldPrompt[] {
  const byUse = new Map<string, WorldPrompt[]>();
  for (const prompt of rng.shuffled(pool.slice(0, 400))) {
    byUse.set(prompt.useCase, [...(byUse.get(prompt.useCase) ?? []), prompt]);
  }
  const rounds = [0, 1, 2].map((round) =>
    rng.shuffled([...byUse.values()].flatMap((prompts) => prompts[round] ?? [])),
  );
  return rounds.flat();
}

/** Candidates: each form with `each` drawings of examples. */
export function candidatePrefixes(
  pool: readonly WorldPrompt[],
  tokenizer: Tokenizer,
  fit: { readonly room: number; readonly promptLength: number },
  { seed, each }: { readonly seed: number; readonly each: number },
): Prefix[] {
  return FORMS.flatMap((form) =>
    Array.from({ length: each }, (_, i) => {
      const rng = Rng.named(seed, 'prefix', form.name, i);
      return prefixOf(form, examplesOf(pool, rng), tokenizer, fit, rng);
    }),
  );
}
