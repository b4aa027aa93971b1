/**
 * What the page itself reads and writes in the browser's database: the person's labels, demonstrations and blind sitting.
 * Bound to one project; each write resolves only when it is on disk.
 */
import type { Demonstration } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { Sitting, Vote } from '../records/vote.ts';
import {
  addDemonstrations,
  addRankings,
  listDemonstrations,
  listRankings,
  listVotes,
  removeDemonstrations,
  removeRankings,
  saveSitting,
} from '../storage/labels.ts';
import { readSitting } from '../storage/lists.ts';
import type { Connection } from '../storage/open.ts';

export interface LabelStore {
  addRanking(ranking: Ranking): Promise<void>;
  removeRanking(id: string): Promise<void>;
  rankings(): Promise<readonly Ranking[]>;
  /** Keeps where a blind sitting is, with the vote that moved it on: both or neither. */
  saveSitting(sitting: Sitting, vote: Vote | null): Promise<void>;
  sitting(): Promise<Sitting | null>;
  votes(): Promise<readonly Vote[]>;
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
    addDemonstration: async (row) => addDemonstrations(await connection.db(), project, [row]),
    removeDemonstration: async (id) => removeDemonstrations(await connection.db(), project, [id]),
    demonstrations: async () => (await listDemonstrations(await connection.db(), project)).rows,
  };
}
