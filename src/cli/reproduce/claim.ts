/**
 * What one claim of the paper brings to the report: how it is measured for a seed, which targets it has, and what is
 * said of the figures. A new claim is one object of this form, listed in claims.ts.
 */
import type { JsonValue } from '../../records/run.ts';
import type {
  ResultClaim,
  ResultCondition,
  ResultHere,
  ResultItem,
  ResultPlot,
  ResultRow,
  ResultVerdict,
} from '../../records/results.ts';
import type { SeedLab } from './lab.ts';
import type { BehindRow } from './row-sources.ts';
import type { Sample } from './sample.ts';

/** A row as one seed measured it. */
export interface MeasuredRow extends Omit<ResultRow, 'pooled' | 'seeds' | 'items' | 'itemsOf'> {
  /** Null when it was not measured. */
  readonly sample: Sample | null;
  readonly items: readonly ResultItem[];
}

/** What one seed gave for one claim: all that the report needs, kept as one file. */
export interface Measured {
  readonly rows: readonly MeasuredRow[];
  /** What plots need beyond the rows. */
  readonly data?: JsonValue;
}

/** A claim's rows over all seeds. */
export interface ClaimView {
  readonly rows: readonly ResultRow[];
  /** By id; throws RangeError for one that no seed measured. */
  row(id: string): ResultRow;
  readonly data: readonly { readonly seed: number; readonly data: JsonValue }[];
}

export interface ClaimSpec extends Pick<ResultClaim, 'id' | 'title' | 'paper' | 'how'> {
  readonly here: ResultHere | null;
  measure(lab: SeedLab): Promise<Measured>;
  /** Where the items of rows are stored that do not name the place themselves. */
  readonly behind?: BehindRow;
  /** Said after `how`: what only these figures tell of how they were measured. Empty for nothing. */
  howHere?(view: ClaimView): string;
  conditions(view: ClaimView): ResultCondition[];
  /** One paragraph from the figures, whatever they are. */
  why(view: ClaimView, verdict: ResultVerdict): string;
  /** Ids of rows that mean nothing with these figures and are left out of the report. */
  hidden?(view: ClaimView): readonly string[];
  plots(view: ClaimView): ResultPlot[];
}
