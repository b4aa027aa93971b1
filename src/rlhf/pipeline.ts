/**
 * The loop of the paper's Figure 2 as stages that open from what the stage before left behind: SFT on
 * demonstrations, completions to rank, a reward model from rankings, PPO-ptx against it. Page and command line both
 * drive these; labelers, judges and documents are handed in. Texts become tokens here and nowhere else.
 */
import { SettingsError } from '../config/settings.ts';
import type { Sequence } from '../data/batches.ts';
import { streamKey } from '../data/rng.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { Model, zeroHead } from '../model/parameters.ts';
import { sampleResponses, type SampleSettings } from '../model/sample.ts';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { Completion, Ranking } from '../records/ranking.ts';
import { unprefixed, type Loop, type Snapshot } from './loop.ts';
import { ppoLoop, type PpoModels, type PpoSettings } from './ppo.ts';
import type { RowSource } from './pretrain.ts';
import { comparisonsFromRanks } from './ranking-loss.ts';
import {
  normaliseBias,
  rewardFromSft,
  rewardLoop,
  type RankedSequences,
  type RewardSettings,
} from './reward.ts';
import type { AnswersMeasure, GoldJudge, PromptTokens, Scorer } from './rollout.ts';
import { scoreSequences, type SequenceShape } from './sequences.ts';
import { sftLoop, type SftSettings } from './sft.ts';

/** Stands between prompt and response; the model answers after it. */
export const SEPARATOR = '\n';

export function promptTokens(tokenizer: Tokenizer, text: string): number[] {
  return tokenizer.encode(text + SEPARATOR);
}

/** Prompt and response as tokens; EOS closes a response that ended itself. */
export function toSequence(
  tokenizer: Tokenizer,
  prompt: string,
  response: string,
  ended: boolean,
): Sequence {
  const tokens = tokenizer.encode(response);
  return {
    prompt: promptTokens(tokenizer, prompt),
    response: ended ? [...tokens, tokenizer.eosId] : tokens,
  };
}

/** Whether a sequence fits the columns and has a response to learn from. */
export function fits({ prompt, response }: Sequence, shape: SequenceShape): boolean {
  return (
    prompt.length <= shape.promptLength &&
    response.length > 0 &&
    response.length <= shape.responseLength
  );
}

/** Demonstrations as sequences; those too long for the columns are left out, as the paper does (S11). */
export function demonstrationSequences(
  tokenizer: Tokenizer,
  demonstrations: readonly Demonstration[],
  shape: SequenceShape,
): Sequence[] {
  return demonstrations
    .map(({ prompt, response }) => toSequence(tokenizer, prompt.text, response, true))
    .filter((sequence) => fits(sequence, shape));
}

/** The prompts that fit the columns; longer ones are left out of ranking, training and judging alike (S11). */
export function promptsThatFit<P extends Prompt>(
  tokenizer: Tokenizer,
  prompts: readonly P[],
  shape: SequenceShape,
): P[] {
  return prompts.filter(({ text }) => promptTokens(tokenizer, text).length <= shape.promptLength);
}

/** Prompts as the RL environment asks them; those too long are left out. */
export function environmentPrompts(
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  shape: SequenceShape,
): PromptTokens[] {
  return prompts
    .map(({ id, text }) => ({ id, tokens: promptTokens(tokenizer, text) }))
    .filter(({ tokens }) => tokens.length <= shape.promptLength);
}

/** An opened stage: the model being trained and the loop that trains it. */
export interface OpenStage {
  readonly model: Model;
  readonly loop: Loop;
  /** Frees both. */
  dispose(): void;
}

function openStage(model: Model, loop: Loop): OpenStage {
  const dispose = (): void => {
    loop.dispose();
    model.dispose();
  };
  return { model, loop, dispose };
}

/** SFT from the base model, or from a snapshot of it. The caller disposes both parts. */
export async function openSft(
  base: Model,
  examples: readonly Sequence[],
  settings: SftSettings,
  from?: Snapshot,
  pretraining: RowSource | null = null,
): Promise<OpenStage> {
  const model = from
    ? new Model(base.config, 'language', unprefixed(from.tensors, 'model.'))
    : await base.copy();
  return openStage(model, sftLoop(model, examples, settings, from, pretraining));
}

export interface CompletionSettings {
  readonly shape: SequenceShape;
  readonly temperature: number | 'greedy';
  /** For display only; by default a token is drawn among all. */
  readonly among?: SampleSettings['among'];
  readonly seed: number;
  /** Names the random stream; the same scope, seed and prompts give the same texts. */
  readonly scope: string;
  /** Name of the policy written into the completions. */
  readonly policy: string;
}

/** A completion with the tokens it was drawn as, which re-encoding its text might not give back. */
export interface TokenisedCompletion extends Completion {
  readonly tokens: readonly number[];
}

/** One completion for each prompt text, in order. Throws RangeError when a prompt is too long. */
export async function complete(
  model: Model,
  tokenizer: Tokenizer,
  prompts: readonly string[],
  settings: CompletionSettings,
): Promise<TokenisedCompletion[]> {
  const { shape, temperature, among, seed, scope, policy } = settings;
  const sampled = await sampleResponses(
    model,
    prompts.map((text) => promptTokens(tokenizer, text)),
    { ...shape, temperature, ...(among && { among }), key: streamKey(seed, 'sample', scope) },
  );
  return sampled.map(({ tokens, ended }, i) => ({
    id: `${scope}-${i}`,
    text: tokenizer.decode(tokens),
    policy,
    ended,
    tokens,
  }));
}

