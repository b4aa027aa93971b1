/** Rows about training: metric records, runs and checkpoint manifests. */
import type { Turn } from './turn.ts';

/** The stages of the paper's Figure 2, with what comes before and after. */
export const STAGES = ['pretrain', 'sft', 'labels', 'reward', 'ppo', 'evaluate'] as const;
export type Stage = (typeof STAGES)[number];

/** One line of a metric series; names follow TRL (rlhf-reference section 3). */
export interface MetricRecord {
  readonly stage: Stage;
  /** Optimizer steps (sft, reward) or iterations (ppo) done, counted from 1. */
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A named check of the run's own arithmetic, shown as a badge. */
export interface SelfCheck {
  readonly ok: boolean;
  readonly value: number;
  readonly tolerance: number;
}
export type SelfChecks = Readonly<Record<string, SelfCheck>>;

/** A text sampled for a pinned prompt while training. */
export interface PinnedSample {
  readonly promptId: string;
  readonly prompt: string;
  readonly response: string;
  readonly ended: boolean;
  /** Reward-model score, when a reward model exists. */
  readonly score?: number;
}

export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What a checkpoint holds besides its tensors. */
export interface CheckpointManifest {
  readonly id: string;
  readonly project: string;
  readonly run: string;
  readonly stage: Stage;
  /** Name shown to people, e.g. `sft`, `ppo step 12`. */
  readonly name: string;
  readonly step: number;
  /** Set for a finished stage; a checkpoint in the middle of a run is not yet a model to pick. */
  readonly finished: boolean;
  /** Everything needed to go on: optimizer steps, random state, data cursor, controller state. */
  readonly state: JsonValue;
  readonly createdAt: number;
  /** Set where a policy of PPO came without the running average of its weights; absent elsewhere. */
  readonly withoutAverage?: true;
}

export interface Run {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly stage: Stage;
  readonly seed: number;
  readonly backend: string;
  /** What computed, in words; absent in runs from before it was written down. */
  readonly device?: string;
  readonly settings: JsonValue;
  readonly startedAt: number;
  readonly status: 'running' | 'paused' | 'finished' | 'stopped' | 'failed';
  /** Settings that were turned while it was under way, oldest first (ppo only); absent when none was. */
  readonly turns?: readonly Turn[];
  /** The run and the step at which this one went on from a checkpoint of another; absent when it began by itself. */
  readonly origin?: { readonly run: string; readonly step: number };
}
