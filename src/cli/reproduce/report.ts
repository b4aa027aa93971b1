/** From what the seeds measured to the claims of the report: pooled rows, grades, verdicts, words and plots. Pure. */
import { Rng } from '../../data/rng.ts';
import type {
  Figure,
  ResultClaim,
  ResultItem,
  ResultPlot,
  ResultRow,
  SeedFigure,
} from '../../records/results.ts';
import type { ClaimSpec, ClaimView, Measured, MeasuredRow } from './claim.ts';
import type { RowBehind } from './row-sources.ts';
import { bootstrapFigure, type Statistic } from './sample.ts';
import { NOTHING_TRIED, TRIED } from './tried.ts';
import { verdictOf } from './verdict.ts';

export interface SeedMeasured {
  readonly seed: number;
  readonly measured: Measured;
}

/** Why there is no figure although it was counted. */
const NOTHING: Readonly<Record<Statistic, string>> = {
  mean: 'not measured: nothing to count',
  difference: 'not measured: nothing to count',
  ratio: 'no multiple: there is nothing to divide by',
  recovered: 'no share: there was no drop at all',
};

/** What tells or shows what stands behind a figure. */
type Behind = 'items' | 'noTexts' | 'source';

/** What a measured row and one of the report have in common. */
function withoutSample(row: MeasuredRow): Omit<MeasuredRow, 'sample' | Behind> {
  const { id, label, unit, neutral, judge, temperature, paper, control, reference, missing } = row;
  const marks = { control, ...(reference !== undefined && { reference }) };
  return { id, label, unit, neutral, judge, temperature, paper, ...marks, missing };
}

/** Five digits are more than any figure here is good for, and keep the file small. */
const rounded = (value: number): number => Number(value.toPrecision(5));

function roundedFigure({ value, low, high, n }: Figure): Figure {
  return { value: rounded(value), low: rounded(low), high: rounded(high), n };
}

function roundedItem(item: ResultItem): ResultItem {
  const outputs = item.outputs.map((output) => ({
    ...output,
    score: output.score === null ? null : rounded(output.score),
  }));
  return { ...item, outputs };
}

function roundedPlot(plot: ResultPlot): ResultPlot {
  if (plot.kind === 'intervals') return plot;
  const lines = plot.lines.map((line) => ({
    ...line,
    points: line.points.map(({ x, y, low, high }) => ({
      x: rounded(x),
      y: rounded(y),
      ...(low !== undefined && { low: rounded(low) }),
      ...(high !== undefined && { high: rounded(high) }),
    })),
  }));
  return { ...plot, lines };
}

/** Items of a row in the results themselves where every item is stored beside: the page loads all results at once. */
const BESIDE_STORED = 2;

/** One row over the seeds that measured it; it names its answers, `behind` it, where they are `stored`. */
function pooledRow(
  claim: string,
  rows: readonly { readonly seed: number; readonly row: MeasuredRow }[],
  stored: boolean,
  behind: RowBehind,
): ResultRow {
  const { id, missing: given, ...meta } = withoutSample(rows[0]!.row);
  const samples = rows.flatMap(({ seed, row }) =>
    row.sample ? [{ seed, sample: row.sample }] : [],
  );
  const stream = (seed: number) => Rng.named(seed, 'reproduce', claim, id);
  const all = bootstrapFigure(
    samples.map(({ sample }) => sample),
    stream(0),
  );
  const pooled = all && roundedFigure(all);
  const seeds = samples.flatMap(({ seed, sample }): SeedFigure[] => {
    const figure = bootstrapFigure([sample], stream(seed));
    return figure ? [{ seed, ...roundedFigure(figure) }] : [];
  });
  const missing =
    pooled === null ? (given ?? NOTHING[samples[0]?.sample.statistic ?? 'mean']) : null;
  const { source, noTexts } = { ...rows[0]!.row, ...behind };
  const shown = rows.flatMap(({ row }) => row.items.map(roundedItem));
  const items = stored && source ? shown.slice(0, BESIDE_STORED) : shown;
  return {
    ...{ ...meta, id, missing, pooled, seeds },
    ...(items.length > 0 && { items }),
    ...(noTexts !== undefined && pooled && { noTexts }),
    ...(stored && source && pooled && { source }),
  };
}

/** Rows in which the same items stand once: further rows name the first that has them. */
function withItemsOnce(rows: readonly ResultRow[]): ResultRow[] {
  const owners = new Map<string, string>();
  return rows.map((row) => {
    const { items, ...rest } = row;
    if (items === undefined) return row;
    const key = JSON.stringify(items);
    const owner = owners.get(key);
    if (owner !== undefined) return { ...rest, itemsOf: owner };
    owners.set(key, row.id);
    return row;
  });
}

/** Rows of all seeds by id, in the order in which they first appear. Items are those of the first seed. */
function pooledRows(
  { id: claim, behind }: Pick<ClaimSpec, 'id' | 'behind'>,
  seeds: readonly SeedMeasured[],
  stored: boolean,
): ResultRow[] {
  const byId = new Map<string, { seed: number; row: MeasuredRow }[]>();
  seeds.forEach(({ seed, measured }, s) => {
    for (const row of measured.rows) {
      const kept = s === 0 ? row : { ...row, items: [] };
      byId.set(row.id, [...(byId.get(row.id) ?? []), { seed, row: kept }]);
    }
  });
  const ids = [...byId.keys()];
  return [...byId].map(([id, rows]) => pooledRow(claim, rows, stored, behind?.(id, ids) ?? {}));
}

function viewOf(spec: ClaimSpec, seeds: readonly SeedMeasured[], stored: boolean): ClaimView {
  const rows = pooledRows(spec, seeds, stored);
  return {
    rows,
    row(id) {
      const found = rows.find((row) => row.id === id);
      if (found === undefined) {
        throw new RangeError(
          `${spec.id} has no row ${id}. If another version measured it, delete its files among the claims of the work folder and call again.`,
        );
      }
      return found;
    },
    data: seeds.flatMap(({ seed, measured: { data } }) =>
      data === undefined ? [] : [{ seed, data }],
    ),
  };
}

/**
 * The claim as the report has it; seeds in ascending order, at least one.
 * @param stored whether every answer of these seeds is stored beside it
 */
export function resultOf(
  spec: ClaimSpec,
  seeds: readonly SeedMeasured[],
  stored = false,
): ResultClaim {
  const { id, title, paper, here } = spec;
  const view = viewOf(spec, seeds, stored);
  const how = [spec.how, spec.howHere?.(view) ?? ''].filter((part) => part !== '').join(' ');
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
  const tried = verdict === 'holds' ? undefined : (TRIED[id] ?? NOTHING_TRIED);
  const said = [verdictWords(verdict), spec.why(view, verdict), ...(tried ? [tried] : [])];
  const why = said.join(' ');
  const hidden = spec.hidden?.(view) ?? [];
  return {
    id,
    title,
    paper,
    how,
    rows: withItemsOnce(rows.filter((row) => !hidden.includes(row.id))),
    conditions,
    verdict,
    why,
    plots: spec.plots(view).map(roundedPlot),
    here,
  };
}

function verdictWords(verdict: ResultClaim['verdict']): string {
  switch (verdict) {
    case 'holds':
      return 'It holds here: every target is met.';
    case 'holds weakly':
      return 'It holds weakly: the direction holds or is not ruled out, but not every target is met (a number is missed or in doubt, or a single seed does not go along).';
    case 'does not hold here':
      return 'It does not hold here: at least one target is missed.';
    case 'not measured':
      return 'It was not measured.';
  }
  return verdict satisfies never;
}