/** K completions for each prompt, for a labeler to rank. */
export async function completionsToRank(
  model: Model,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  K: number,
  settings: CompletionSettings,
): Promise<TokenisedCompletion[][]> {
  const texts = prompts.flatMap(({ text }) => Array.from({ length: K }, () => text));
  const all = await complete(model, tokenizer, texts, settings);
  return prompts.map((_, p) => all.slice(p * K, (p + 1) * K));
}

/** At most K of the completions of a prompt: different texts first, then repeated ones, each in the order drawn. */
export function differentFirst<C extends { readonly text: string }>(
  completions: readonly C[],
  K: number,
): C[] {
  const isFirst = completions.map(
    ({ text }, i) => completions.findIndex((other) => other.text === text) === i,
  );
  const different = completions.filter((_, i) => isFirst[i]);
  return [...different, ...completions.filter((_, i) => !isFirst[i])].slice(0, K);
}

/** Rankings that teach something, as sequences: those without a strict preference or too long are left out. */
export function rankedSequences(
  tokenizer: Tokenizer,
  rankings: readonly Ranking[],
  shape: SequenceShape,
): RankedSequences[] {
  return rankings.flatMap(({ prompt, completions, ranks, labeler }) => {
    const sequences = completions.map(({ text, ended }) => {
      const sequence = toSequence(tokenizer, prompt.text, text, ended);
      // An empty response still needs a token to be read at.
      return sequence.response.length > 0 ? sequence : { ...sequence, response: [tokenizer.eosId] };
    });
    const usable = sequences.every((sequence) => fits(sequence, shape));
    return usable && comparisonsFromRanks(ranks).length > 0 ? [{ sequences, ranks, labeler }] : [];
  });
}

/** A reward model from SFT, or from a snapshot. The caller disposes both parts. */
export async function openReward(
  sft: Model,
  rankings: readonly RankedSequences[],
  settings: RewardSettings,
  from?: Snapshot,
): Promise<OpenStage> {
  const model = from
    ? new Model(sft.config, 'scalar', unprefixed(from.tensors, 'model.'))
    : await rewardFromSft(sft, settings.seed);
  return openStage(model, rewardLoop(model, rankings, settings, from));
}

/** Last act of reward training: demonstrations score 0 on average. */
export function finishReward(
  model: Model,
  demonstrations: readonly Sequence[],
  shape: SequenceShape,
): Promise<number> {
  return normaliseBias(model, demonstrations, shape);
}

export interface OpenPpo {
  readonly models: PpoModels;
  readonly loop: Loop;
  /** Frees policy, value function and average; reference and reward model belong to the caller. */
  dispose(): void;
}

export interface PpoInput {
  readonly sft: Model;
  readonly reward: Model;
  readonly prompts: readonly PromptTokens[];
  readonly ptx: RowSource | null;
  /** Stands in for the reward model's scores: a control run. The critic still starts from the reward model. */
  readonly control?: Scorer;
  /** Judges rollouts for the record only. */
  readonly gold?: GoldJudge;
  /** Measures rollouts for the record only. */
  readonly measure?: AnswersMeasure;
}

/** The run's own choice of where the value function sits; a snapshot of the other choice has other tensors. */
export type ValueTrunk = 'separate' | 'shared';

/** Throws SettingsError when a snapshot was saved with the other choice. */
function expectTrunk({ tensors }: Snapshot, wanted: ValueTrunk): void {
  const saved = tensors.has('value.wte.weight') ? 'separate' : 'shared';
  if (saved === wanted) return;
  throw new SettingsError(
    'ppo.valueTrunk',
    `ppo.valueTrunk: this half-done run was saved with a ${saved} value function, not a ${wanted} one: ` +
      `set it to ${saved}, or begin anew.`,
  );
}

/** Policy, value function and average: from the SFT and the reward model, or from a snapshot. */
async function ppoModels(
  { sft, reward }: Pick<PpoInput, 'sft' | 'reward'>,
  trunk: ValueTrunk,
  from?: Snapshot,
): Promise<PpoModels> {
  if (from) expectTrunk(from, trunk);
  const saved = (name: string) => from && unprefixed(from.tensors, `${name}.`);
  const restored = (name: string, head: 'language' | 'scalar') => {
    const tensors = saved(name);
    return tensors && new Model(sft.config, head, tensors);
  };
  const ema = restored('ema', 'language') ?? (await sft.copy());
  if (trunk === 'shared') {
    const head = saved('value') ?? zeroHead(sft.config);
    const language = saved('policy') ?? (await sft.tensors());
    const policy = new Model(sft.config, 'scalar', new Map([...language, ...head]));
    return { policy, reference: sft, value: policy, ema };
  }
  return {
    policy: restored('policy', 'language') ?? (await sft.copy()),
    reference: sft,
    value: restored('value', 'scalar') ?? (await reward.copy()),
    ema,
  };
}

/** PPO-ptx from the SFT model with the value function from the reward model, or from a snapshot. */
export async function openPpo(
  input: PpoInput,
  settings: PpoSettings & { readonly valueTrunk: ValueTrunk },
  from?: Snapshot,
): Promise<OpenPpo> {
  const { reward, prompts, ptx, control, gold, measure } = input;
  const models = await ppoModels(input, settings.valueTrunk, from);
  const own: Scorer = (sequences) => scoreSequences(reward, sequences, settings.shape);
  const data = {
    ...{ prompts, ptx, score: control ?? own, scoredByRewardModel: !control },
    ...(gold && { gold }),
    ...(measure && { measure }),
  };
  const loop = ppoLoop(models, data, settings, from);
  const dispose = (): void => {
    loop.dispose();
    models.policy.dispose();
    models.value.dispose();
    models.ema.dispose();
  };
  return { models, loop, dispose };
}
