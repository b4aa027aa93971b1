/** From what the seeds measured to the claims of the report: pooled rows, grades, verdicts, words and plots. Pure. */
import { Rng } from '../../data/rng.ts';
import type { ResultClaim, ResultRow, SeedFigure } from '../../records/results.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from './claim.ts';
import { bootstrapFigure } from './sample.ts';
import { verdictOf } from './verdict.ts';

export interface SeedMeasured {
  readonly seed: number;
  readonly measured: Measured;
}

/** One row over the seeds that measured it. */
function pooledRow(
  claim: string,
  rows: readonly { readonly seed: number; readonly row: MeasuredRow }[],
): ResultRow {
  const { sample: _, items: __, ...meta } = rows[0]!.row;
  const samples = rows.flatMap(({ seed, row }) =>
    row.sample ? [{ seed, sample: row.sample }] : [],
  );
  const stream = (seed: number) => Rng.named(seed, 'reproduce', claim, meta.id);
  const pooled = bootstrapFigure(
    samples.map(({ sample }) => sample),
    stream(0),
  );
  const seeds = samples.flatMap(({ seed, sample }): SeedFigure[] => {
    const figure = bootstrapFigure([sample], stream(seed));
    return figure ? [{ seed, ...figure }] : [];
  });
  const items = rows.flatMap(({ row }) => row.items);
  const missing = pooled === null ? (meta.missing ?? 'not measured: nothing to count') : null;
  return { ...meta, missing, pooled, seeds, ...(items.length > 0 && { items }) };
}

/** Rows of all seeds by id, in the order in which they first appear. Items are those of the first seed. */
function pooledRows(claim: string, seeds: readonly SeedMeasured[]): ResultRow[] {
  const byId = new Map<string, { seed: number; row: MeasuredRow }[]>();
  seeds.forEach(({ seed, measured }, s) => {
    for (const row of measured.rows) {
      const kept = s === 0 ? row : { ...row, items: [] };
      byId.set(row.id, [...(byId.get(row.id) ?? []), { seed, row: kept }]);
    }
  });
  return [...byId.values()].map((rows) => pooledRow(claim, rows));
}

function viewOf(claim: string, seeds: readonly SeedMeasured[]): ClaimView {
  const rows = pooledRows(claim, seeds);
  return {
    rows,
    row(id) {
      const found = rows.find((row) => row.id === id);
      if (found === undefined) throw new RangeError(`${claim} has no row ${id}`);
      return found;
    },
    data: seeds.flatMap(({ seed, measured: { data } }) =>
      data === undefined ? [] : [{ seed, data }],
    ),
  };
}

/** The claim as the report has it; seeds in ascending order, at least one. */
export function resultOf(spec: ClaimSpec, seeds: readonly SeedMeasured[]): ResultClaim {
  const { id, title, paper, how, here } = spec;
  const view = viewOf(id, seeds);
  const { rows } = view;
  if (rows.every(({ pooled }) => pooled === null)) {
    const why = `Nothing is claimed here: ${rows[0]?.missing ?? 'nothing was measured'}.`;
    const conditions = [
      { rows: rows.map((row) => row.id), words: 'measured at all', grade: 'not measured' as const },
    ];
    return {
      id,
      title,
      paper,
      how,
      rows,
      conditions,
      verdict: 'not measured',
      why,
      plots: [],
      here,
    };
  }
  const conditions = spec.conditions(view);
  const verdict = verdictOf(conditions.map(({ grade }) => grade));
  const why = `${verdictWords(verdict)} ${spec.why(view, verdict)}`;
  return { id, title, paper, how, rows, conditions, verdict, why, plots: spec.plots(view), here };
}

function verdictWords(verdict: ResultClaim['verdict']): string {
  switch (verdict) {
    case 'holds':
      return 'It holds here: every target is met.';
    case 'holds weakly':
      return 'It holds weakly: no target is missed outright, but not every one is met in full.';
    case 'does not hold here':
      return 'It does not hold here: at least one target is missed.';
    case 'not measured':
      return 'It was not measured.';
  }
  return verdict satisfies never;
}
