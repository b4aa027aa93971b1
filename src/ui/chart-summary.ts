/**
 * A line of a chart in a sentence: where it stands, began, was lowest and highest, and which way it went. For those
 * who do not see the drawing, and for those who do. Plain functions of plain values.
 */
import type { ChartValues } from './chart-data.ts';
import { formatNumber } from './format.ts';

interface Point {
  readonly step: number;
  readonly value: number;
}

/** Pairs are compared two by two: more points than this would take long and say the same. */
const MOST_COMPARED = 150;
/** Kendall's tau from which a line is said to rise or fall, and to do so steadily. */
const SOME = 0.25;
const STEADY = 0.75;
/** On each side of a turn: this share of all points, and so many at least; and the tau that both sides must have. */
const SIDE_SHARE = 0.15;
const SIDE_POINTS = 4;
const TURN = 0.5;

function pointsOf(steps: readonly number[], values: ChartValues): Point[] {
  return values.flatMap((value, i) => (value === null ? [] : [{ step: steps[i] ?? NaN, value }]));
}

/** Evenly spread over all points, the last one among them. */
function spread(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_COMPARED) return points;
  const stride = (points.length - 1) / (MOST_COMPARED - 1);
  return Array.from({ length: MOST_COMPARED }, (_, i) => points[Math.round(i * stride)]!);
}

/**
 * Kendall's tau-a of value against order (Kendall 1938): of all pairs, the share in which the later value is higher
 * less the share in which it is lower. From -1 to 1; 0 for fewer than two values.
 */
export function kendallTau(values: readonly number[]): number {
  let balance = 0;
  for (let i = 0; i < values.length; i++) {
    for (let j = i + 1; j < values.length; j++) balance += Math.sign(values[j]! - values[i]!);
  }
  const pairs = (values.length * (values.length - 1)) / 2;
  return pairs === 0 ? 0 : balance / pairs;
}

/**
 * The point at which a line turned round, when it clearly went one way before and the other way after. The point itself
 * is in neither side: it is the extreme, and would lend both of them a trend.
 */
function turn(points: readonly Point[], upFirst: boolean): Point | null {
  const sign = upFirst ? 1 : -1;
  const values = points.map(({ value }) => sign * value);
  const at = values.indexOf(values.reduce((a, b) => Math.max(a, b), -Infinity));
  const sides = [values.slice(0, at), values.slice(at + 1)];
  const least = Math.max(SIDE_POINTS, SIDE_SHARE * points.length);
  if (sides.some((side) => side.length < least)) return null;
  const [before = 0, after = 0] = sides.map(kendallTau);
  return before >= TURN && after <= -TURN ? (points[at] ?? null) : null;
}

/** Where a line that clearly rose, and then clearly fell, was highest; null for any other line. */
export function peakOf(steps: readonly number[], values: ChartValues): Point | null {
  return turn(spread(pointsOf(steps, values)), true);
}

/**
 * Which way a line went, in words: `rising steadily`, `falling`, `rose until step 30, then fell`, `no clear trend`,
 * `unchanged`; empty for fewer than three values.
 */
export function trendWords(
  steps: readonly number[],
  values: ChartValues,
  stepWord = 'step',
): string {
  const points = spread(pointsOf(steps, values));
  if (points.length < 3) return '';
  if (points.every(({ value }) => value === points[0]?.value)) return 'unchanged';
  const top = turn(points, true);
  if (top !== null) return `rose until ${stepWord} ${top.step}, then fell`;
  const bottom = turn(points, false);
  if (bottom !== null) return `fell until ${stepWord} ${bottom.step}, then rose`;
  const tau = kendallTau(points.map(({ value }) => value));
  if (Math.abs(tau) < SOME) return 'no clear trend';
  const way = tau > 0 ? 'rising' : 'falling';
  return Math.abs(tau) < STEADY ? way : `${way} steadily`;
}

/** `loss 2 at step 3; it began at 4 at step 1; lowest 1 at step 2, highest 4 at step 1. Trend: falling.` */
export function chartSummary(
  label: string,
  steps: readonly number[],
  values: ChartValues,
  stepWord = 'step',
): string {
  const points = pointsOf(steps, values);
  const first = points.at(0);
  const last = points.at(-1);
  if (first === undefined || last === undefined) return `${label}: no values yet.`;
  const told = ({ value, step }: Point) => `${formatNumber(value)} at ${stepWord} ${step}`;
  if (points.length === 1) return `${label} ${told(last)}.`;
  const lowest = points.reduce((least, point) => (point.value < least.value ? point : least));
  const highest = points.reduce((most, point) => (point.value > most.value ? point : most));
  const trend = trendWords(steps, values, stepWord);
  return (
    `${label} ${told(last)}; it began at ${told(first)}; ` +
    `lowest ${told(lowest)}, highest ${told(highest)}.${trend === '' ? '' : ` Trend: ${trend}.`}`
  );
}
