/**
 * What gold on prompts is to be read against, from no model: the ideal answers of the world's generator, which are the
 * ceiling, and what demonstrators answer, whose answers SFT learns from. Suites have references of their own.
 */
import { Rng } from '../../data/rng.ts';
import { judgeGold } from '../../world/judges.ts';
import { demonstrate, idealResponse } from '../../world/demonstrations.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import type { Judged } from './answers.ts';
import type { MeasuredRow } from './claim.ts';
import type { Answer } from './pages.ts';
import { meanRow, type Aim, type Answered, type RowContext } from './rows.ts';

export const WRITERS = ['ceiling', 'demonstrators'] as const;
export type Writer = (typeof WRITERS)[number];

const WRITER_WORDS: Readonly<Record<Writer, string>> = {
  ceiling: 'ceiling, ideal answers',
  demonstrators: 'demonstrators, whose mixed answers SFT learns from',
};

/** One answer to each prompt; every one of them ends. */
export function writtenAnswers(
  seed: number,
  prompts: readonly WorldPrompt[],
  writer: Writer,
): Answer[] {
  const texts =
    writer === 'demonstrators'
      ? demonstrate(seed, prompts).map(({ response }) => response)
      : prompts.map(({ id, task }) => idealResponse(task, Rng.named(seed, 'ideal answer', id)));
  return texts.map((text) => ({ text, ended: true }));
}

/** All that is written to a set of prompts, by the keys under which it is stored. */
export const writtenByKey = (
  seed: number,
  prompts: readonly WorldPrompt[],
): Record<string, Answer[]> =>
  Object.fromEntries(
    WRITERS.map((writer) => [`${writer}@-`, writtenAnswers(seed, prompts, writer)]),
  );

/** A writer's mean of each aim over the prompts; ids are `NAME:ceiling`, labels begin with who wrote. */
export function goldReferenceRows(
  context: RowContext,
  writer: Writer,
  aims: readonly { readonly name: string; readonly words: string; readonly aim: Aim }[],
): MeasuredRow[] {
  const { seed, prompts } = context;
  const answers = writtenAnswers(seed, prompts, writer).map(({ text, ended }, i): Judged => ({
    ...{ text, ended },
    gold: judgeGold(prompts[i]!, text, ended),
  }));
  const answered: Answered = { policy: writer, drawing: '-', answers };
  return aims.map(({ name, words, aim }) => ({
    ...meanRow(context, answered, aim, {
      id: `${name}:${writer}`,
      label: `${WRITER_WORDS[writer]}: ${words}`,
    }),
    reference: writer,
  }));
}
