/** A claim's rows by hand, for what is said of them: figures by id, and one and the same figure for every other row. */
import type { ClaimView } from '../../../../src/cli/reproduce/claim.ts';
import type { JsonValue } from '../../../../src/records/run.ts';
import type { ResultRow, ResultUnit } from '../../../../src/records/results.ts';

const NEUTRAL: Readonly<Partial<Record<ResultUnit, number>>> = { points: 0, ratio: 1 };

/** A row with its figure as value, low and high; of one value alone where both are left out. */
export function figureRow(
  id: string,
  unit: ResultUnit,
  [value, low, high]: readonly [number, number?, number?],
  more: Partial<ResultRow> = {},
): ResultRow {
  const n = low === undefined || high === undefined ? 1 : 100;
  return {
    id,
    label: id,
    unit,
    neutral: NEUTRAL[unit] ?? null,
    judge: 'by hand',
    temperature: '1',
    paper: null,
    control: false,
    pooled: { value, low: low ?? value, high: high ?? value, n },
    seeds: [],
    missing: null,
    ...more,
  };
}

/** Every id that is not among the rows is a share of 12.3 %. */
export function viewOf(
  rows: readonly ResultRow[],
  data: readonly { readonly seed: number; readonly data: JsonValue }[] = [],
): ClaimView {
  return {
    rows,
    row: (id) => rows.find((row) => row.id === id) ?? figureRow(id, 'share', [0.123, 0.12, 0.126]),
    data,
  };
}
