/** The registry of claims, in the order of the report. Adding one: an object in claims/, a line here. */
import type { ClaimSpec } from './claim.ts';
import { EPOCHS } from './claims/epochs.ts';
import { HELD_OUT_LABELERS, LABELER_AGREEMENT } from './claims/labelers.ts';
import { LADDER } from './claims/ladder.ts';
import { MISTAKES } from './claims/mistakes.ts';
import { PREFERRED } from './claims/preferred.ts';
import { REWARD_GROUPS, SHUFFLED_PAIRS } from './claims/reward.ts';

export const CLAIMS: readonly ClaimSpec[] = [
  ...PREFERRED,
  LADDER,
  LABELER_AGREEMENT,
  HELD_OUT_LABELERS,
  REWARD_GROUPS,
  SHUFFLED_PAIRS,
  EPOCHS,
  MISTAKES,
];
