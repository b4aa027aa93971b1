/**
 * Control runs: what stands in for the reward model's scores. Noise shows what reinforcement does without a signal, the
 * gold judge what it does with a perfect one. The critic still starts from the reward model.
 */
import { Rng } from '../data/rng.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { promptTokens } from '../rlhf/pipeline.ts';
import type { Scorer } from '../rlhf/rollout.ts';
import { goldVerdict } from '../world/judges.ts';
import { GROUP_TEMPERATURE } from '../world/labelers.ts';
import type { WorldPrompt } from '../world/tasks.ts';

export const CONTROLS = ['noise', 'gold'] as const;
export type Control = (typeof CONTROLS)[number];

/** Scores drawn from a normal distribution by prompt and response: nothing that carries over to another prompt. */
function noiseScorer(seed: number): Scorer {
  return (sequences) =>
    Promise.resolve(
      sequences.map(({ prompt, response }) =>
        Rng.named(seed, 'noise', prompt.join(' '), response.join(' ')).normal(),
      ),
    );
}

/**
 * The gold judge's composite in the unit of a reward model: training labelers prefer by a logistic of the gap over their
 * temperature, so that is what a perfect reward model would say, but for a constant.
 */
function goldScorer(tokenizer: Tokenizer, prompts: readonly WorldPrompt[]): Scorer {
  const byTokens = new Map(
    prompts.map((prompt) => [promptTokens(tokenizer, prompt.text).join(' '), prompt]),
  );
  return (sequences) =>
    Promise.resolve(
      sequences.map(({ prompt: tokens, response }) => {
        const prompt = byTokens.get(tokens.join(' '));
        if (prompt === undefined) throw new RangeError('a prompt that the judge does not know');
        const ended = response.at(-1) === tokenizer.eosId;
        const { gold } = goldVerdict(prompt, tokenizer.decode(response), ended);
        return gold / GROUP_TEMPERATURE.training;
      }),
    );
}

/** `prompts` are those of the environment. */
export function controlScorer(
  control: Control,
  {
    seed,
    tokenizer,
    prompts,
  }: { seed: number; tokenizer: Tokenizer; prompts: readonly WorldPrompt[] },
): Scorer {
  switch (control) {
    case 'noise':
      return noiseScorer(seed);
    case 'gold':
      return goldScorer(tokenizer, prompts);
  }
  return control satisfies never;
}
