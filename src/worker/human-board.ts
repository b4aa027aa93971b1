/**
 * Everything that a person has judged between checkpoints, from blind votes, evaluations and rankings alike, as one
 * Bradley-Terry board with intervals. Loaded when it is asked
 * for. Whatever it shares with the worker's first chunk is handed in where it can be: the bundler would cut that chunk up.
 */
import type { Rng } from '../data/rng.ts';
import type { SimulatedAgreement } from '../records/human-evaluation.ts';
import type { Ranking } from '../records/ranking.ts';
import type { Vote } from '../records/vote.ts';
import {
  BOARD_RESAMPLES,
  connectedPlayers,
  strengthIntervals,
  type Judgement,
} from '../rlhf/strength-board.ts';
import { eloFromStrength } from '../rlhf/bradley-terry.ts';
import type { HumanJudgements } from './human-judgements.ts';
import type { BoardRow, HumanBoard } from '../records/human-board.ts';

/** Comparisons by the ids of the checkpoints; from one judgement, so they are resampled together. */
interface NamedMatch {
  readonly first: string;
  readonly second: string;
  readonly outcome: 0 | 0.5 | 1;
}

/** A tie and "both bad" count one half. */
function matchOf({ left, right, choice }: Vote): readonly NamedMatch[] {
  const [first, second] = [left.policy, right.policy];
  if (first === second) return [];
  return [{ first, second, outcome: choice === 'left' ? 1 : choice === 'right' ? 0 : 0.5 }];
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
 * One table for each group of checkpoints that have met; best first.
 * @param judged comparisons of each judgement
 * @param rng of the resampling
 */
export function boardGroups(
  judged: readonly (readonly NamedMatch[])[],
  rng: Rng,
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

/**
 * The same judgements and stream give the same intervals.
 * @param agreement of the person's evaluations with the simulated labelers
 */
export function humanBoard(
  { votes, rankings }: HumanJudgements,
  agreement: SimulatedAgreement,
  rng: Rng,
): HumanBoard {
  const judged = [...votes.map(matchOf), ...rankings.map(matchesOf)];
  const compared = judged.filter((matches) => matches.length > 0);
  return {
    groups: boardGroups(compared, rng),
    judgements: compared.length,
    resamples: BOARD_RESAMPLES,
    agreement,
  };
}
