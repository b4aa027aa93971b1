/**
 * Few-shot prompts (paper section 3.2: an instruction with several pairs of query and response): one or two solved
 * examples of the same kind before the query, in the form query, line break, answer, empty line. They are judged like
 * the query alone, whose task they keep; to the judges the examples are prompt text, so that copying them is an echo.
 */
import type { Rng } from '../data/rng.ts';
import { splitSentences } from './grammar.ts';
import { LONGEST_PROMPT, piecesOf } from './prompt-length.ts';
import type { PresentUseCase, Task } from './tasks.ts';
import type { Draft, UseCaseModule } from './use-cases/use-case.ts';

/**
 * Share of few-shot prompts among all, where examples fit before the query; a query that leaves no room for one stays
 * plain, so that the true share is lower. The paper does not state one.
 */
export const FEW_SHOT_SHARE = 0.08;

/** Use cases whose queries and answers are short and show by example what is asked. */
export const FEW_SHOT_USE_CASES: readonly PresentUseCase[] = [
  'classification',
  'closed-qa',
  'open-qa',
  'rewrite',
];

const MOST_EXAMPLES = 2;
/** Draws of an example before the prompt stays as it is. */
const TRIES = 24;

/** A sentence that may say the same of the query's subject as of the example's. */
const UNNAMED = /^(?:they|it|she|he) /;

/** Name of the phrasing without what varies from one query to the next: "rewrite/polite", "open-qa". */
function kindOf({ task }: Draft<Task>): string {
  return task.useCase === 'rewrite' ? `rewrite/${task.form}` : task.useCase;
}

/**
 * The draft behind as many examples as fit, two at most; null where none fits.
 * @param draw another draft of the use case, null where it belongs to another split.
 */
export function withExamples(
  rng: Rng,
  module: UseCaseModule<Task>,
  draft: Draft<Task>,
  draw: () => Draft<Task> | null,
): Draft<Task> | null {
  const quotable = module.quotable(draft.task);
  const open = (text: string): boolean => !quotable.includes(text);
  const right = splitSentences(module.ideal(draft.task, rng)).filter(open);
  const examples: string[] = [];
  const entities = [draft.entity];
  let text = draft.text;
  for (let tries = 0; tries < TRIES && examples.length < MOST_EXAMPLES; tries++) {
    const example = draw();
    if (!example || entities.includes(example.entity) || kindOf(example) !== kindOf(draft))
      continue;
    if (piecesOf(example.text) + piecesOf(text) >= LONGEST_PROMPT) continue;
    const answer = module.ideal(example.task, rng);
    if (splitSentences(answer).some((each) => right.includes(each) || UNNAMED.test(each))) continue;
    const longer = `${example.text}\n${answer}\n\n${text}`;
    if (piecesOf(longer) > LONGEST_PROMPT) continue;
    examples.push(answer);
    entities.push(example.entity);
    text = longer;
  }
  return examples.length === 0 ? null : { ...draft, text };
}
