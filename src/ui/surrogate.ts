/**
 * The clipped surrogate of one token in numbers, as the update that saw it last had it (paper of PPO, equation 7; D15).
 * Plain arithmetic for display; training computes the same on the device (rlhf/clipping.ts).
 */
import type { TokenRow } from '../records/run-view.ts';

export interface Surrogate {
  readonly ratio: number;
  readonly advantage: number;
  /** Ends of the clip range, 1 - epsilon and 1 + epsilon. */
  readonly low: number;
  readonly high: number;
  readonly clippedRatio: number;
  /** r A and clip(r) A. */
  readonly plain: number;
  readonly held: number;
  /** What counts: the smaller of the two. */
  readonly smaller: number;
}

/** Null where no update has seen the token: it has no ratio then. */
export function surrogate(
  { ratio, usedAdvantage: advantage }: Pick<TokenRow, 'ratio' | 'usedAdvantage'>,
  clip: number,
): Surrogate | null {
  if (Number.isNaN(ratio) || Number.isNaN(advantage)) return null;
  const [low, high] = [1 - clip, 1 + clip];
  const clippedRatio = Math.min(high, Math.max(low, ratio));
  const [plain, held] = [ratio * advantage, clippedRatio * advantage];
  return { ratio, advantage, low, high, clippedRatio, plain, held, smaller: Math.min(plain, held) };
}
