/**
 * Checks on everything that is read back from the database: it was written by another version, another tab or
 * another program. Each table of checks stops compiling when its row type grows; unknown keys are refused.
 */
import * as v from 'valibot';
import type { EvaluationItem, EvaluationSitting } from '../records/human-evaluation.ts';
import { isLikert, OUTPUT_FLAGS, type OutputRating } from '../records/output-rating.ts';
import type { OwnText } from '../records/own-text.ts';
import {
  PROMPT_KINDS,
  SPLITS,
  USE_CASES,
  type Demonstration,
  type Prompt,
} from '../records/prompt.ts';
import type { Completion, Ranking } from '../records/ranking.ts';
import {
  STAGES,
  type CheckpointManifest,
  type JsonValue,
  type MetricRecord,
  type PinnedSample,
  type Run,
  type SelfCheck,
} from '../records/run.ts';
import type {
  GroupBaseline,
  RolloutSet,
  RolloutView,
  RunView,
  SampleSet,
  TokenRow,
} from '../records/run-view.ts';
import { TURNABLE, type Turn } from '../records/turn.ts';
import type { Interval, Suite, SuiteReport } from '../records/suite.ts';
import { VOTE_CHOICES, type BlindPair, type Sitting, type Vote } from '../records/vote.ts';
import type {
  CheckpointRow,
  ChunkRow,
  ChunkSummary,
  MetricsRow,
  OwnedRow,
  ProjectRow,
  RunRow,
  SingleRow,
  ViewRow,
} from './schema.ts';

/** One check for every key of T, no more and no fewer. */
type ChecksFor<T> = { readonly [K in keyof T]-?: v.GenericSchema<unknown, T[K]> };

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const time = v.pipe(v.number(), v.finite());
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(400));

/** Plain JSON of bounded depth; typed arrays, dates and cycles are refused. */
export function isJsonValue(value: unknown, depth = 16): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isJsonValue(item, depth - 1));
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((item) => isJsonValue(item, depth - 1));
}
const json = v.custom<JsonValue>((value) => isJsonValue(value), 'not plain JSON');

const prompt = v.strictObject({
  id: name,
  text: v.string(),
  useCase: v.picklist(USE_CASES),
  kind: v.picklist(PROMPT_KINDS),
  userId: name,
  split: v.picklist(SPLITS),
  source: v.picklist(['world', 'person']),
} satisfies ChecksFor<Prompt>);

const demonstration = v.strictObject({
  id: name,
  prompt,
  response: v.string(),
  author: name,
} satisfies ChecksFor<Demonstration>);

const completion = v.strictObject({
  id: name,
  text: v.string(),
  policy: v.string(),
  ended: v.boolean(),
} satisfies ChecksFor<Completion>);

const outputRating = v.strictObject({
  overall: v.nullable(v.pipe(v.number(), v.check(isLikert, 'not on the scale'))),
  flags: v.pipe(
    v.array(v.picklist(OUTPUT_FLAGS)),
    v.check((flags) => new Set(flags).size === flags.length, 'a flag is there twice'),
  ),
} satisfies ChecksFor<OutputRating>);

const ratings = v.array(v.nullable(outputRating));

const ranking = v.pipe(
  v.strictObject({
    id: name,
    prompt,
    completions: v.pipe(v.array(completion), v.minLength(2), v.maxLength(9)),
    ranks: v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9))),
    labeler: name,
    shown: v.array(count),
    at: time,
    ratings: v.exactOptional(ratings),
    repeat: v.exactOptional(v.literal(true)),
  } satisfies ChecksFor<Required<Ranking>>),
  v.check(
    ({ completions, ranks, shown, ratings }) =>
      ranks.length === completions.length &&
      (ratings === undefined || ratings.length === completions.length) &&
      [...shown].sort((a, b) => a - b).join() === [...completions.keys()].join(),
    'ranks, ratings and shown order must cover the completions',
  ),
);

const vote = v.strictObject({
  id: name,
  prompt,
  left: completion,
  right: completion,
  choice: v.picklist(VOTE_CHOICES),
  at: time,
  ratings: v.exactOptional(v.pipe(ratings, v.length(2))),
} satisfies ChecksFor<Required<Vote>>);

