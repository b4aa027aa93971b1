/**
 * What a run shows of itself besides its metric series: self-checks, samples of the pinned prompts at its start and
 * now, one rollout token by token. Plain rows: stored with each checkpoint, so that a reload brings them back.
 */
import type { PinnedSample, SelfChecks } from './run.ts';

/** One token of one rollout with every number that made its reward (token lens, first form). */
export interface TokenRow {
  readonly token: string;
  readonly logProbability: number;
  readonly referenceLogProbability: number;
  readonly klPenalty: number;
  readonly reward: number;
  readonly value: number;
  readonly advantage: number;
  readonly return: number;
}

export interface RolloutView {
  readonly promptId: string;
  readonly prompt: string;
  readonly score: number;
  readonly tokens: readonly TokenRow[];
}

export interface SampleSet {
  readonly step: number;
  readonly samples: readonly PinnedSample[];
}

export interface RunView {
  readonly checks: SelfChecks;
  /** Samples at the start of the run, to compare with. */
  readonly first: SampleSet | null;
  readonly latest: SampleSet | null;
  readonly rollout: { readonly step: number; readonly view: RolloutView } | null;
}

export const EMPTY_VIEW: RunView = { checks: {}, first: null, latest: null, rollout: null };

/** The view after samples of a step came in; the first ones stay. */
export function withSamples(view: RunView, latest: SampleSet): RunView {
  return { ...view, latest, first: view.first ?? latest };
}

/** The view after checks came in; those of the same name are replaced. */
export function withChecks(view: RunView, checks: SelfChecks): RunView {
  return { ...view, checks: { ...view.checks, ...checks } };
}
