/**
 * Where the points of stored results stand on a drawing that is as wide as its place: across in per cent, so that text keeps
 * its size on a phone. Pure geometry; drawn by IntervalPlot.svelte and CurvePlot.svelte.
 */
import type { PlotLine, ResultRow, ResultUnit } from '../records/results.ts';
import { niceTicks } from './chart-ticks.ts';

export interface Axis {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

/** Room on both sides of what is shown, as a share of it. */
const MARGIN = 0.06;

/** An axis that holds all values with some room, and has round numbers. */
export function axisOf(values: readonly number[], ticks = 4): Axis {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (values.length === 0) return { min: 0, max: 1, ticks: [0, 1] };
  const span = most > least ? most - least : Math.abs(most) || 1;
  const [min, max] = [least - MARGIN * span, most + MARGIN * span];
  return { min, max, ticks: niceTicks(min, max, ticks) };
}

/** Share of the axis at which a value stands, from 0 to 1. */
export function shareOf({ min, max }: Axis, value: number): number {
  return (value - min) / (max - min);
}

/** Rows that can be drawn on one axis: those of one unit. */
export interface IntervalGroup {
  readonly unit: ResultUnit;
  readonly rows: readonly ResultRow[];
  readonly axis: Axis;
  /** The value that means "no difference", when all rows have the same. */
  readonly neutral: number | null;
}

/** The rows with these ids in their order, by unit, without those that were not measured. */
export function intervalGroups(
  rows: readonly ResultRow[],
  ids: readonly string[],
): IntervalGroup[] {
  const drawn = ids.flatMap((id) => rows.find((row) => row.id === id && row.pooled !== null) ?? []);
  const units = [...new Set(drawn.map(({ unit }) => unit))];
  return units.map((unit) => {
    const own = drawn.filter((row) => row.unit === unit);
    const neutrals = new Set(own.map(({ neutral }) => neutral));
    const neutral = neutrals.size === 1 ? (own[0]?.neutral ?? null) : null;
    const values = own.flatMap(({ pooled, seeds, paper }) => [
      ...(pooled === null ? [] : [pooled.value, pooled.low, pooled.high]),
      ...seeds.map(({ value }) => value),
      ...(paper === null ? [] : [paper]),
    ]);
    return {
      unit,
      rows: own,
      neutral,
      axis: axisOf(neutral === null ? values : [...values, neutral]),
    };
  });
}

/** Axes that hold every point of the lines, intervals included. */
export function curveAxes(lines: readonly PlotLine[]): { readonly x: Axis; readonly y: Axis } {
  const points = lines.flatMap((line) => line.points);
  return {
    x: axisOf(points.map((point) => point.x)),
    y: axisOf(points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y])),
  };
}
