/**
 * One batch of experience: responses of the policy to prompts, their scores, the per-token KL penalty against the
 * frozen reference, values, advantages and returns. After this, everything is plain numbers: no gradient can flow
 * into rewards, penalties, advantages or old values (D23).
 */
import type { Sequence } from '../data/batches.ts';
import { sampleResponses, type SampleSettings } from '../model/sample.ts';
import type { Model } from '../model/parameters.ts';
import { gae } from './advantages.ts';
import {
  applyMissingEosPenalty,
  shapedRewards,
  stateMask as liveStates,
  type KlEstimator,
  type MissingEosPenalty,
  type ScorePosition,
} from './kl.ts';
import { at, mean, type VarianceKind } from './masked.ts';
import { rolloutMetrics, valueMetrics } from './metrics.ts';
import { logProbabilitiesOf, valuesOf, type SequenceShape } from './sequences.ts';
import { whitenTokens } from './whitening.ts';

/** A prompt of the RL environment: its row and its tokens, separator included. */
export interface PromptTokens {
  readonly id: string;
  readonly tokens: readonly number[];
}

/** Scores whole responses; the reward model, or a stand-in of a control run. One number each. */
export type Scorer = (sequences: readonly Sequence[]) => Promise<ArrayLike<number>>;

export interface ResponseSettings {
  readonly shape: SequenceShape;
  readonly temperature: number;
  readonly missingEos: MissingEosPenalty;
}

export interface RolloutSettings extends ResponseSettings {
  /** KL coefficient. */
  readonly beta: number;
  /** Whether token rewards are charged with the KL, or the loss has it as a term. */
  readonly klPlace: 'reward' | 'loss';
  /** In the reward only k1 pulls back to the reference; k2 and k3 there are known pitfalls (D25). */
  readonly klEstimator: KlEstimator;
  readonly scorePosition: ScorePosition;
  /** Divides token rewards by their spread over the batch and keeps their mean (D19). */
  readonly whitenRewards: boolean;
  readonly whitenVariance: VarianceKind;
  readonly gamma: number;
  readonly lambda: number;
}

/** What the policy wrote: B responses of R columns; token arrays are flat [B x R] with 0 on padding. */
export interface Written {
  readonly B: number;
  readonly R: number;
  readonly prompts: readonly PromptTokens[];
  readonly sequences: readonly Sequence[];
  readonly ended: readonly boolean[];
  readonly mask: Float32Array;
  readonly logProbabilities: Float32Array;
}

/** What the policy answered and what that is worth, before any method makes advantages of it. */
export interface Responses extends Written {
  readonly referenceLogProbabilities: Float32Array;
  /** Scores with the end penalty applied, [B]. */
  readonly scores: Float32Array;
}

/** Responses with the reward of each token, before any whitening; arrays are [B x R]. */
export interface Rewarded extends Responses, RewardParts {
  /** 1 on states with a reward and a value of their own: the live tokens, and one more if the score is paid there. */
  readonly stateMask: Float32Array;
}

/** Of the rewards: KL penalties, and the score where it is paid; and the sum of both, before any whitening. */
export interface RewardParts {
  readonly penalties: Float32Array;
  readonly tokenScores: Float32Array;
  readonly shaped: Float32Array;
}

