/**
 * When recorded dispatches are handed to the GPU: many in one submit, because each submit costs, but never more work
 * than a weak GPU does in about a tenth of a second, because while a submit runs the screen cannot be drawn. A rule on
 * plain numbers; backend.ts applies it. It knows no clock: the same program is always cut in the same places.
 */

/** What one dispatch asks of the GPU. */
export interface Work {
  /** Floating-point operations; 0 where moving the bytes is what takes the time. */
  readonly operations: number;
  /** Of all tensors that it is bound to. */
  readonly bytes: number;
}

/** The slowest GPU that is reckoned with: slower than any sold since 2015, and than a software one on two cores. */
const WEAK = { operationsPerSecond: 8e9, bytesPerSecond: 2e9, secondsPerDispatch: 20e-6 } as const;

/** Longest time, in seconds, that a submit may take on a weak GPU. */
export const LONGEST_SUBMIT = 0.1;

/** More dispatches in one submit save nothing that can be measured, and let the GPU wait for the first of them. */
export const MOST_DISPATCHES = 64;

/** Seconds that a dispatch takes on a weak GPU, by the slower of its arithmetic and its memory traffic. */
export function secondsOf({ operations, bytes }: Work): number {
  const { operationsPerSecond, bytesPerSecond, secondsPerDispatch } = WEAK;
  return secondsPerDispatch + Math.max(operations / operationsPerSecond, bytes / bytesPerSecond);
}

/** Dispatches recorded and not yet submitted. */
export interface Recorded {
  readonly dispatches: number;
  /** On a weak GPU. */
  readonly seconds: number;
}

export const NOTHING_RECORDED: Recorded = { dispatches: 0, seconds: 0 };

/** Whether what is recorded must be submitted before `next` is recorded. A dispatch of any length may go alone. */
export function submitsBefore({ dispatches, seconds }: Recorded, next: Work): boolean {
  if (dispatches === 0) return false;
  return dispatches >= MOST_DISPATCHES || seconds + secondsOf(next) > LONGEST_SUBMIT;
}

export function withDispatch({ dispatches, seconds }: Recorded, next: Work): Recorded {
  return { dispatches: dispatches + 1, seconds: seconds + secondsOf(next) };
}
