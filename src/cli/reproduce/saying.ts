/** How figures are written in the report, and conditions put together from rows and targets. Pure. */
import { hasInterval } from '../../records/result-figures.ts';
import type { Figure, ResultCondition, ResultRow, ResultUnit } from '../../records/results.ts';
import type { ClaimView } from './claim.ts';
import { gradeOf, shortfallWords, type Target } from './verdict.ts';

function numberIn(unit: ResultUnit, value: number): string {
  const digits = digitsIn(unit, value);
  // What rounds to nothing has no sign.
  return Number(digits) === 0 ? digits.replace(/^[-+]/, '') : digits;
}

function digitsIn(unit: ResultUnit, value: number): string {
  switch (unit) {
    case 'share':
      return (100 * value).toFixed(1);
    case 'points':
      return `${value >= 0 ? '+' : ''}${(100 * value).toFixed(1)}`;
    case 'ratio':
      return value.toFixed(2);
    case 'nats':
    case 'score':
      return value.toFixed(3);
    case 'count':
      return String(Number(value.toFixed(2)));
  }
  return unit satisfies never;
}

const SUFFIX: Readonly<Record<ResultUnit, string>> = {
  share: ' %',
  points: ' points',
  ratio: ' times',
  nats: ' nats',
  score: '',
  count: '',
};

/** `64.2 % [61.5, 66.8]`; of a single value that alone: `64.2 %`. */
export function figureWords(unit: ResultUnit, figure: Figure): string {
  const value = valueWords(unit, figure.value);
  if (!hasInterval(figure)) return value;
  return `${value} [${numberIn(unit, figure.low)}, ${numberIn(unit, figure.high)}]`;
}

/** `64.2 %` */
export function valueWords(unit: ResultUnit, value: number): string {
  return `${numberIn(unit, value)}${SUFFIX[unit]}`;
}

/** What a row says, or why it says nothing. */
export function rowWords({ unit, pooled, missing }: ResultRow): string {
  if (pooled !== null) return figureWords(unit, pooled);
  return missing === null ? 'not measured' : `(${missing})`;
}

/** The figure of a row for a sentence: `64.2 % [61.5, 66.8]`. */
export function said(view: ClaimView, id: string): string {
  return rowWords(view.row(id));
}

/** Verbs for a difference, by its direction: `gains`, `loses`, `gains nothing`. */
export interface Direction {
  readonly up: string;
  readonly down: string;
  /** For what rounds to nothing; the interval follows. */
  readonly none: string;
}

/**
 * A difference in a verb of its direction and a size without a sign: `loses 11.0 points [9.3, 12.6]`. The interval is
 * turned with the figure, so that a negative end says that the other direction is not ruled out.
 */
export function moved(view: ClaimView, id: string, { up, down, none }: Direction): string {
  const row = view.row(id);
  const { unit, pooled } = row;
  if (pooled === null) return `${up} ${rowWords(row)}`;
  const { value, low, high } = pooled;
  if (Number(numberIn(unit, value)) === 0) {
    return hasInterval(pooled) ? `${none} [${numberIn(unit, low)}, ${numberIn(unit, high)}]` : none;
  }
  const turned = value > 0 ? pooled : { ...pooled, value: -value, low: -high, high: -low };
  return `${value > 0 ? up : down} ${figureWords(unit, turned).replaceAll('+', '')}`;
}

/** One row against one target. */
export function conditionOf(
  view: ClaimView,
  id: string,
  words: string,
  target: Target,
): ResultCondition {
  const row = view.row(id);
  const inFull = `${words}${shortfallWords(row, target)}`;
  return { rows: [id], words: inFull, grade: gradeOf(row, target) };
}