const turn = v.strictObject({
  iteration: v.pipe(count, v.minValue(1)),
  name: v.picklist(TURNABLE),
  from: time,
  to: time,
} satisfies ChecksFor<Turn>);

const run = v.strictObject({
  id: name,
  project: name,
  name: v.string(),
  stage: v.picklist(STAGES),
  seed: count,
  backend: v.string(),
  device: v.exactOptional(v.string()),
  settings: json,
  startedAt: time,
  status: v.picklist(['running', 'paused', 'finished', 'stopped', 'failed']),
  turns: v.exactOptional(v.array(turn)),
  origin: v.exactOptional(v.strictObject({ run: name, step: count })),
} satisfies ChecksFor<Required<Run>>);

const manifest = v.strictObject({
  id: name,
  project: name,
  run: name,
  stage: v.picklist(STAGES),
  name: v.string(),
  step: count,
  finished: v.boolean(),
  state: json,
  createdAt: time,
  withoutAverage: v.exactOptional(v.literal(true)),
} satisfies ChecksFor<Required<CheckpointManifest>>);

const metric = v.strictObject({
  stage: v.picklist(STAGES),
  step: count,
  values: v.record(v.string(), v.number()),
} satisfies ChecksFor<MetricRecord>);

const chunkSummary = v.strictObject({
  byteLength: count,
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
} satisfies ChecksFor<ChunkSummary>);

/** A number that was computed, and so may be none. */
const computed = v.union([v.number(), v.nan()]);

const sampleSet = v.strictObject({
  step: count,
  samples: v.array(
    v.strictObject({
      promptId: v.string(),
      prompt: v.string(),
      response: v.string(),
      ended: v.boolean(),
      score: v.exactOptional(computed),
    } satisfies ChecksFor<Required<PinnedSample>>),
  ),
} satisfies ChecksFor<SampleSet>);

const groupBaseline = v.strictObject({
  rewards: v.array(computed),
  place: count,
  baseline: computed,
  over: v.picklist(['group', 'others']),
  spread: v.nullable(computed),
  advantage: computed,
} satisfies ChecksFor<GroupBaseline>);

const rolloutView = v.strictObject({
  promptId: v.string(),
  prompt: v.string(),
  score: computed,
  penaltySum: computed,
  shapedSum: computed,
  rewardSum: computed,
  beta: computed,
  gamma: computed,
  lambda: computed,
  clip: computed,
  klPlace: v.picklist(['reward', 'loss']),
  klEstimator: v.picklist(['k1', 'k2', 'k3']),
  whitenRewards: v.boolean(),
  tokens: v.array(
    v.strictObject({
      token: v.nullable(v.string()),
      logProbability: computed,
      referenceLogProbability: computed,
      klPenalty: computed,
      score: computed,
      reward: computed,
      value: computed,
      delta: computed,
      carried: computed,
      advantage: computed,
      return: computed,
      ratio: computed,
      usedAdvantage: computed,
      clipped: v.boolean(),
    } satisfies ChecksFor<TokenRow>),
  ),
  group: v.exactOptional(groupBaseline),
} satisfies ChecksFor<Required<RolloutView>>);

const rolloutSet = v.strictObject({
  step: count,
  answers: v.exactOptional(count),
  views: v.array(rolloutView),
} satisfies ChecksFor<Required<RolloutSet>>);

const check = v.strictObject({
  ok: v.boolean(),
  value: computed,
  tolerance: computed,
} satisfies ChecksFor<SelfCheck>);

const runView = v.strictObject({
  checks: v.record(v.string(), check),
  first: v.nullable(sampleSet),
  latest: v.nullable(sampleSet),
  // One stored before its columns grew is left out; the next iteration brings another.
  rollout: v.fallback(v.nullable(rolloutSet), null),
} satisfies ChecksFor<RunView>);

const interval = v.strictObject({
  mean: computed,
  low: computed,
  high: computed,
  n: count,
} satisfies ChecksFor<Interval>);

