/** What exact mode shows, in words: states, checks, how far a method is, and what a drawing of bars says. Pure. */
import type { ExactMethodRow, ExactStatus } from '../records/exact.ts';
import type { StageStatus } from '../worker/protocol.ts';
import { ANSWERS } from './exact-input.ts';
import { formatNumber } from './format.ts';

/** The run's state; without a run it can begin. */
export const EXACT_STATUS: Readonly<
  Record<ExactStatus | 'ready', { readonly word: string; readonly shape: StageStatus }>
> = {
  ready: { word: 'ready', shape: 'ready' },
  running: { word: 'running', shape: 'running' },
  paused: { word: 'paused', shape: 'paused' },
  stopped: { word: 'stopped', shape: 'empty' },
  done: { word: 'done', shape: 'done' },
};

/** A check of where a method has ended: its name as a claim, and what is asked of the number. */
export function exactCheckWords(
  name: string,
  { reachesOptimum }: Pick<ExactMethodRow, 'reachesOptimum'>,
): { readonly claim: string; readonly bound: string } {
  if (name === 'misses') return { claim: 'Stays away from π*', bound: 'more than' };
  return { claim: reachesOptimum ? 'Reaches π*' : 'Reaches its own target', bound: 'less than' };
}

/** Distances below this are rounding, or as good as none. */
const NEAREST = 1e-4;

/** A total-variation distance, without digits that mean nothing. */
export function distanceWords(tv: number | undefined): string {
  return tv !== undefined && tv > 0 && tv < NEAREST ? '< 0.0001' : formatNumber(tv);
}

/** Words of the method table as they look on a page. */
export function plainWords(words: string): string {
  return words
    .replaceAll('pi*', 'π*')
    .replaceAll('||', '‖')
    .replaceAll(/\bbeta\b/g, 'β');
}

/** True when a method has no target but pi*. */
export function sameLaw(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((p, i) => p === b[i]);
}

interface Standing {
  readonly step: number;
  readonly values: { readonly tv: number; readonly tvTarget: number; readonly j: number };
}

/** `PPO, iteration 3 of 600: 0.4 from π*, J 0.1 of 0.594.` */
export function standingWords(
  { label, total, reachesOptimum }: Pick<ExactMethodRow, 'label' | 'total' | 'reachesOptimum'>,
  standing: Standing | undefined,
  jStar: number,
): string {
  if (standing === undefined) return `${label}: not begun.`;
  const { tv, tvTarget, j } = standing.values;
  const own =
    reachesOptimum || tvTarget === tv ? '' : `, ${distanceWords(tvTarget)} from its own target`;
  return (
    `${label}, iteration ${standing.step} of ${total}: ${distanceWords(tv)} from π*${own}, ` +
    `J ${formatNumber(j)} of ${formatNumber(jStar)}.`
  );
}

/** The likeliest answer under both laws, and the one on which they differ most. */
export function lawWords(name: string, law: readonly number[], optimum: readonly number[]): string {
  const most = law.indexOf(Math.max(...law));
  const gaps = law.map((p, i) => Math.abs(p - (optimum[i] ?? 0)));
  const widest = gaps.indexOf(Math.max(...gaps));
  const share = (of: readonly number[], i: number): string => formatNumber(of[i]);
  return (
    `${name} prefers ${ANSWERS[most] ?? '?'} (${share(law, most)}, π* ${share(optimum, most)}); ` +
    `it differs from π* most on ${ANSWERS[widest] ?? '?'} (${share(law, widest)} for ${share(optimum, widest)}).`
  );
}
