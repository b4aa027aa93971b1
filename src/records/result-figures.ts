/**
 * What the report and the page *Paper* both say of stored figures: where there is an interval, and which seeds a claim was
 * measured on. How numbers are written is theirs.
 */
import type { Figure, ResultRow } from './results.ts';

/** Nothing can be resampled of a single value: its `low` and `high` are the value itself and no interval. */
export const hasInterval = ({ n }: Pick<Figure, 'n'>): boolean => n >= 2;

/** `Measured on seed 1 only.` where rows hold fewer seeds than the run's; empty where they hold all, or none at all. */
export function fewerSeedsWords(
  rows: readonly Pick<ResultRow, 'seeds'>[],
  seeds: readonly number[],
): string {
  const measured = new Set(rows.flatMap((row) => row.seeds.map(({ seed }) => seed)));
  const own = seeds.filter((seed) => measured.has(seed));
  if (own.length === 0 || own.length === seeds.length) return '';
  return `Measured on ${own.length === 1 ? 'seed' : 'seeds'} ${own.join(', ')} only.`;
}
