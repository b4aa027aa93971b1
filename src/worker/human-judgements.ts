/**
 * What a person has judged between checkpoints, read anew each time, because the page writes it. What it adds up to is
 * human-board.ts.
 */
import { PERSON, withoutRepeats, type Ranking } from '../records/ranking.ts';
import type { Vote } from '../records/vote.ts';
import { listEvaluations, listVotes } from '../storage/labels.ts';
import type { Project } from './project.ts';

export interface HumanJudgements {
  readonly votes: readonly Vote[];
  readonly evaluations: readonly Ranking[];
  /** Those and the person's rankings of step 2, each once. */
  readonly rankings: readonly Ranking[];
}

export async function readJudgements(project: Project): Promise<HumanJudgements> {
  const db = await project.database();
  const votes = await listVotes(db, project.id);
  const evaluations = (await listEvaluations(db, project.id)).rows;
  const own = project.rows.rankings.filter(({ labeler }) => labeler === PERSON);
  return { votes: votes.rows, evaluations, rankings: withoutRepeats([...evaluations, ...own]) };
}
