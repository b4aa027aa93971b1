/** What a reward model says of answers: mean scores on validation prompts, and scores of any texts. */
import type { Sequence } from '../../data/batches.ts';
import type { Tokenizer } from '../../data/tokenizer.ts';
import type { Model } from '../../model/parameters.ts';
import { mean } from '../../rlhf/masked.ts';
import { complete, toSequence } from '../../rlhf/pipeline.ts';
import { scoreSequences, type SequenceShape } from '../../rlhf/sequences.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import type { Answer } from './pages.ts';

/** What scoring needs of a seed's lab. */
interface Where {
  readonly tokenizer: Tokenizer;
  readonly shape: SequenceShape;
  readonly seed: number;
  readonly validation: readonly WorldPrompt[];
}

/** An answer as a reward model reads it: cut at the columns' width, never without a token. */
function readable(
  { tokenizer, shape }: Pick<Where, 'tokenizer' | 'shape'>,
  prompt: string,
  { text, ended }: Answer,
): Sequence {
  const sequence = toSequence(tokenizer, prompt, text, ended);
  const response = sequence.response.slice(0, shape.responseLength);
  return { ...sequence, response: response.length > 0 ? response : [tokenizer.eosId] };
}

/** Scores of one answer for each prompt. */
export async function rewardsOf(
  where: Pick<Where, 'tokenizer' | 'shape'>,
  reward: Model,
  prompts: readonly WorldPrompt[],
  answers: readonly Answer[],
): Promise<number[]> {
  const sequences = prompts.map(({ text }, i) => readable(where, text, answers[i]!));
  return Array.from(await scoreSequences(reward, sequences, where.shape));
}

/** Names the random stream of the answers by which epochs are chosen. */
export const CHOICE = 'choose';

/** Mean score of a policy's answers to the validation prompts at temperature 1. */
export async function rewardOfAnswers(where: Where, policy: Model, reward: Model): Promise<number> {
  const { tokenizer, shape, seed, validation } = where;
  const how = { shape, temperature: 1, seed, scope: CHOICE, policy: '' };
  const answers = await complete(
    policy,
    tokenizer,
    validation.map(({ text }) => text),
    how,
  );
  return mean(await rewardsOf(where, reward, validation, answers));
}
