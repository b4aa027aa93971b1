/**
 * The stored results of `npm run reproduce`: each claim of the paper, what was measured for it here over several seeds,
 * and what came of it, with single items behind the rows. One JSON file, which the command writes and the page *Paper*
 * shows as what it is: stored. Types and validator only; what is measured and what follows from it is cli/reproduce.
 */
import * as v from 'valibot';

/** A figure with its 95 % interval. Shares are fractions: 0.734 is 73.4 %. */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Values that it is the mean of, comparisons that it counts. */
  readonly n: number;
}

export interface SeedFigure extends Figure {
  readonly seed: number;
}

/**
 * How a figure is written: `share` as per cent, `points` as a difference of shares, `count` without needless decimals, the
 * others as they are.
 */
export const RESULT_UNITS = ['share', 'points', 'ratio', 'nats', 'score', 'count'] as const;
export type ResultUnit = (typeof RESULT_UNITS)[number];

/** What one policy wrote in one item, and what the judge said of it. */
export interface ResultOutput {
  /** Name of the policy as in the row: `ppo-ptx`, `sft`. */
  readonly policy: string;
  readonly text: string;
  /** False when it was cut at the length limit; null where the text was given and not drawn. */
  readonly ended: boolean | null;
  /** The judge's number, null where it has none to give (truth where a prompt does not call for it). */
  readonly score: number | null;
  /** What spoke for or against, in words for a person. */
  readonly reasons: readonly string[];
}

/** One prompt behind a row. */
export interface ResultItem {
  readonly seed: number;
  readonly prompt: string;
  /** Use case of the prompt, or name of the suite. */
  readonly kind: string;
  /** In the order of the row's name: first of two, second. */
  readonly outputs: readonly ResultOutput[];
}

/** What a suite's figures are read against: answers given blindly, and those of the generator of right answers. */
export const REFERENCES = ['chance', 'ceiling'] as const;
export type Reference = (typeof REFERENCES)[number];

/** What a row is of that is of no model: the same, and the demonstrators whose answers supervised training learns from. */
export const ROW_REFERENCES = [...REFERENCES, 'demonstrators'] as const;
export type RowReference = (typeof ROW_REFERENCES)[number];

/**
 * Which two answers to a prompt are compared by whom, by the names of what is stored beside the answers. `agree`: each of
 * `of` with each of `by`, or the rankers of `of` among themselves where `by` is empty; pairs that either ties are left
 * out. `predict`: each score or ranker of `by` about the strict comparisons of each of `of`. `expect`: what the labelers of
 * each of `of` are expected to say.
 */
export interface ResultPairs {
  readonly how: 'agree' | 'predict' | 'expect';
  readonly of: readonly string[];
  readonly by: readonly string[];
  /** The same text twice is one answer. */
  readonly distinct?: true;
}

/** Where all the items of a row are (result-answers.ts): a set of prompts, and what of it is an item of the row. */
export interface ResultSource {
  readonly set: string;
  /** Whose answers stand side by side; with `pairs` none, since every two of the ranked answers do. */
  readonly keys: readonly string[];
  /** A stored score for each of `keys`, by name, in place of the judge's. */
  readonly scores?: readonly string[];
  /** Stored rankings, by name, of which is told what they say of the answers. */
  readonly rankings?: readonly string[];
  readonly pairs?: readonly ResultPairs[];
}

export interface ResultRow {
  /** Unique in its claim. */
  readonly id: string;
  readonly label: string;
  readonly unit: ResultUnit;
  /** The value that means "no difference" (0.5 for a win rate, 1 for a ratio); null where there is none. */
  readonly neutral: number | null;
  /** Who judged: "gold composite", "gold truthful", "noise ceiling of the labelers". */
  readonly judge: string;
  /** How the texts were drawn: "1", "greedy", "0.7", "best of 4", or "-" where none were. */
  readonly temperature: string;
  /** The paper's figure for the same thing in the same unit, null where it gives none. */
  readonly paper: number | null;
  /** One of the two controls: PPO on noise, PPO on the gold judge; without a policy, labels by chance, the gold judge. */
  readonly control: boolean;
  /** Of no model, neither ours nor a control: what the figures are to be read against. */
  readonly reference?: RowReference;
  /** All seeds together; null when it was not measured. */
  readonly pooled: Figure | null;
  readonly seeds: readonly SeedFigure[];
  /** Why it was not measured; null when it was. */
  readonly missing: string | null;
  /** Some single items, for a reader to look at. */
  readonly items?: readonly ResultItem[];
  /** An earlier row of the claim that has the same items, in place of `items`. */
  readonly itemsOf?: string;
  /** Why no single text stands behind the figure: a sentence. */
  readonly noTexts?: string;
  /** Where all of them are, if they were stored; several where the row pools sets of prompts. */
  readonly source?: ResultSource | readonly ResultSource[];
}

