/**
 * What a run shows of itself besides its metric series: self-checks, samples of the pinned prompts at its start and
 * now, some rollouts token by token. Plain rows: stored with each checkpoint, so that a reload brings them back.
 */
import type { PinnedSample, SelfChecks } from './run.ts';

/**
 * One token of one rollout with every number that made its reward and its advantage; or the state after the last token,
 * where the score is paid there, whose token is null and whose numbers of a token are NaN.
 */
export interface TokenRow {
  readonly token: string | null;
  readonly logProbability: number;
  readonly referenceLogProbability: number;
  readonly klPenalty: number;
  /** The reward model's, where it is paid; 0 elsewhere. */
  readonly score: number;
  /** Of both, whitened if rewards were. */
  readonly reward: number;
  readonly value: number;
  /** One-step error, delta_t = r_t + gamma V_{t+1} - V_t. */
  readonly delta: number;
  /** gamma lambda A_{t+1}. */
  readonly carried: number;
  readonly advantage: number;
  readonly return: number;
  /** The update that saw this token last: its ratio, the advantage that it used, and whether its clip held. */
  readonly ratio: number;
  readonly usedAdvantage: number;
  readonly clipped: boolean;
}

/** The settings that the numbers of a rollout were made with. */
export interface LensSettings {
  readonly beta: number;
  readonly gamma: number;
  readonly lambda: number;
  readonly clip: number;
  /** Whether tokens are charged with the KL, or the loss has it as a term and no token pays. */
  readonly klPlace: 'reward' | 'loss';
  readonly klEstimator: 'k1' | 'k2' | 'k3';
  readonly whitenRewards: boolean;
}

/** How a group method (GRPO, RLOO) made the one advantage that all tokens of an answer have. */
export interface GroupBaseline {
  /** What the answers of the group are compared by: scores, with the KL penalty taken off where that is in the reward. */
  readonly rewards: readonly number[];
  /** Of this answer in the group, from 0. */
  readonly place: number;
  /** Mean of the group, or of the others in it. */
  readonly baseline: number;
  readonly over: 'group' | 'others';
  /** What the difference is divided by; null where it is not. */
  readonly spread: number | null;
  readonly advantage: number;
}

export interface RolloutView extends LensSettings {
  readonly promptId: string;
  readonly prompt: string;
  readonly score: number;
  /** Sums over the tokens and, where the score is paid after them, the state there. */
  readonly penaltySum: number;
  /** Score and penalties, before any whitening. */
  readonly shapedSum: number;
  readonly rewardSum: number;
  readonly tokens: readonly TokenRow[];
  /** Of a group method only, which has no values: those numbers of its tokens are NaN. */
  readonly group?: GroupBaseline;
}

/** Some responses of one iteration. */
export interface RolloutSet {
  readonly step: number;
  /** Responses in the whole batch; absent in what was stored before it was counted. */
  readonly answers?: number;
  /** The first ones. */
  readonly views: readonly RolloutView[];
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
  readonly rollout: RolloutSet | null;
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
