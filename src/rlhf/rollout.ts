/**
 * One batch of experience: responses of the policy to prompts, their scores, the per-token KL penalty against the
 * frozen reference, values, advantages and returns. After this, everything is plain numbers: no gradient can flow
 * into rewards, penalties, advantages or old values (D23).
 */
import type { Sequence } from '../data/batches.ts';
import { sampleResponses, type SampleSettings } from '../model/sample.ts';
import type { Model } from '../model/parameters.ts';
import { gae } from './advantages.ts';
import { applyMissingEosPenalty, shapedRewards, type MissingEosPenalty } from './kl.ts';
import { rolloutMetrics, valueMetrics } from './metrics.ts';
import { logProbabilitiesOf, valuesOf, type SequenceShape } from './sequences.ts';

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
  readonly gamma: number;
  readonly lambda: number;
}

/** What the policy answered and what that is worth, before any method makes advantages of it. */
export interface Responses {
  readonly B: number;
  readonly R: number;
  readonly prompts: readonly PromptTokens[];
  readonly sequences: readonly Sequence[];
  readonly ended: readonly boolean[];
  readonly mask: Float32Array;
  readonly logProbabilities: Float32Array;
  readonly referenceLogProbabilities: Float32Array;
  /** Scores with the end penalty applied, [B]. */
  readonly scores: Float32Array;
}

/** B responses of R columns; token arrays are flat [B x R] with 0 on padding. */
export interface Rollout extends Responses {
  readonly values: Float32Array;
  readonly rewards: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
  readonly parts: RolloutParts;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What rewards and advantages are sums of; shown, not learnt from. */
export interface RolloutParts {
  /** Of the rewards: KL penalties, and the score where it is paid. */
  readonly penalties: Float32Array;
  readonly tokenScores: Float32Array;
  /** Of the advantages: one-step errors, and what is carried over from the token after. */
  readonly deltas: Float32Array;
  readonly carried: Float32Array;
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
export async function collectResponses(
  models: ResponseModels,
  prompts: readonly PromptTokens[],
  settings: ResponseSettings,
  stream: Pick<SampleSettings, 'key' | 'rows'>,
): Promise<Responses> {
  const { shape, temperature } = settings;
  const B = prompts.length;
  const R = shape.responseLength;
  const sampled = await sampleResponses(
    models.policy,
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
  const referenceLogProbabilities = await logProbabilitiesOf(
    models.reference,
    sequences,
    shape,
    temperature,
  );
  const scores = applyMissingEosPenalty(await models.score(sequences), ended, settings.missingEos);
  const arrays = { mask, logProbabilities, referenceLogProbabilities, scores };
  return { B, R, prompts, sequences, ended, ...arrays };
}

/** {@link collectResponses} with values, shaped rewards and advantages. */
export async function collectRollout(
  models: RolloutModels,
  prompts: readonly PromptTokens[],
  settings: RolloutSettings,
  stream: Pick<SampleSettings, 'key' | 'rows'>,
): Promise<Rollout> {
  const { shape, beta, gamma, lambda } = settings;
  const responses = await collectResponses(models, prompts, settings, stream);
  const { B, R, mask } = responses;
  const values = await valuesOf(models.value, responses.sequences, shape);
  const { rewards, penalties, tokenScores } = shapedRewards({ ...responses, beta });
  const { deltas, carried, advantages, returns } = gae({
    ...{ B, R, rewards, values, mask, gamma, lambda },
  });
  const parts = { penalties, tokenScores, deltas, carried };
  const metrics = {
    ...rolloutMetrics({ ...responses, beta }),
    ...valueMetrics({ advantages, returns, values, mask }),
  };
  return { ...responses, values, rewards, advantages, returns, parts, metrics };
}
