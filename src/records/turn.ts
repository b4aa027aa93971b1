/**
 * Settings of PPO that may be turned while a run is under way, and the record of it: which, from what to what, and the
 * first iteration that used it. The list belongs to the run; the settings that it was begun with stay as they are.
 */

/** Names as in the settings of `ppo`. */
export const TURNABLE = ['beta', 'ptxCoefficient', 'policyLearningRate', 'clip'] as const;
export type Turnable = (typeof TURNABLE)[number];

export interface Turn {
  /** First iteration that used the new value, counted from 1. */
  readonly iteration: number;
  readonly name: Turnable;
  readonly from: number;
  readonly to: number;
}

/** The value of a setting in an iteration: what it was turned to last by then, else `begun`. */
export function turnedValue(
  turns: readonly Turn[],
  name: Turnable,
  iteration: number,
  begun: number,
): number {
  const last = turns.findLast((turn) => turn.name === name && turn.iteration <= iteration);
  return last?.to ?? begun;
}

/** The list after another turn: turned twice before the same iteration counts once, and back again not at all. */
export function withTurn(turns: readonly Turn[], turn: Turn): readonly Turn[] {
  const same = ({ iteration, name }: Turn) => iteration === turn.iteration && name === turn.name;
  const from = turns.find(same)?.from ?? turn.from;
  const others = turns.filter((each) => !same(each));
  return turn.to === from ? others : [...others, { ...turn, from }];
}
