/**
 * A measure of texts as one of a batch of rollouts, with the one figure that is counted on tokens: how much an answer
 * repeats itself. For the record only, as gold is (rollout.ts).
 */
import { sequenceRepetition } from '../data/distinct.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { mean } from './masked.ts';
import type { AnswersMeasure } from './rollout.ts';

interface AnswerText {
  readonly prompt: string;
  readonly response: string;
  readonly ended: boolean;
}

/** Length of what counts as repeated, in tokens (Welleck et al. 2020). */
const REPEATED = 4;

/** What `read` says of the batch's texts, and `completions/seq_rep_4`: the mean of each answer's repeated share. */
export function answerMeasures(
  tokenizer: Tokenizer,
  read: (answers: readonly AnswerText[]) => Readonly<Record<string, number>>,
): AnswersMeasure {
  return ({ sequences, ended }) => ({
    ...read(
      sequences.map(({ prompt, response }, b) => ({
        prompt: tokenizer.decode(prompt),
        response: tokenizer.decode(response),
        ended: ended[b] === true,
      })),
    ),
    'completions/seq_rep_4': mean(
      sequences.map(({ response }) => sequenceRepetition(response, REPEATED)),
    ),
  });
}