export const GRADES = ['met', 'partly', 'missed', 'not measured'] as const;
export type Grade = (typeof GRADES)[number];

/** One target of a claim and how it came out. */
export interface ResultCondition {
  /** Rows that decide it, by id. */
  readonly rows: readonly string[];
  /** "PPO-ptx preferred to SFT: at least 60 %, lower end above 55 %" */
  readonly words: string;
  readonly grade: Grade;
}

export const VERDICTS = ['holds', 'holds weakly', 'does not hold here', 'not measured'] as const;
export type ResultVerdict = (typeof VERDICTS)[number];

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** 95 % interval of y, where there is one. */
  readonly low?: number;
  readonly high?: number;
}

export interface PlotLine {
  readonly name: string;
  /** `dots` for what was measured, `line` for a fitted or exact curve, `both` for measured points in order. */
  readonly draw: 'dots' | 'line' | 'both';
  readonly points: readonly PlotPoint[];
}

/** `intervals`: rows of the claim as dots with whiskers, one below the other. `curves`: lines over a number. */
export type ResultPlot =
  | {
      readonly kind: 'intervals';
      readonly title: string;
      readonly rows: readonly string[];
    }
  | {
      readonly kind: 'curves';
      readonly title: string;
      readonly x: string;
      readonly y: string;
      readonly lines: readonly PlotLine[];
    };

/** What a person can run in the page to see the claim for oneself. */
export interface ResultHere {
  /** Id of a scenario of the page, or null for the usual run. */
  readonly scenario: string | null;
  /** Settings to change first, by dotted key. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** What to look at when it has run. */
  readonly words: string;
}

export interface ResultClaim {
  readonly id: string;
  readonly title: string;
  readonly paper: {
    /** What the paper says, in our words. */
    readonly sentence: string;
    /** Its number as it prints it: "85 +- 3 %". */
    readonly figure: string;
    /** Section, table or figure. */
    readonly where: string;
  };
  /** How it is measured here. */
  readonly how: string;
  readonly rows: readonly ResultRow[];
  readonly conditions: readonly ResultCondition[];
  readonly verdict: ResultVerdict;
  /** One honest paragraph. */
  readonly why: string;
  readonly plots: readonly ResultPlot[];
  /** Null where the page cannot run it. */
  readonly here: ResultHere | null;
}

export const RESULT_FORMS = ['full', 'fast', 'micro'] as const;
export type ResultForm = (typeof RESULT_FORMS)[number];

export interface Results {
  readonly version: 1;
  /** `fast` has fewer seeds and prompts; `micro` says nothing about quality. */
  readonly form: ResultForm;
  readonly command: string;
  readonly preset: string;
  readonly seeds: readonly number[];
  /** Held-out prompts of each seed. */
  readonly prompts: number;
  /** Prompts ranked for the reward model that the claims use, by who answered them; unknown of older files. */
  readonly ranked?: { readonly sft: number; readonly policy: number };
  /** The larger base model, where one was given: of its file, the first digits of the SHA-256. */
  readonly large?: { readonly parameters: number; readonly fingerprint: string };
  readonly backend: string;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601, in UTC. */
  readonly finishedAt: string;
  readonly claims: readonly ResultClaim[];
}

/** A validator for every field of T; it stops compiling when T grows. */
type ChecksFor<T> = { readonly [K in keyof T]-?: v.GenericSchema<unknown, T[K]> };

const number = v.pipe(v.number(), v.finite());
const name = v.pipe(v.string(), v.minLength(1));
const figureChecks = { value: number, low: number, high: number, n: number };

const figure = v.strictObject(figureChecks satisfies ChecksFor<Figure>);
const seedFigure = v.strictObject({
  seed: number,
  ...figureChecks,
} satisfies ChecksFor<SeedFigure>);

