/**
 * The stores of the database and their rows, version 4. Types only; validators are in validators.ts.
 * Stored data outlives the program: a change here needs a new version and a migration in open.ts.
 */
import type { DBSchema } from 'idb';
import type { Demonstration, Prompt } from '../records/prompt.ts';
import type { EvaluationSitting } from '../records/human-evaluation.ts';
import type { OwnText } from '../records/own-text.ts';
import type { Ranking } from '../records/ranking.ts';
import type { CheckpointManifest, JsonValue, MetricRecord, Run } from '../records/run.ts';
import type { RunView } from '../records/run-view.ts';
import type { Suite } from '../records/suite.ts';
import type { Sitting, Vote } from '../records/vote.ts';

/** Never rename: another name is an empty database. */
export const DATABASE_NAME = 'rlhf-playground';
export const SCHEMA_VERSION = 4;

export interface ProjectRow {
  readonly id: string;
  /** Settings as last set; checked against the declarations when read. */
  readonly settings: JsonValue;
  /** Newest checkpoint of each stage that has one: what a reload goes on from. */
  readonly heads: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

/** A row that belongs to a project and is worth keeping whatever happens: prompts and labels. */
export interface OwnedRow<T> {
  readonly project: string;
  readonly id: string;
  readonly value: T;
}

export interface RunRow {
  readonly id: string;
  readonly project: string;
  readonly run: Run;
  readonly step: number;
  readonly total: number;
  /** Fingerprint of what the run was trained from; another one now means that the result is stale. */
  readonly inputs: string;
}

/** A batch of consecutive metric records of one run; appended, never rewritten. */
export interface MetricsRow {
  readonly run: string;
  /** Step of the first record. */
  readonly from: number;
  readonly records: readonly MetricRecord[];
}

/** What a run showed at its last checkpoint. */
export interface ViewRow {
  readonly run: string;
  readonly view: RunView;
}

/** The one row of its kind that a project has: its last judgement, its sitting, its own text. */
export interface SingleRow<T> {
  readonly project: string;
  readonly value: T;
}

export interface ChunkSummary {
  readonly byteLength: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface CheckpointRow {
  readonly id: string;
  readonly project: string;
  readonly manifest: CheckpointManifest;
  readonly kind: 'policy' | 'reward';
  /** Checkpoint of the same stage saved before this one; the fallback when this one is damaged. */
  readonly parent: string | null;
  readonly byteLength: number;
  readonly chunks: readonly ChunkSummary[];
}

export interface ChunkRow {
  readonly checkpoint: string;
  readonly index: number;
  readonly bytes: Uint8Array;
}

export interface LaboratorySchema extends DBSchema {
  projects: { key: string; value: ProjectRow };
  prompts: { key: [string, string]; value: OwnedRow<Prompt> };
  demonstrations: { key: [string, string]; value: OwnedRow<Demonstration> };
  rankings: { key: [string, string]; value: OwnedRow<Ranking> };
  votes: { key: [string, string]; value: OwnedRow<Vote> };
  /** Judgements of several checkpoints' outputs: rankings that nothing learns from. */
  evaluations: { key: [string, string]; value: OwnedRow<Ranking> };
  runs: { key: string; value: RunRow; indexes: { project: string } };
  metrics: { key: [string, number]; value: MetricsRow };
  views: { key: string; value: ViewRow };
  suites: { key: string; value: SingleRow<Suite> };
  sittings: { key: string; value: SingleRow<Sitting> };
  evaluationSittings: { key: string; value: SingleRow<EvaluationSitting> };
  texts: { key: string; value: SingleRow<OwnText> };
  checkpoints: { key: string; value: CheckpointRow; indexes: { project: string } };
  chunks: { key: [string, number]; value: ChunkRow };
}
