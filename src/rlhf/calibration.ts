/**
 * Whether a reward model means what it says: under Bradley-Terry its scores promise that an answer is preferred with
 * probability sigmoid(difference), and here that is held against the share that was preferred (a reliability diagram,
 * Guo et al., arXiv 1706.04599). Plain numbers; what it is measured on is the caller's.
 */
import type { Calibration, CalibrationBin } from '../records/calibration.ts';
import { wilsonInterval } from '../records/vote-rate.ts';
import { mean } from './masked.ts';
import { margins, type ScoredRanking } from './metrics.ts';

/** Lower bounds of the bins, and the end: a model with two answers to choose from is never less than half sure. */
const BOUNDS = [0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;

/** sigmoid(|margin|), from 0.5 to 1. */
function promiseOf(margin: number): number {
  return 1 / (1 + Math.exp(-Math.abs(margin)));
}

function binOf(inside: readonly number[], from: number, to: number): CalibrationBin {
  const n = inside.length;
  const bounds = { from, to, n };
  if (n === 0) return { ...bounds, predicted: null, preferred: null, low: null, high: null };
  const right = inside.filter((margin) => margin > 0).length;
  const { rate, low, high } = wilsonInterval(right, n);
  return { ...bounds, predicted: mean(inside.map(promiseOf)), preferred: rate, low, high };
}

/**
 * Each comparison is in the bin of what the scores promise for the answer that they prefer; equal scores promise 0.5 and
 * count as wrong, so that the share over all bins is the accuracy (D41). The intervals take comparisons as independent,
 * which those of one ranking are not quite. Null without comparisons.
 */
export function calibrationOf(rankings: readonly ScoredRanking[]): Calibration | null {
  const all = margins(rankings);
  const n = all.length;
  if (n === 0) return null;
  const bins = BOUNDS.slice(0, -1).map((from, b) => {
    const to = BOUNDS[b + 1] ?? 1;
    const inside = all.filter((margin) => {
      const promise = promiseOf(margin);
      return promise >= from && (promise < to || to === 1);
    });
    return binOf(inside, from, to);
  });
  const error = bins.reduce((sum, { predicted, preferred, n: inside }) => {
    const gap = predicted === null || preferred === null ? 0 : Math.abs(predicted - preferred);
    return sum + (inside / n) * gap;
  }, 0);
  const { predicted, preferred, low, high } = binOf(all, 0.5, 1);
  return {
    ...{ bins, error, n },
    predicted: predicted ?? NaN,
    preferred: preferred ?? NaN,
    low: low ?? NaN,
    high: high ?? NaN,
  };
}
