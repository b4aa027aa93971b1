/**
 * What the token lens shows of a rollout batch: its responses, token by token, with the numbers that training
 * itself made and used. Nothing is computed anew: rewards, errors and advantages are those of the rollout, ratios and
 * clips those of the last update that saw the response. Plain arrays.
 */
import type { LensSettings } from '../records/run-view.ts';
import { clippedPolicyLoss } from './clipping.ts';
import type { RolloutRow } from './loop.ts';
import { at, maskedSum, responseLengths, type Numbers } from './masked.ts';
import { importanceRatios } from './metrics.ts';
import type { Rollout } from './rollout.ts';

/** A minibatch as its update saw it, before the step: arrays are [rows.length x R]. */
export interface SeenMinibatch {
  /** Rows of the rollout. */
  readonly rows: readonly number[];
  /** Under the policy at that moment. */
  readonly logProbabilities: Numbers;
  /** As the loss used them: whitened if they were. */
  readonly advantages: Numbers;
  /** Where the loss is by the ratio of whole responses: that one, at each of their tokens. */
  readonly ratios?: Numbers;
}

/** Per live token of one response, as the policy loss saw them. */
export interface UpdateTokens {
  /** pi_now / pi_then. */
  readonly ratios: readonly number[];
  readonly usedAdvantages: readonly number[];
  /** True where the clip held the gradient at 0 (D15). */
  readonly clipped: readonly boolean[];
}

function live(values: Numbers, from: number, length: number): number[] {
  return Array.from({ length }, (_, t) => at(values, from + t));
}

/** What the last of some minibatches that held row `b` saw of it; empty lists when none did. */
export function updateTokens(
  rollout: Pick<Rollout, 'R' | 'logProbabilities' | 'sequences'>,
  b: number,
  seen: readonly SeenMinibatch[],
  clip: number,
): UpdateTokens {
  const last = seen.findLast(({ rows }) => rows.includes(b));
  if (last === undefined) return { ratios: [], usedAdvantages: [], clipped: [] };
  const length = rollout.sequences[b]?.response.length ?? 0;
  const from = last.rows.indexOf(b) * rollout.R;
  const now = live(last.logProbabilities, from, length);
  const old = live(rollout.logProbabilities, b * rollout.R, length);
  const ratios =
    last.ratios === undefined
      ? Array.from(importanceRatios(now, old, Array<number>(length).fill(1)))
      : live(last.ratios, from, length);
  const usedAdvantages = live(last.advantages, from, length);
  const clipped = ratios.map(
    (ratio, t) => clippedPolicyLoss(ratio, at(usedAdvantages, t), clip).clipped,
  );
  return { ratios, usedAdvantages, clipped };
}

/** One response of a rollout with its live tokens and states only. Throws RangeError when there is no row `b`. */
export function rolloutRow(
  rollout: Rollout,
  b: number,
  settings: LensSettings,
  seen: readonly SeenMinibatch[],
): RolloutRow {
  const sequence = rollout.sequences[b];
  const prompt = rollout.prompts[b];
  if (!sequence || !prompt) throw new RangeError(`no row ${b} in a rollout of ${rollout.B}`);
  const { response } = sequence;
  const { R, parts, rewards } = rollout;
  const states = at(responseLengths(rollout.stateMask, rollout), b);
  const ofTokens = (values: Numbers) => live(values, b * R, response.length);
  const ofStates = (values: Numbers) => live(values, b * R, states);
  const sum = (values: Numbers) => maskedSum(ofStates(values), Array(states).fill(1));
  const { beta, gamma, lambda, clip, klPlace, klEstimator, whitenRewards } = settings;
  return {
    promptId: prompt.id,
    tokens: response,
    ...{ beta, gamma, lambda, clip, klPlace, klEstimator, whitenRewards },
    logProbabilities: ofTokens(rollout.logProbabilities),
    referenceLogProbabilities: ofTokens(rollout.referenceLogProbabilities),
    penalties: ofStates(parts.penalties),
    tokenScores: ofStates(parts.tokenScores),
    rewards: ofStates(rewards),
    values: ofStates(rollout.values),
    deltas: ofStates(parts.deltas),
    carried: ofStates(parts.carried),
    advantages: ofStates(parts.stateAdvantages),
    returns: ofStates(rollout.returns),
    ...updateTokens(rollout, b, seen, clip),
    score: rollout.scores[b] ?? NaN,
    penaltySum: sum(parts.penalties),
    shapedSum: sum(parts.shaped),
    rewardSum: sum(rewards),
  };
}

/** All responses of a rollout batch, whose prompts are in random order. */
export function lensRows(
  rollout: Rollout,
  settings: LensSettings,
  seen: readonly SeenMinibatch[],
): RolloutRow[] {
  return rollout.sequences.map((_, b) => rolloutRow(rollout, b, settings, seen));
}