const suite = v.strictObject({
  reports: v.array(
    v.strictObject({
      checkpoint: name,
      name: v.string(),
      greedy: v.boolean(),
      helpful: interval,
      truthful: interval,
      harmless: interval,
      gold: interval,
      length: computed,
      distinct2: computed,
      tax: v.exactOptional(v.strictObject({ loss: computed, rise: interval })),
    } satisfies ChecksFor<Required<SuiteReport>>),
  ),
  pairs: v.array(v.strictObject({ name: v.string(), rate: interval })),
} satisfies ChecksFor<Suite>);

const sitting = v.strictObject({
  first: name,
  second: name,
  pairs: v.array(
    v.strictObject({
      id: name,
      prompt,
      left: completion,
      right: completion,
    } satisfies ChecksFor<BlindPair>),
  ),
  at: count,
  revealed: v.boolean(),
} satisfies ChecksFor<Sitting>);

const outputs = v.pipe(v.array(completion), v.minLength(2), v.maxLength(9));

const evaluationSitting = v.strictObject({
  checkpoints: v.pipe(v.array(name), v.minLength(2), v.maxLength(9)),
  baseline: name,
  items: v.array(
    v.strictObject({
      id: name,
      prompt,
      outputs,
      repeat: v.exactOptional(v.literal(true)),
    } satisfies ChecksFor<Required<EvaluationItem>>),
  ),
  at: count,
  ratings: v.array(outputRating),
  revealed: v.boolean(),
} satisfies ChecksFor<EvaluationSitting>);

const ownText = v.strictObject({
  name,
  text: v.string(),
  print: name,
  at: time,
} satisfies ChecksFor<OwnText>);

const single = <T>(value: v.GenericSchema<unknown, T>) =>
  v.strictObject({ project: name, value } satisfies ChecksFor<SingleRow<T>>);

const owned = <T>(value: v.GenericSchema<unknown, T>) =>
  v.strictObject({ project: name, id: name, value } satisfies ChecksFor<OwnedRow<T>>);

export const ROW_CHECKS = {
  projects: v.strictObject({
    id: name,
    settings: json,
    heads: v.record(v.string(), v.string()),
    createdAt: time,
  } satisfies ChecksFor<ProjectRow>),
  prompts: owned(prompt),
  demonstrations: owned(demonstration),
  rankings: owned(ranking),
  votes: owned(vote),
  evaluations: owned(ranking),
  runs: v.strictObject({
    id: name,
    project: name,
    run,
    step: count,
    total: count,
    inputs: v.string(),
  } satisfies ChecksFor<RunRow>),
  metrics: v.strictObject({
    run: name,
    from: count,
    records: v.array(metric),
  } satisfies ChecksFor<MetricsRow>),
  views: v.strictObject({ run: name, view: runView } satisfies ChecksFor<ViewRow>),
  suites: single(suite),
  sittings: single(sitting),
  evaluationSittings: single(evaluationSitting),
  texts: single(ownText),
  checkpoints: v.strictObject({
    id: name,
    project: name,
    manifest,
    kind: v.picklist(['policy', 'reward']),
    parent: v.nullable(name),
    byteLength: count,
    chunks: v.array(chunkSummary),
  } satisfies ChecksFor<CheckpointRow>),
  chunks: v.strictObject({
    checkpoint: name,
    index: count,
    bytes: v.instance(Uint8Array),
  } satisfies ChecksFor<ChunkRow>),
};

/** What the rows of people and judges hold, without their project: the form that they have in files. */
export const VALUE_CHECKS = {
  prompts: prompt,
  demonstrations: demonstration,
  rankings: ranking,
  votes: vote,
  evaluations: ranking,
  suites: suite,
  sittings: sitting,
  evaluationSittings: evaluationSitting,
  texts: ownText,
};

/** The row when it passes, else null. */
export function checkRow<T>(schema: v.GenericSchema<unknown, T>, row: unknown): T | null {
  const result = v.safeParse(schema, row);
  return result.success ? result.output : null;
}

/** Rows that pass, and how many did not. */
export interface CheckedRows<T> {
  readonly rows: readonly T[];
  readonly damaged: number;
}

export function checkRows<T>(
  schema: v.GenericSchema<unknown, T>,
  rows: readonly unknown[],
): CheckedRows<T> {
  const good = rows.flatMap((row) => {
    const checked = checkRow(schema, row);
    return checked === null ? [] : [checked];
  });
  return { rows: good, damaged: rows.length - good.length };
}
