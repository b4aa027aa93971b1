/**
 * Numbers and times as the page writes them. Plain functions of plain values; no locale surprises, so that
 * screenshots, tests and screen readers agree.
 */
import { pointsOfError, votesNeeded } from '../records/vote-rate.ts';

/** Three significant digits by default, a true minus sign, and words for what is no number. */
export function formatNumber(value: number | undefined | null, digits = 3): string {
  if (value === undefined || value === null || Number.isNaN(value)) return 'none';
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : 'minus infinite';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 10 ** digits
      ? Math.round(size).toLocaleString('en-US')
      : size < 1e-4
        ? size.toExponential(digits - 1)
        : String(Number(size.toPrecision(digits)));
  return value < 0 ? `−${text}` : text;
}

/** As {@link formatNumber}, in brackets below 0: what may follow a sign in an equation. */
export function bracketed(value: number): string {
  const text = formatNumber(value);
  return text.startsWith('−') ? `(${text})` : text;
}

/** A share of 0.734 as `73 %`. */
export function formatPercent(share: number, decimals = 0): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(decimals)} %` : 'none';
}

/** Bytes as `1.2 MB`, in powers of a thousand. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${formatNumber(bytes / 1e3)} kB` : `${formatNumber(bytes / 1e6)} MB`;
}

/** Seconds as `about 2 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 1.5) return 'about 1 s';
  if (seconds < 90) return `about ${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${formatNumber(seconds / 3600, 2)} h`;
}

/** Seconds as `about 2 min left`; empty when unknown. */
export function formatTimeLeft(seconds: number | null): string {
  return seconds === null || !Number.isFinite(seconds) ? '' : `${formatDuration(seconds)} left`;
}

/** `1 ranking`, `2 rankings`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}

/**
 * Text as it may be shown: controls that reorder text for the eye (U+202A to U+202E, U+2066 to U+2069) are
 * taken out, so that what is read is what is there.
 */
export function displayed(text: string): string {
  return text.replace(/[\u202A-\u202E\u2066-\u2069]/gu, '');
}

/** What a number of votes is good for, in the same words and by the same formula everywhere: `30 votes: ±18 points`. */
export function precisionOf(votes: number): string {
  return `${counted(votes, 'vote')}: ±${Math.round(pointsOfError(votes))} points`;
}

/** Half width, as a share, of an interval that tells models apart which are only somewhat different. */
const FINE = 0.05;

/** Told before one begins: what it takes to see a difference of a few points. */
export const NEEDED = `For ±${100 * FINE} points it takes ${counted(votesNeeded(FINE), 'vote')}.`;

/** What is wrong with a number typed for a whole number of a range, in words; empty when nothing is. */
export function wholeProblem(value: number | null | undefined, min: number, max: number): string {
  const good = Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  if (good) return '';
  return `Use a whole number from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}.`;
}
