/**
 * Everything that a person has judged between checkpoints, from blind votes, evaluations and rankings alike, as one
 * Bradley-Terry board with intervals, and how far the person agrees with the simulated labelers. Read from the database
 * each time, because the page writes there. Loaded when it is asked for.
 */
import { Rng } from '../data/rng.ts';
import { PERSON, withoutRepeats, type Ranking } from '../records/ranking.ts';
import type { Vote } from '../records/vote.ts';
import { pointsFor } from '../records/vote-rate.ts';
import { connectedPlayers, strengthIntervals, type Judgement } from '../rlhf/strength-board.ts';
import { eloFromStrength } from '../rlhf/bradley-terry.ts';
import { listEvaluations, listVotes } from '../storage/labels.ts';
import type { BoardRow, HumanBoard } from './protocol.ts';
import type { Project } from './project.ts';
import type { Workbench } from './stages.ts';

export interface BoardSession {
  /** Throws InputError when none is open. */
  project(): Project;
  readonly workbench: Pick<Workbench, 'simulatedAgreement'>;
}

/** Comparisons by the ids of the checkpoints; from one judgement, so they are resampled together. */
interface NamedMatch {
  readonly first: string;
  readonly second: string;
  readonly outcome: 0 | 0.5 | 1;
}

function matchOf(vote: Vote): readonly NamedMatch[] {
  const [first, second] = [vote.left.policy, vote.right.policy];
  if (first === second) return [];
  const points = pointsFor(first, vote);
  return [{ first, second, outcome: points === 1 ? 1 : points === 0 ? 0 : 0.5 }];
}

/** Every two outputs of different checkpoints. */
function matchesOf({ completions, ranks }: Ranking): readonly NamedMatch[] {
  return completions.flatMap((a, i) =>
    completions.flatMap((b, j): NamedMatch[] => {
      const [own, other] = [ranks[i], ranks[j]];
      if (i >= j || a.policy === b.policy || own === undefined || other === undefined) return [];
      const outcome = own < other ? 1 : own > other ? 0 : 0.5;
      return [{ first: a.policy, second: b.policy, outcome }];
    }),
  );
}

/**
 * One table for each group of checkpoints that have met; best first. The same judgements give the same intervals.
 * @param judged comparisons of each judgement
 */
export function boardGroups(
  judged: readonly (readonly NamedMatch[])[],
): readonly (readonly BoardRow[])[] {
  const named = judged.flat();
  const ids = [...new Set(named.flatMap(({ first, second }) => [first, second]))].sort();
  const judgements = judged.map((matches): Judgement =>
    matches.map(({ first, second, outcome }) => ({
      first: ids.indexOf(first),
      second: ids.indexOf(second),
      outcome,
    })),
  );
  return connectedPlayers(judgements, ids.length).map((players) => {
    const within = judgements
      .map((matches) =>
        matches
          .filter(({ first }) => players.includes(first))
          .map((match) => ({
            ...match,
            first: players.indexOf(match.first),
            second: players.indexOf(match.second),
          })),
      )
      .filter((matches) => matches.length > 0);
    const rng = Rng.named(0, 'board', ...players.map((player) => ids[player] ?? ''));
    return strengthIntervals(within, players.length, rng)
      .map(({ strength, low, high }, k) => ({
        checkpoint: ids[players[k] ?? 0] ?? '',
        elo: eloFromStrength(strength),
        low: eloFromStrength(low),
        high: eloFromStrength(high),
        comparisons: within.flat().filter(({ first, second }) => first === k || second === k)
          .length,
      }))
      .sort((a, b) => b.elo - a.elo);
  });
}

export async function humanBoard(session: BoardSession): Promise<HumanBoard> {
  const project = session.project();
  const db = await project.database();
  const votes = (await listVotes(db, project.id)).rows;
  const evaluations = (await listEvaluations(db, project.id)).rows;
  const own = project.rows.rankings.filter(({ labeler }) => labeler === PERSON);
  const judged = [
    ...votes.map(matchOf),
    ...withoutRepeats([...evaluations, ...own]).map(matchesOf),
  ];
  const compared = judged.filter((matches) => matches.length > 0);
  return {
    groups: boardGroups(compared),
    judgements: compared.length,
    agreement: await session.workbench.simulatedAgreement(evaluations, project.rows.settings),
  };
}
