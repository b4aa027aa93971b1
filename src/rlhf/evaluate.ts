/**
 * Policies on held-out prompts: gold judgements with intervals over users, distance from SFT, length, variety and
 * repeats, and win rates between policies. The judge is handed in and is never seen by training.
 */
import { distinctN, repeatShare, tokenCount } from '../data/distinct.ts';
import { Rng } from '../data/rng.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import type { Model } from '../model/parameters.ts';
import type { Prompt } from '../records/prompt.ts';
import { bestOfNKlUpperBound } from './best-of-n-law.ts';
import { bestRows, type BestOfNSettings } from './best-of-n.ts';
import { bootstrapInterval, winRate, type MeanInterval, type RateInterval } from './intervals.ts';
import { applyMissingEosPenalty } from './kl.ts';
import {
  complete,
  completionsToRank,
  promptTokens,
  type CompletionSettings,
  type TokenisedCompletion,
} from './pipeline.ts';
import type { GoldJudge, Scorer } from './rollout.ts';
import { logProbabilitiesOf, type SequenceShape } from './sequences.ts';

/** What a judge says of one response; `truthful` is null where the prompt does not call for truth. */
export interface Verdict {
  readonly helpful: number;
  readonly truthful: number | null;
  readonly harmless: number;
  readonly gold: number;
}
export type Judge<P extends Prompt> = (prompt: P, response: string, ended: boolean) => Verdict;

/** A judge of prompts' texts as one of responses' tokens, for the gold of rollouts; null for any other prompt. */
export function goldOfTokens<P extends Prompt>(
  tokenizer: Tokenizer,
  prompts: readonly P[],
  judge: Judge<P>,
): GoldJudge {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  return (promptId, response, ended) => {
    const prompt = byId.get(promptId);
    return prompt ? judge(prompt, tokenizer.decode(response), ended).gold : null;
  };
}

/** One policy's answers to the held-out prompts, judged. */
export interface PolicyAnswers<P extends Prompt> {
  readonly prompts: readonly P[];
  readonly completions: readonly TokenisedCompletion[];
  readonly verdicts: readonly Verdict[];
  /**
   * Mean over responses of log pi - log pi_SFT summed over tokens, nats; of best-of-n the bound from above that its law
   * gives, for draws of SFT itself; null where it has no meaning.
   */
  readonly kl: number | null;
}

export interface PolicySummary {
  readonly helpful: MeanInterval;
  readonly truthful: MeanInterval;
  readonly harmless: MeanInterval;
  readonly gold: MeanInterval;
  readonly kl: number | null;
  /** Mean tokens per response, EOS included. */
  readonly length: number;
  /** Distinct bigrams as a share of bigrams, over the same number of tokens for every policy. */
  readonly distinct2: number;
  /** Share of responses that occur more than once, by use case. */
  readonly repeats: Readonly<Record<string, number>>;
}

/** What best-of-n chooses an answer by: the highest score, end penalty applied, of `groupSize` draws. */
export interface BestOfDraws extends Pick<BestOfNSettings, 'groupSize' | 'missingEos'> {
  readonly score: Scorer;
}

/** How a policy is asked: as it is, behind a few-shot prefix, or for several draws of which the best is kept. */
export interface AnswerSettings extends CompletionSettings {
  /** Put before each prompt; an answer then ends at its first line break. */
  readonly prefix?: string;
  /** Answers are those of best-of-n, for which the policy only supplies the draws; not together with `prefix`. */
  readonly best?: BestOfDraws;
}

/** For each prompt the best-scored of its draws, the first of equals. */
async function completeBest(
  model: Model,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  settings: CompletionSettings,
  { groupSize, missingEos, score }: BestOfDraws,
): Promise<TokenisedCompletion[]> {
  const drawn = await completionsToRank(model, tokenizer, prompts, groupSize, settings);
  const sequences = prompts.flatMap(({ text }, p) =>
    drawn[p]!.map(({ tokens }) => ({ prompt: promptTokens(tokenizer, text), response: tokens })),
  );
  const flat = drawn.flat();
  const ended = flat.map((completion) => completion.ended);
  const scores = applyMissingEosPenalty(await score(sequences), ended, missingEos);
  return bestRows(scores, groupSize).map((row) => flat[row]!);
}

/** Cuts at the first line break, which ends an answer in a few-shot prompt. */
function firstLine(tokenizer: Tokenizer, completion: TokenisedCompletion): TokenisedCompletion {
  const at = completion.text.indexOf('\n');
  if (at < 0) return completion;
  const text = completion.text.slice(0, at);
  return { ...completion, text, ended: true, tokens: tokenizer.encode(text) };
}