/** B responses of R columns; token arrays are flat [B x R] with 0 on padding. */
export interface Rollout extends Responses {
  readonly stateMask: Float32Array;
  readonly values: Float32Array;
  readonly rewards: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
  readonly parts: RolloutParts;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What rewards and advantages are sums of; shown, not learnt from. */
export interface RolloutParts extends RewardParts {
  /** Of the advantages: one-step errors, and what is carried over from the state after. */
  readonly deltas: Float32Array;
  readonly carried: Float32Array;
  /** The sum of both for every live state; the policy learns from those of tokens. */
  readonly stateAdvantages: Float32Array;
}

export interface ResponseModels {
  readonly policy: Model;
  readonly reference: Model;
  readonly score: Scorer;
}

export interface RolloutModels extends ResponseModels {
  readonly value: Model;
}

/** `stream` names the draws: a key, and one number per row that is never used twice in a run. */
export async function writeResponses(
  policy: Model,
  prompts: readonly PromptTokens[],
  { shape, temperature }: ResponseSettings,
  stream: Pick<SampleSettings, 'key' | 'rows'>,
): Promise<Written> {
  const B = prompts.length;
  const R = shape.responseLength;
  const sampled = await sampleResponses(
    policy,
    prompts.map(({ tokens }) => tokens),
    { ...shape, ...stream, temperature },
  );
  const sequences = sampled.map(({ tokens }, b) => ({
    prompt: prompts[b]?.tokens ?? [],
    response: tokens,
  }));
  const ended = sampled.map((response) => response.ended);
  const mask = new Float32Array(B * R);
  const logProbabilities = new Float32Array(B * R);
  sampled.forEach((response, b) => {
    mask.fill(1, b * R, b * R + response.tokens.length);
    logProbabilities.set(response.logProbabilities, b * R);
  });
  return { B, R, prompts, sequences, ended, mask, logProbabilities };
}

/** What is written with what the frozen reference and the scorer say of it. */
async function judgeResponses(
  { reference, score }: Omit<ResponseModels, 'policy'>,
  written: Written,
  { shape, temperature, missingEos }: ResponseSettings,
): Promise<Responses> {
  const { sequences, ended } = written;
  const [referenceLogProbabilities, given] = await Promise.all([
    logProbabilitiesOf(reference, sequences, shape, temperature),
    score(sequences),
  ]);
  const scores = applyMissingEosPenalty(given, ended, missingEos);
  return { ...written, referenceLogProbabilities, scores };
}

/** {@link writeResponses}, judged. */
export async function collectResponses(
  models: ResponseModels,
  prompts: readonly PromptTokens[],
  settings: ResponseSettings,
  stream: Pick<SampleSettings, 'key' | 'rows'>,
): Promise<Responses> {
  const written = await writeResponses(models.policy, prompts, settings, stream);
  return judgeResponses(models, written, settings);
}

/** The reward pass: scores, reference log-probabilities, and of both the reward of each token. */
export async function rewardResponses(
  models: Omit<ResponseModels, 'policy'>,
  written: Written,
  settings: RolloutSettings,
): Promise<Rewarded> {
  const { beta, scorePosition, klPlace, klEstimator: estimator } = settings;
  const responses = await judgeResponses(models, written, settings);
  const charged = klPlace === 'reward' ? beta : 0;
  const how = { estimator, scorePosition, beta: charged };
  const { rewards: shaped, penalties, tokenScores } = shapedRewards({ ...responses, ...how });
  const stateMask = liveStates(written.mask, written, scorePosition);
  return { ...responses, stateMask, penalties, tokenScores, shaped };
}

/** What the value function says of all states of what is written, [B x R]; of no meaning on what is not live. */
export function valuesOfWritten(
  value: Model,
  { sequences }: Written,
  { shape, scorePosition }: RolloutSettings,
): Promise<Float32Array> {
  return valuesOf(value, sequences, shape, scorePosition === 'after-last');
}

/** The advantage pass: values, advantages and returns by generalised advantage estimation. */
export function estimateAdvantages(
  values: Float32Array,
  { penalties, tokenScores, shaped, ...responses }: Rewarded,
  settings: RolloutSettings,
): Rollout {
  const { B, R, mask, stateMask } = responses;
  const { klPlace, klEstimator, beta } = settings;
  keepLive(values, stateMask);
  const { whitenRewards, whitenVariance: variance, gamma, lambda } = settings;
  const rewards = whitenRewards
    ? whitenTokens(shaped, stateMask, { B, R }, { variance, shiftMean: false })
    : shaped;
  const credit = gae({ B, R, rewards, values, mask: stateMask, gamma, lambda });
  const { deltas, carried, returns, advantages: stateAdvantages } = credit;
  const parts = { penalties, tokenScores, shaped, deltas, carried, stateAdvantages };
  const advantages = stateAdvantages.slice();
  keepLive(advantages, mask);
  const charged = klPlace === 'reward' ? klEstimator : 'none';
  const metrics = {
    ...rolloutMetrics({ ...responses, beta, charged }),
    ...valueMetrics({ advantages, returns, values, mask, stateMask }),
  };
  return { ...responses, values, rewards, advantages, returns, parts, metrics };
}

/** All three passes at once, in two read-backs: what is written, and all that is said of it. */
export async function collectRollout(
  models: RolloutModels,
  prompts: readonly PromptTokens[],
  settings: RolloutSettings,
  stream: Pick<SampleSettings, 'key' | 'rows'>,
): Promise<Rollout> {
  const written = await writeResponses(models.policy, prompts, settings, stream);
  const [rewarded, values] = await Promise.all([
    rewardResponses(models, written, settings),
    valuesOfWritten(models.value, written, settings),
  ]);
  return estimateAdvantages(values, rewarded, settings);
}

/** Sets what is not live to 0, in place. */
function keepLive(values: Float32Array, mask: Float32Array): void {
  for (let i = 0; i < values.length; i++) if (at(mask, i) === 0) values[i] = 0;
}

/**
 * What a judge whom no model learns from says of a response to a prompt by id, null where it knows nothing of the prompt.
 */
export type GoldJudge = (
  promptId: string,
  response: readonly number[],
  ended: boolean,
) => number | null;

/** Figures of a batch of answers by their metric names. Never of what a method learns from: for the record only. */
export type AnswersMeasure = (
  written: Pick<Written, 'sequences' | 'ended'>,
) => Readonly<Record<string, number>>;

/** `objective/gold_scores`: mean over the responses that the judge can judge; nothing when there is none. */
export function goldMetrics(responses: Responses, judge: GoldJudge): Record<string, number> {
  const verdicts = responses.sequences.flatMap(({ response }, b) => {
    const verdict = judge(responses.prompts[b]?.id ?? '', response, responses.ended[b] === true);
    return verdict === null ? [] : [verdict];
  });
  return verdicts.length === 0 ? {} : { 'objective/gold_scores': mean(verdicts) };
}
