/**
 * What an iteration of PPO has made at the end of each of its phases: a record like that of a whole step, with the
 * numbers that exist by then and NaN for those that do not. Plain arrays; the phases themselves are in ppo.ts.
 */
import type { PhasePosition } from '../records/phase.ts';
import type { LensSettings } from '../records/run-view.ts';
import { stateMask, type ScorePosition } from './kl.ts';
import type { RolloutRow, StepRecord } from './loop.ts';
import {
  clippedRatio,
  eosCount,
  meanLength,
  objectiveEntropy,
  objectiveKl,
  rolloutMetrics,
} from './metrics.ts';
import type { Rewarded, Rollout, Written } from './rollout.ts';
import { lensRows } from './token-lens.ts';

export interface PhaseRecord extends PhasePosition {
  /** Responses in the rollout batch. */
  readonly answers: number;
  /** Metrics of this phase alone; names as in TRL. */
  readonly values: Readonly<Record<string, number>>;
  readonly rollout: readonly RolloutRow[];
}

/** A record without its position in the iteration, which the loop knows. */
export type PhaseYield = Omit<PhaseRecord, keyof PhasePosition>;

/** The end of a phase; what it made is put together, and read from the device, only for those who ask. */
export interface PhaseEnd extends PhasePosition {
  /** To be called before the loop goes on. */
  readonly made: () => Promise<PhaseYield>;
}

/** Tells the end of a phase inside an iteration from the record of a whole one. */
export function isPhase(record: PhaseEnd | StepRecord): record is PhaseEnd {
  return 'phase' in record;
}

export async function phaseRecord({ made, ...position }: PhaseEnd): Promise<PhaseRecord> {
  return { ...position, ...(await made()) };
}

export interface PhaseSettings extends LensSettings {
  readonly scorePosition: ScorePosition;
}

const unknown = (length: number): Float32Array => new Float32Array(length).fill(NaN);

/** A rollout of which only the texts are known; all else is NaN. */
export function onlyWritten(written: Written, scorePosition: ScorePosition): Rollout {
  const { B, R } = written;
  const none = unknown(B * R);
  return {
    ...written,
    referenceLogProbabilities: none,
    scores: unknown(B),
    stateMask: stateMask(written.mask, written, scorePosition),
    ...{ values: none, rewards: none, advantages: none, returns: none },
    parts: {
      ...{ penalties: none, tokenScores: none, shaped: none },
      ...{ deltas: none, carried: none, stateAdvantages: none },
    },
    metrics: {},
  };
}

/** After the rollout: texts, and how likely the policy found them. */
export function writtenPhase(written: Written, settings: PhaseSettings): PhaseYield {
  const { B, mask, ended, logProbabilities } = written;
  return {
    answers: B,
    values: {
      'completions/mean_length': meanLength(mask, written),
      'completions/clipped_ratio': clippedRatio(ended),
      'val/num_eos_tokens': eosCount(ended),
      'objective/entropy': objectiveEntropy(logProbabilities, mask, B),
    },
    rollout: lensRows(onlyWritten(written, settings.scorePosition), settings, []),
  };
}

/** After the reward pass: scores, KL penalties, and the reward of each token before any whitening. */
export function rewardedPhase(rewarded: Rewarded, settings: PhaseSettings): PhaseYield {
  const { klPlace, klEstimator, beta } = settings;
  const charged = klPlace === 'reward' ? klEstimator : 'none';
  const { penalties, tokenScores, shaped, ...responses } = rewarded;
  const before = onlyWritten(responses, settings.scorePosition);
  const parts = { ...before.parts, penalties, tokenScores, shaped };
  // Whitened rewards come with the advantage pass.
  const rewards = settings.whitenRewards ? before.rewards : shaped;
  const all = rolloutMetrics({ ...rewarded, beta, charged });
  const names = ['objective/scores', 'objective/non_score_reward', 'objective/rlhf_reward'];
  return {
    answers: rewarded.B,
    values: {
      ...Object.fromEntries(names.map((name) => [name, all[name] ?? NaN])),
      'objective/kl': objectiveKl(rewarded),
    },
    rollout: lensRows({ ...before, ...responses, rewards, parts }, settings, []),
  };
}

/** After the advantage pass: values, errors, advantages and returns. */
export function advantagePhase(rollout: Rollout, settings: PhaseSettings): PhaseYield {
  const own = Object.entries(rollout.metrics).filter(([name]) => name.startsWith('ppo/'));
  return {
    answers: rollout.B,
    values: Object.fromEntries(own),
    rollout: lensRows(rollout, settings, []),
  };
}