/** Draws and judges one answer per prompt. `reference` gives the distance from SFT (temperature 1 only). */
export async function answerPrompts<P extends Prompt>(
  model: Model,
  tokenizer: Tokenizer,
  prompts: readonly P[],
  judge: Judge<P>,
  settings: AnswerSettings,
  reference?: Model,
): Promise<PolicyAnswers<P>> {
  const { prefix, best } = settings;
  const texts = prompts.map(({ text }) => (prefix ?? '') + text);
  const drawn = best
    ? await completeBest(model, tokenizer, prompts, settings, best)
    : await complete(model, tokenizer, texts, settings);
  const completions = prefix === undefined ? drawn : drawn.map((c) => firstLine(tokenizer, c));
  const verdicts = prompts.map((prompt, i) => {
    const { text = '', ended = false } = completions[i] ?? {};
    return judge(prompt, text, ended);
  });
  const measured = reference && settings.temperature === 1 && prefix === undefined;
  if (!measured) return { prompts, completions, verdicts, kl: null };
  // The probabilities of what was kept are not those of the policy that drew it.
  const kl = best
    ? bestOfNKlUpperBound(best.groupSize)
    : await klBetween(model, reference, tokenizer, prompts, drawn, settings.shape);
  return { prompts, completions, verdicts, kl };
}

async function klBetween(
  model: Model,
  reference: Model,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  completions: readonly TokenisedCompletion[],
  shape: SequenceShape,
): Promise<number> {
  const sequences = completions.map(({ tokens }, i) => ({
    prompt: promptTokens(tokenizer, prompts[i]?.text ?? ''),
    response: tokens,
  }));
  const own = await logProbabilitiesOf(model, sequences, shape);
  const others = await logProbabilitiesOf(reference, sequences, shape);
  let sum = 0;
  own.forEach((value, i) => {
    sum += value - (others[i] ?? NaN);
  });
  return sum / completions.length;
}

/** Tokens that every policy of a comparison has at least: the budget of distinct-2. */
export function commonTokenBudget(
  answers: readonly Pick<PolicyAnswers<Prompt>, 'completions'>[],
): number {
  return Math.min(
    ...answers.map(({ completions }) => tokenCount(completions.map((c) => c.tokens))),
  );
}

export function summarise(
  answers: PolicyAnswers<Prompt>,
  tokenBudget: number,
  seed: number,
): PolicySummary {
  const { prompts, completions, verdicts, kl } = answers;
  const users = prompts.map(({ userId }) => userId);
  const interval = (name: string, read: (v: Verdict) => number | null): MeanInterval => {
    const kept = verdicts.flatMap((verdict, i) => {
      const value = read(verdict);
      return value === null ? [] : [{ value, user: users[i] ?? '' }];
    });
    if (kept.length === 0) return { mean: NaN, low: NaN, high: NaN, n: 0 };
    const values = kept.map(({ value }) => value);
    const clusters = kept.map(({ user }) => user);
    return bootstrapInterval(values, clusters, Rng.named(seed, 'evaluate', name), 1000);
  };
  const tokens = completions.map((completion) => completion.tokens);
  const useCases = [...new Set(prompts.map(({ useCase }) => useCase))].sort();
  const repeats = useCases.map((useCase) => {
    const texts = completions
      .filter((_, i) => prompts[i]?.useCase === useCase)
      .map(({ text }) => text);
    return [useCase, repeatShare(texts)] as const;
  });
  return {
    helpful: interval('helpful', (v) => v.helpful),
    truthful: interval('truthful', (v) => v.truthful),
    harmless: interval('harmless', (v) => v.harmless),
    gold: interval('gold', (v) => v.gold),
    kl,
    length: tokenCount(tokens) / tokens.length,
    distinct2: distinctN(tokens, 2, tokenBudget),
    repeats: Object.fromEntries(repeats),
  };
}

/** How often the first policy's answer is judged better, ties one half, 95 % interval over users. */
export function comparePolicies(
  first: PolicyAnswers<Prompt>,
  second: PolicyAnswers<Prompt>,
  seed: number,
): RateInterval {
  return winRate(
    first.verdicts.map(({ gold }) => gold),
    second.verdicts.map(({ gold }) => gold),
    first.prompts.map(({ userId }) => userId),
    Rng.named(seed, 'evaluate', 'pairs'),
    1000,
  );
}
