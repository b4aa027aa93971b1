/**
 * What a run's checks of its own arithmetic decide, on plain numbers: ratios, gradient norms, checksums, finiteness.
 * Which models and answers are compared is in ppo-checks.ts; words for the page are in ui/self-check-meanings.ts.
 */
import type { SelfCheck, SelfChecks } from '../records/run.ts';
import type { Numbers } from './masked.ts';

/** Largest difference between two float32 computations of one number that rounding explains. */
export const ROUNDING = 1e-3;

/** More than this times the PPO gradient, and the pre-training gradient leaves the reward no say. */
const LARGEST_GRADIENT_RATIO = 1000;

/** Holds when `value` is finite and at most `tolerance`. */
export function within(value: number, tolerance: number): SelfCheck {
  return { ok: Number.isFinite(value) && value <= tolerance, value, tolerance };
}

/** Largest |a - b|; NaN when one of them holds a NaN, Infinity when the lengths differ. */
export function largestDifference(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(largest)) return NaN;
  }
  return largest;
}

/** FNV-1a over the bits of all numbers; equal exactly when nothing changed (up to 2^-32). */
export function checksum(arrays: Iterable<Float32Array>): number {
  let hash = 0x811c9dc5;
  for (const data of arrays) {
    for (const word of new Uint32Array(data.buffer, data.byteOffset, data.length)) {
      hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
    }
  }
  return hash;
}

/** A check that failed once has failed: the first failure stays, with its value. */
export function lasting(before: SelfCheck | undefined, now: SelfCheck): SelfCheck {
  return before?.ok === false ? before : now;
}

/** A check as plain JSON, which has no NaN and no infinity: null stands for a value that is no number. */
export type StoredChecks = Readonly<
  Record<string, Readonly<{ ok: boolean; value: number | null; tolerance: number }>>
>;

/** Checks as a snapshot's state keeps them. */
export function storedChecks(checks: SelfChecks): StoredChecks {
  const entries = Object.entries(checks).map(([name, { ok, value, tolerance }]) => [
    name,
    { ok, value: Number.isFinite(value) ? value : null, tolerance },
  ]);
  return Object.fromEntries(entries) as StoredChecks;
}

/** What {@link storedChecks} kept; NaN where the value was no number. */
export function restoredChecks(stored: StoredChecks = {}): Record<string, SelfCheck> {
  const entries = Object.entries(stored).map(([name, check]) => [
    name,
    { ...check, value: check.value ?? NaN },
  ]);
  return Object.fromEntries(entries) as Record<string, SelfCheck>;
}

/** How many of the numbers are NaN or infinite; 0 is allowed. */
export function finiteCheck(numbers: Iterable<number>): SelfCheck {
  let bad = 0;
  for (const number of numbers) if (!Number.isFinite(number)) bad++;
  return within(bad, 0);
}

/** D14: on the first minibatch, before the step, nothing has moved. */
export function firstMinibatchCheck(
  metrics: Readonly<Record<string, number>>,
): Record<string, SelfCheck> {
  const value = (name: string) => metrics[name] ?? NaN;
  return {
    'first ratio is 1': within(
      Math.abs(value('val/ratio') - 1) + Math.sqrt(value('val/ratio_var')),
      ROUNDING,
    ),
    'first approx-kl is 0': within(value('policy/approxkl_avg'), 1e-6),
    'first clip fraction is 0': within(value('policy/clipfrac_avg') + value('val/clipfrac_avg'), 0),
  };
}

/**
 * D30, S64: both gradients are in the one step. The squared norm of their sum follows from their norms and the cosine
 * between them; the value is how far the norm that was applied is from that, as a share of the sum of the norms. Their
 * ratio must be a number above 0. Empty when the step had no pre-training rows.
 */
export function gradientChecks(
  metrics: Readonly<Record<string, number>>,
): Record<string, SelfCheck> {
  const ratio = metrics['ptx/grad_norm_ratio'];
  if (ratio === undefined) return {};
  const { 'ppo/grad_norm': ppo = NaN, 'policy/grad_norm': together = NaN } = metrics;
  const { 'ptx/grad_cosine': cosine = NaN } = metrics;
  const ptx = ratio * ppo;
  const expected = Math.sqrt(Math.max(0, ppo ** 2 + ptx ** 2 + 2 * ppo * ptx * cosine));
  const size = within(ratio, LARGEST_GRADIENT_RATIO);
  return {
    'gradients add up': within(Math.abs(together - expected) / (ppo + ptx), ROUNDING),
    'pre-training gradient has its share': { ...size, ok: size.ok && ratio > 0 },
  };
}
