/** The methods beside PPO by name. Each is its own file; the contract is in method.ts. */
import type { MethodBesidePpo } from '../config/method-table.ts';
import { BEST_OF_N, type BestOfNSettings } from './best-of-n.ts';
import { DPO, type DpoSettings } from './dpo.ts';
import { EXPERT_ITERATION, type ExpertIterationSettings } from './expert-iteration.ts';
import type { GroupSettings } from './group-loop.ts';
import { GRPO, type GrpoSettings } from './grpo.ts';
import type { Method } from './method.ts';
import { ONLINE_DPO, type OnlineDpoSettings } from './online-dpo.ts';
import { RLOO } from './rloo.ts';

/** All that any of them reads. */
type MethodSettings = DpoSettings &
  OnlineDpoSettings &
  GrpoSettings &
  GroupSettings &
  BestOfNSettings &
  ExpertIterationSettings;

export const METHODS: Readonly<Record<MethodBesidePpo, Method<MethodSettings>>> = {
  dpo: DPO,
  'online-dpo': ONLINE_DPO,
  grpo: GRPO,
  rloo: RLOO,
  'best-of-n': BEST_OF_N,
  'expert-iteration': EXPERT_ITERATION,
};
