/**
 * What every training loop is: an async generator of typed records that its caller paces, pauses and stops,
 * with a snapshot at any step boundary from which the same loop goes on as if it had never stopped.
 */
import type { JsonValue, PinnedSample, SelfChecks, Stage } from '../records/run.ts';
import type { GroupBaseline, LensSettings } from '../records/run-view.ts';
import type { TensorData, TensorMap } from '../records/tensor.ts';
import type { Turn } from '../records/turn.ts';
import type { PhaseEnd } from './phases.ts';

/** All that a loop needs to go on: its tensors by name and its counters, random state and cursors. */
export interface Snapshot {
  readonly tensors: TensorMap;
  readonly state: JsonValue;
}

/** One optimizer step (sft, reward) or one iteration (ppo). */
export interface StepRecord {
  /** Counted from 1. */
  readonly step: number;
  readonly total: number;
  /** Metric names as in TRL. */
  readonly values: Readonly<Record<string, number>>;
  readonly samples?: readonly PinnedSample[];
  readonly checks?: SelfChecks;
  /** Plain numbers of the responses of this iteration, for the token lens (methods with a clipped ratio). */
  readonly rollout?: readonly RolloutRow[];
}

/**
 * One response of a rollout batch (token-lens.ts). Arrays have one entry per live token, those from penalties to returns
 * one per live state: one more where the score is paid after the last token.
 */
export interface RolloutRow extends LensSettings {
  readonly promptId: string;
  readonly tokens: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly referenceLogProbabilities: readonly number[];
  /** KL penalties and the score where it is paid: together the rewards, unless those are whitened. */
  readonly penalties: readonly number[];
  readonly tokenScores: readonly number[];
  readonly rewards: readonly number[];
  readonly values: readonly number[];
  /** One-step errors and what is carried over from the state after: together the advantages. */
  readonly deltas: readonly number[];
  readonly carried: readonly number[];
  readonly advantages: readonly number[];
  readonly returns: readonly number[];
  /** As the last update saw the response; empty when none did. */
  readonly ratios: readonly number[];
  readonly usedAdvantages: readonly number[];
  readonly clipped: readonly boolean[];
  readonly score: number;
  readonly penaltySum: number;
  /** Of score and penalties, before any whitening. */
  readonly shapedSum: number;
  readonly rewardSum: number;
  /** Of a group method, whose values, rewards of a token, errors and returns are NaN. */
  readonly group?: GroupBaseline;
}

export interface Loop {
  readonly total: number;
  /** Yields after each step; returning early leaves the loop at a step boundary. */
  steps(): AsyncGenerator<StepRecord, void, void>;
  /**
   * The same steps with a record after each of their phases too, where a step has any (ppo). Whoever leaves it inside a
   * step has to go on with it: another generator of the same loop throws.
   */
  phases?(): AsyncGenerator<PhaseEnd | StepRecord, void, void>;
  /**
   * Puts a list of turned settings in the place of the one before (ppo). Each holds from the start of the iteration that
   * it names; an iteration under way stays as it is.
   */
  turn?(turns: readonly Turn[]): void;
  /**
   * Copies everything off the device; call only between steps, or inside one before its first optimizer step: then it is
   * the snapshot of the step's beginning. Throws Error later in a step, which is never half kept.
   */
  snapshot(): Promise<Snapshot>;
  /** Frees every tensor that the loop owns. */
  dispose(): void;
}

/** Prefixes of the models that are a stage's result; what else a snapshot holds is only for going on. */
function resultPrefixes(stage: Stage): readonly string[] {
  return stage === 'ppo' ? ['policy.', 'ema.'] : ['model.'];
}

/** The tensors of a stage's result: without optimizer moments and, after PPO, without the value function. */
export function resultTensors(stage: Stage, tensors: TensorMap): TensorMap {
  const prefixes = resultPrefixes(stage);
  return new Map(
    [...tensors].filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix))),
  );
}

/** Tensors whose names begin with `prefix`, without it. */
export function unprefixed(tensors: TensorMap, prefix: string): Map<string, TensorData> {
  const result = new Map<string, TensorData>();
  for (const [name, tensor] of tensors) {
    if (name.startsWith(prefix)) result.set(name.slice(prefix.length), tensor);
  }
  return result;
}

/** Tensors with `prefix` put before each name. */
export function prefixed(tensors: TensorMap, prefix: string): [string, TensorData][] {
  return [...tensors].map(([name, tensor]) => [`${prefix}${name}`, tensor]);
}