const output = v.strictObject({
  policy: name,
  text: v.string(),
  ended: v.nullable(v.boolean()),
  score: v.nullable(number),
  reasons: v.array(v.string()),
} satisfies ChecksFor<ResultOutput>);

const item = v.strictObject({
  seed: number,
  prompt: v.string(),
  kind: name,
  outputs: v.array(output),
} satisfies ChecksFor<ResultItem>);

const pairs = v.strictObject({
  how: v.picklist(['agree', 'predict', 'expect']),
  of: v.array(name),
  by: v.array(name),
  distinct: v.exactOptional(v.literal(true)),
} satisfies ChecksFor<ResultPairs>);

const source = v.strictObject({
  set: name,
  keys: v.array(name),
  scores: v.exactOptional(v.array(name)),
  rankings: v.exactOptional(v.array(name)),
  pairs: v.exactOptional(v.array(pairs)),
} satisfies ChecksFor<ResultSource>);

const row = v.strictObject({
  id: name,
  label: name,
  unit: v.picklist(RESULT_UNITS),
  neutral: v.nullable(number),
  judge: name,
  temperature: name,
  paper: v.nullable(number),
  control: v.boolean(),
  reference: v.exactOptional(v.picklist(ROW_REFERENCES)),
  pooled: v.nullable(figure),
  seeds: v.array(seedFigure),
  missing: v.nullable(name),
  items: v.exactOptional(v.array(item)),
  itemsOf: v.exactOptional(name),
  noTexts: v.exactOptional(name),
  source: v.exactOptional(v.union([source, v.array(source)])),
} satisfies ChecksFor<ResultRow>);

const condition = v.strictObject({
  rows: v.array(name),
  words: name,
  grade: v.picklist(GRADES),
} satisfies ChecksFor<ResultCondition>);

const point = v.strictObject({
  x: number,
  y: number,
  low: v.exactOptional(number),
  high: v.exactOptional(number),
} satisfies ChecksFor<PlotPoint>);

const line = v.strictObject({
  name,
  draw: v.picklist(['dots', 'line', 'both']),
  points: v.array(point),
} satisfies ChecksFor<PlotLine>);

const plot = v.variant('kind', [
  v.strictObject({ kind: v.literal('intervals'), title: name, rows: v.array(name) }),
  v.strictObject({
    kind: v.literal('curves'),
    title: name,
    x: name,
    y: name,
    lines: v.array(line),
  }),
]);

const here = v.strictObject({
  scenario: v.nullable(name),
  settings: v.record(v.string(), v.union([v.string(), number, v.boolean()])),
  words: name,
} satisfies ChecksFor<ResultHere>);

const claim = v.strictObject({
  id: name,
  title: name,
  paper: v.strictObject({ sentence: name, figure: name, where: name }),
  how: name,
  rows: v.array(row),
  conditions: v.array(condition),
  verdict: v.picklist(VERDICTS),
  why: name,
  plots: v.array(plot),
  here: v.nullable(here),
} satisfies ChecksFor<ResultClaim>);

const results: v.GenericSchema<unknown, Results> = v.strictObject({
  version: v.literal(1),
  form: v.picklist(RESULT_FORMS),
  command: name,
  preset: name,
  seeds: v.array(number),
  prompts: number,
  ranked: v.exactOptional(v.strictObject({ sft: number, policy: number })),
  large: v.exactOptional(v.strictObject({ parameters: number, fingerprint: name })),
  backend: name,
  device: v.string(),
  versions: v.record(v.string(), v.string()),
  finishedAt: name,
  claims: v.array(claim),
} satisfies ChecksFor<Results>);

/** The places of a row's items; none where they are not stored. */
export function sourcesOf({ source = [] }: Pick<ResultRow, 'source'>): readonly ResultSource[] {
  return 'set' in source ? [source] : source;
}

/** A results file that cannot be read: what is wrong with it, and where. */
export class ResultsError extends Error {
  override readonly name = 'ResultsError';
}

/** Checks what came from a file or the net. Throws {@link ResultsError} that names the first wrong place. */
export function parseResults(value: unknown): Results {
  const parsed = v.safeParse(results, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = v.getDotPath(issue) ?? 'the file';
  throw new ResultsError(
    `These stored results cannot be read: ${place}: ${issue.message}. Make them again with npm run reproduce.`,
  );
}
