/** What rollouts are measured for beside their gold: a chunk of its own, fetched when step 3 begins. */
import type { Tokenizer } from '../data/tokenizer.ts';
import { answerMeasures } from '../rlhf/answer-measures.ts';
import type { AnswersMeasure } from '../rlhf/rollout.ts';
import { answerHabits } from '../world/answer-habits.ts';

export function measuredHabits(tokenizer: Tokenizer): AnswersMeasure {
  return answerMeasures(tokenizer, answerHabits);
}
