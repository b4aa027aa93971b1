/** The registry of claims, in the order of the report. Adding one: an object in claims/, a line here. */
import type { ClaimSpec } from './claim.ts';
import { BIAS } from './claims/bias.ts';
import { EPOCHS } from './claims/epochs.ts';
import { GENERALISATION } from './claims/generalisation.ts';
import { HELD_OUT_LABELERS, LABELER_AGREEMENT } from './claims/labelers.ts';
import { LADDER } from './claims/ladder.ts';
import { SMALL_AGAINST_LARGE } from './claims/larger-base.ts';
import { MISTAKES } from './claims/mistakes.ts';
import { OVER_OPTIMISATION } from './claims/over-optimisation.ts';
import { PREFERRED } from './claims/preferred.ts';
import { REWARD_GROUPS } from './claims/reward.ts';
import { SHUFFLED_PAIRS } from './claims/shuffled.ts';
import { HALLUCINATION, HARMLESS, TRUTHFUL_CLAIM } from './claims/suites.ts';
import { TAX } from './claims/tax.ts';

export const CLAIMS: readonly ClaimSpec[] = [
  ...PREFERRED,
  SMALL_AGAINST_LARGE,
  LADDER,
  TRUTHFUL_CLAIM,
  HALLUCINATION,
  HARMLESS,
  BIAS,
  TAX,
  GENERALISATION,
  MISTAKES,
  LABELER_AGREEMENT,
  HELD_OUT_LABELERS,
  REWARD_GROUPS,
  SHUFFLED_PAIRS,
  EPOCHS,
  OVER_OPTIMISATION,
];
