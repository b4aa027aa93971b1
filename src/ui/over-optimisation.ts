/**
 * Gold against proxy reward over the square root of the KL (Gao et al., arXiv 2210.10760), from what a run has recorded:
 * how far both have come above the model of step 1, and in words where they part. Pure; nothing is measured here.
 */
import type { ChartMetric, ChartRow, ChartRun } from './chart-data.ts';
import { kendallTau, peakOf, trendWords } from './chart-summary.ts';
import { formatNumber } from './format.ts';

/** What an iteration says: distances in square roots of nats, gains over the first iteration in points of each judge. */
export interface OptimisationPoint {
  readonly distance: number;
  readonly proxy: number;
  readonly gold: number;
}

/** Lines of the chart: gains as shares of the largest, so that reward points and gold's 0 to 1 share an axis. */
export const GAIN_METRICS: readonly ChartMetric[] = [
  { name: 'gain/proxy', label: 'reward model' },
  { name: 'gain/gold', label: 'gold judge' },
];

export const DISTANCE_WORD = '√KL';

/** Kendall's tau from which the reward is said to go on rising or to have fallen. */
const WENT_ON = 0.25;
/** Digits behind the point at which two distances are the same. */
const DIGITS = 3;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * One point for each distance, ascending; iterations at the same one are averaged. Gains are over the first iteration,
 * whose answers are still those of SFT. Empty for a run that did not record scores, gold scores and KL.
 */
export function optimisationPoints(rows: readonly ChartRow[]): readonly OptimisationPoint[] {
  const measured = rows.flatMap(({ values }) => {
    const kl = values['objective/kl'] ?? NaN;
    const proxy = values['objective/scores'] ?? NaN;
    const gold = values['objective/gold_scores'] ?? NaN;
    const distance = Number(Math.sqrt(Math.max(0, kl)).toFixed(DIGITS));
    return [distance, proxy, gold].every(Number.isFinite) ? [{ distance, proxy, gold }] : [];
  });
  const [first] = measured;
  if (first === undefined) return [];
  const distances = [...new Set(measured.map(({ distance }) => distance))];
  return distances
    .sort((a, b) => a - b)
    .map((distance) => {
      const at = measured.filter((row) => row.distance === distance);
      const proxy = mean(at.map((row) => row.proxy)) - first.proxy;
      return { distance, proxy, gold: mean(at.map((row) => row.gold)) - first.gold };
    });
}

/** The points as rows of a chart whose steps are distances. */
export function gainRows(points: readonly OptimisationPoint[]): readonly ChartRow[] {
  const largest = (of: (point: OptimisationPoint) => number): number =>
    Math.max(0, ...points.map((point) => Math.abs(of(point)))) || 1;
  const proxy = largest((point) => point.proxy);
  const gold = largest((point) => point.gold);
  return points.map((point) => ({
    step: point.distance,
    values: { 'gain/proxy': point.proxy / proxy, 'gain/gold': point.gold / gold },
  }));
}

/** The runs whose points make a line: those of two points or more. */
export function gainLines(
  runs: readonly { readonly name: string; readonly points: readonly OptimisationPoint[] }[],
): readonly ChartRun[] {
  return runs.flatMap(({ name, points }) =>
    points.length > 1 ? [{ name, rows: gainRows(points) }] : [],
  );
}

const signed = (gain: number): string => `${gain > 0 ? '+' : ''}${formatNumber(gain)}`;

function trendOf(values: readonly number[]): 'rose' | 'fell' | 'stayed' {
  const tau = kendallTau(values);
  return tau > WENT_ON ? 'rose' : tau < -WENT_ON ? 'fell' : 'stayed';
}

/** How the two went, in one sentence. */
function courseWords(points: readonly OptimisationPoint[]): string {
  const distances = points.map(({ distance }) => distance);
  const golds = points.map(({ gold }) => gold);
  const top = peakOf(distances, golds);
  if (top !== null) {
    const after = points.filter(({ distance }) => distance >= top.step);
    const then = {
      rose: 'while the reward went on rising: the reward model is over-optimised',
      fell: 'and so did the reward',
      stayed: 'while the reward neither rose nor fell clearly',
    }[trendOf(after.map(({ proxy }) => proxy))];
    return `Gold rose until ${DISTANCE_WORD} ${formatNumber(top.step)}, then fell ${then}.`;
  }
  const proxies = points.map(({ proxy }) => proxy);
  const both = `${trendOf(golds)} ${trendOf(proxies)}`;
  if (both === 'rose rose') return 'Gold and reward both rose: no over-optimisation so far.';
  if (both === 'fell rose') {
    return 'Gold fell while the reward rose: the reward model is over-optimised.';
  }
  const trend = (values: readonly number[]) => trendWords(distances, values, DISTANCE_WORD);
  return `Gold: ${trend(golds)}. Reward: ${trend(proxies)}.`;
}

/** What the drawing shows; tells how many iterations there are while they are too few to say anything. */
export function optimisationWords(points: readonly OptimisationPoint[]): string {
  const last = points.at(-1);
  if (last === undefined || points.length < 3) {
    return 'Too few iterations at different distances to say anything yet.';
  }
  const best = points.reduce((most, point) => (point.gold > most.gold ? point : most));
  return (
    `${courseWords(points)} Farthest, at ${DISTANCE_WORD} ${formatNumber(last.distance)}: reward ` +
    `${signed(last.proxy)}, gold ${signed(last.gold)}. Most gold ${signed(best.gold)} at ` +
    `${DISTANCE_WORD} ${formatNumber(best.distance)}.`
  );
}
