/**
 * From figures to grades to a verdict, by rules that are the same for every claim and know no names. A target is met
 * only if the pooled figure reaches it and every single seed lies on the right side of "no difference"; it is met in
 * part if all seeds together reach it and one of them does not, or if the direction alone is beyond doubt; else it is
 * missed. A claim is as good as the worst of its targets.
 */
import { hasInterval } from '../../records/result-figures.ts';
import type { Figure, Grade, ResultRow, ResultVerdict } from '../../records/results.ts';

/**
 * `above` and `below` want a figure on that side; `near` wants it within `within` of the neutral value, `not below` no
 * further below it than that.
 */
export type Target =
  | {
      readonly side: 'above' | 'below';
      /** The figure that is asked for; absent where the direction is all that is claimed. */
      readonly value?: number;
      /** What the nearer end of the interval must pass; the neutral value, where there is one, by default. */
      readonly end?: number;
    }
  | { readonly side: 'near'; readonly within: number }
  | { readonly side: 'not below'; readonly within: number };

/**
 * Grade of one target by the row's pooled figure, its seeds and its neutral value. Where there is no interval, the value
 * itself and each seed's direction decide.
 */
export function gradeOf(
  { pooled: figure, seeds, neutral }: Pick<ResultRow, 'pooled' | 'seeds' | 'neutral'>,
  target: Target,
): Grade {
  if (figure === null) return 'not measured';
  const { value } = figure;
  const pooled = hasInterval(figure) ? figure : { ...figure, low: value, high: value };
  if (target.side === 'near') return gradeNear(pooled, neutral ?? 0, target.within);
  if (target.side === 'not below') return gradeNotBelow(pooled, (neutral ?? 0) - target.within);
  // Turned so that more is better.
  const sign = target.side === 'above' ? 1 : -1;
  const [low, high] = sign > 0 ? [pooled.low, pooled.high] : [-pooled.high, -pooled.low];
  const wanted = target.value === undefined ? -Infinity : sign * target.value;
  const even = neutral === null ? -Infinity : sign * neutral;
  const end = target.end === undefined ? even : sign * target.end;
  const reached = sign * pooled.value >= wanted && low > end;
  if (reached && seeds.every((seed) => sign * seed.value > even)) return 'met';
  // Without a value that means "no difference" there is no direction: in part is what the interval does not rule out.
  const inPart = neutral === null ? high >= wanted : low > even;
  return inPart ? 'partly' : 'missed';
}

/** Met when the whole interval is within the margin, in part when the figure is. */
function gradeNear({ value, low, high }: Figure, neutral: number, within: number): Grade {
  if (low >= neutral - within && high <= neutral + within) return 'met';
  return Math.abs(value - neutral) <= within ? 'partly' : 'missed';
}

/** Met when the whole interval is above the floor, in part when the figure is. */
function gradeNotBelow({ value, low }: Figure, floor: number): Grade {
  if (low >= floor) return 'met';
  return value >= floor ? 'partly' : 'missed';
}

/** Why a target of direction or number is met in part: the number itself is missed, or a seed does not go along. Empty for all else. */
export function shortfallWords(
  row: Pick<ResultRow, 'pooled' | 'seeds' | 'neutral'>,
  target: Target,
): string {
  if (target.side === 'near' || target.side === 'not below') return '';
  const { pooled, neutral } = row;
  if (pooled === null || gradeOf(row, target) !== 'partly') return '';
  const sign = target.side === 'above' ? 1 : -1;
  if (target.value !== undefined && sign * pooled.value < sign * target.value) {
    return neutral === null
      ? ' (target missed, within its interval)'
      : ' (target missed, direction holds)';
  }
  const together = gradeOf({ ...row, seeds: [] }, target) === 'met';
  return together ? ' (all seeds together, but not each of them)' : '';
}

/**
 * The worst grade decides. What was not measured decides nothing, unless it is everything; a claim of which only a part
 * was measured does not hold in full.
 */
export function verdictOf(grades: readonly Grade[]): ResultVerdict {
  const measured = grades.filter((grade) => grade !== 'not measured');
  if (measured.length === 0) return 'not measured';
  if (measured.includes('missed')) return 'does not hold here';
  return measured.includes('partly') || measured.length < grades.length ? 'holds weakly' : 'holds';
}
