/** Settings that were turned while a run was under way, in sentences, for charts and their text. Plain values. */
import { SETTINGS } from '../config/settings.ts';
import type { Turn } from '../records/turn.ts';
import { formatNumber } from './format.ts';

/** `Policy clip turned from 0.2 to 0.1 at iteration 7.` */
export function turnSentence({ iteration, name, from, to }: Turn): string {
  const [before, after] = [from, to].map((value) => formatNumber(value, 4));
  return `${SETTINGS.ppo[name].label} turned from ${before} to ${after} at iteration ${iteration}.`;
}
