/**
 * What the page itself reads and writes in the browser's database: the person's labels and demonstrations.
 * Bound to one project; each write resolves only when it is on disk.
 */
import type { Demonstration } from '../records/prompt.ts';
import type { Ranking } from '../records/ranking.ts';
import type { Vote } from '../records/vote.ts';
import {
  addDemonstrations,
  addRankings,
  addVotes,
  listDemonstrations,
  listRankings,
  listVotes,
  removeDemonstrations,
  removeRankings,
} from '../storage/labels.ts';
import type { Connection } from '../storage/open.ts';

export interface LabelStore {
  addRanking(ranking: Ranking): Promise<void>;
  removeRanking(id: string): Promise<void>;
  rankings(): Promise<readonly Ranking[]>;
  addVote(vote: Vote): Promise<void>;
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
    addVote: async (vote) => addVotes(await connection.db(), project, [vote]),
    votes: async () => (await listVotes(await connection.db(), project)).rows,
    addDemonstration: async (row) => addDemonstrations(await connection.db(), project, [row]),
    removeDemonstration: async (id) => removeDemonstrations(await connection.db(), project, [id]),
    demonstrations: async () => (await listDemonstrations(await connection.db(), project)).rows,
  };
}
