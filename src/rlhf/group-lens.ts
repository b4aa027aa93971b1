/**
 * What the token lens shows of a batch of GRPO or RLOO: the same rows as PPO's, without what needs a value function, and
 * with the group that made each response's one advantage. Nothing is computed anew but the split of reward and KL into
 * tokens, which these methods never make.
 */
import type { GroupBaseline, LensSettings } from '../records/run-view.ts';
import { groupSpread } from './group-baselines.ts';
import type { GroupRule, GroupSettings } from './group-loop.ts';
import { shapedRewards } from './kl.ts';
import type { RolloutRow } from './loop.ts';
import { at, mean, type Numbers } from './masked.ts';
import { onlyWritten } from './phases.ts';
import type { Responses, Rollout } from './rollout.ts';
import { lensRows, type SeenMinibatch } from './token-lens.ts';

/** Rewards and advantages, [B]; groups of equal size stand one after the other. */
export interface GroupNumbers {
  readonly rewards: Numbers;
  readonly advantages: Numbers;
}

/** How response `b` came to its advantage. */
export function groupBaseline(
  { rewards, advantages }: GroupNumbers,
  b: number,
  size: number,
  { over, divided }: GroupRule['baseline'],
): GroupBaseline {
  const from = b - (b % size);
  const group = Array.from({ length: size }, (_, i) => at(rewards, from + i));
  const compared = over === 'group' ? group : group.filter((_, i) => from + i !== b);
  return {
    rewards: group,
    place: b - from,
    baseline: mean(compared),
    over,
    spread: divided ? groupSpread(group) : null,
    advantage: at(advantages, b),
  };
}

/** All responses of a batch, in groups as they were written. */
export function groupRows(
  responses: Responses,
  numbers: GroupNumbers,
  seen: readonly SeenMinibatch[],
  rule: Pick<GroupRule, 'baseline' | 'klPlace'>,
  settings: Pick<GroupSettings, 'beta' | 'clip' | 'groupSize'>,
): RolloutRow[] {
  const { beta, clip, groupSize } = settings;
  const inReward = rule.klPlace === 'reward';
  const estimator: LensSettings['klEstimator'] = inReward ? 'k1' : 'k3';
  const scorePosition = 'last-token';
  const made = shapedRewards({ ...responses, estimator, beta, scorePosition });
  const unknown = onlyWritten(responses, scorePosition);
  const rollout: Rollout = {
    ...unknown,
    ...responses,
    parts: {
      ...unknown.parts,
      penalties: made.penalties,
      tokenScores: made.tokenScores,
      ...(inReward && { shaped: made.rewards }),
    },
  };
  const lens: LensSettings = {
    ...{ beta, clip, gamma: NaN, lambda: NaN, whitenRewards: false },
    ...{ klPlace: rule.klPlace, klEstimator: estimator },
  };
  return lensRows(rollout, lens, seen).map((row, b) => ({
    ...row,
    group: groupBaseline(numbers, b, groupSize, rule.baseline),
  }));
}
