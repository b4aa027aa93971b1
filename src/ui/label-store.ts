/**
 * What the page itself reads and writes in the browser's database: the person's labels, demonstrations and sittings.
 * Bound to one project; each write resolves only when it is on disk.
 */
import type { EvaluationSitting } from '../records/human-evaluation.ts';
import type { Demonstration } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { Sitting, Vote } from '../records/vote.ts';
import {
  addDemonstrations,
  addRankings,
  listDemonstrations,
  listEvaluations,
  listRankings,
  listVotes,
  removeDemonstrations,
  removeRankings,
  saveEvaluation,
  saveSitting,
} from '../storage/labels.ts';
import { readEvaluationSitting, readSitting } from '../storage/lists.ts';
import type { Connection } from '../storage/open.ts';

export interface LabelStore {
  addRanking(ranking: Ranking): Promise<void>;
  removeRanking(id: string): Promise<void>;
  rankings(): Promise<readonly Ranking[]>;
  /** Keeps where a blind sitting is, with the vote that moved it on: both or neither. */
  saveSitting(sitting: Sitting, vote: Vote | null): Promise<void>;
  sitting(): Promise<Sitting | null>;
  votes(): Promise<readonly Vote[]>;
  /** Keeps where an evaluation is, with the judgement that moved it on: both or neither. */
  saveEvaluation(sitting: EvaluationSitting, judgement: Ranking | null): Promise<void>;
  evaluationSitting(): Promise<EvaluationSitting | null>;
  evaluations(): Promise<readonly Ranking[]>;
  addDemonstration(demonstration: Demonstration): Promise<void>;
  removeDemonstration(id: string): Promise<void>;
  demonstrations(): Promise<readonly Demonstration[]>;
}

export function labelStore(connection: Connection, project: string): LabelStore {
  return {
    addRanking: async (ranking) => addRankings(await connection.db(), project, [ranking]),
    removeRanking: async (id) => removeRankings(await connection.db(), project, [id]),
    rankings: async () => (await listRankings(await connection.db(), project)).rows,
    saveSitting: async (sitting, vote) =>
      saveSitting(await connection.db(), project, sitting, vote),
    sitting: async () => readSitting(await connection.db(), project),
    votes: async () => (await listVotes(await connection.db(), project)).rows,
    saveEvaluation: async (sitting, judgement) =>
      saveEvaluation(await connection.db(), project, sitting, judgement),
    evaluationSitting: async () => readEvaluationSitting(await connection.db(), project),
    evaluations: async () => (await listEvaluations(await connection.db(), project)).rows,
    addDemonstration: async (row) => addDemonstrations(await connection.db(), project, [row]),
    removeDemonstration: async (id) => removeDemonstrations(await connection.db(), project, [id]),
    demonstrations: async () => (await listDemonstrations(await connection.db(), project)).rows,
  };
}
