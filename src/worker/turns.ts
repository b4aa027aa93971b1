/**
 * Turning a setting of PPO while its run is under way: whether it may be, and the run's list after it. The new value
 * passes the same ranges and rules as the settings that a run begins with. Pure; storing it is the driver's.
 */
import { parseSettings } from '../config/settings.ts';
import type { Run } from '../records/run.ts';
import { TURNABLE, turnedValue, withTurn, type Turn, type Turnable } from '../records/turn.ts';
import { InputError } from './failure.ts';
import { methodOf } from './stage-graph.ts';

export interface TurnWish {
  readonly name: Turnable;
  readonly value: number;
}

/**
 * The turned settings of a run after one more, which holds from `iteration` on, the first that has not begun. Throws
 * InputError when there is no run under way that can be turned, SettingsError for a value that no run may have.
 */
export function turnsAfter(
  run: Run | undefined,
  iteration: number,
  { name, value }: TurnWish,
): readonly Turn[] {
  if (run === undefined) {
    throw new InputError('No run of PPO is under way: start one, then its settings can be turned.');
  }
  if (methodOf(run) !== 'ppo') {
    throw new InputError('Only runs of PPO can be turned while they are under way: start anew.');
  }
  const settings = parseSettings(run.settings);
  const turns = run.turns ?? [];
  const now = (each: Turnable) => turnedValue(turns, each, Infinity, settings.ppo[each]);
  const ppo: Partial<Record<Turnable, number>> = { [name]: value };
  for (const each of TURNABLE) ppo[each] ??= now(each);
  parseSettings({ ppo }, settings);
  if (name === 'ptxCoefficient' && value > 0 && settings.ppo.ptxExamplesPerEpisode === 0) {
    throw new InputError(
      'This run has no pre-training text to mix in: start one with pre-training examples per episode above 0.',
    );
  }
  return withTurn(turns, { iteration, name, from: now(name), to: value });
}
