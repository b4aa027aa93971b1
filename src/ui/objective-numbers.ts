/**
 * The numbers that stand in the equations beside what a record holds as it is: split into what they were made from, or
 * put together from two of them. Plain arithmetic for display; nothing of it trains.
 */
import type { MetricRecord } from '../records/run.ts';

/** A mean loss with the sum and the number of tokens that it is the mean of. */
export interface MeanLoss {
  readonly sum: number;
  readonly tokens: number;
  readonly loss: number;
}

/** Of the newest step: its tokens are those counted since the step before. Null where that step's record is missing. */
export function newestMean(
  rows: readonly Pick<MetricRecord, 'step' | 'values'>[],
): MeanLoss | null {
  const [before, last] = [rows.at(-2), rows.at(-1)];
  if (last === undefined) return null;
  const counted =
    last.step === 1 ? 0 : before?.step === last.step - 1 ? before.values['num_tokens'] : NaN;
  const { loss = NaN, num_tokens: all = NaN } = last.values;
  const tokens = all - (counted ?? NaN);
  return Number.isFinite(loss) && tokens > 0 ? { sum: loss * tokens, tokens, loss } : null;
}
