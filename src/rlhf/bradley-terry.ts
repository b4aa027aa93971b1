/**
 * Bradley-Terry strengths of several policies from pairwise votes, by Hunter's minorise-maximise iteration
 * (Annals of Statistics 32, 2004). Does not depend on the order of the votes, unlike online Elo.
 * Not the reward model: that fits scores of responses, this fits one number per policy.
 */
import { at } from './masked.ts';

/** One vote between two policies, by index. `outcome` is that of `first`: 1 win, 0.5 tie, 0 loss. */
export interface Vote {
  readonly first: number;
  readonly second: number;
  readonly outcome: 0 | 0.5 | 1;
}

/** wins[i][j] = votes that i won against j, a tie counted one half on each side; [players x players]. */
export function winsFromVotes(votes: readonly Vote[], players: number): number[][] {
  const wins = Array.from({ length: players }, () => new Array<number>(players).fill(0));
  const add = (winner: number, loser: number, amount: number): void => {
    const row = wins[winner];
    if (row === undefined || winner === loser || loser < 0 || loser >= players) {
      throw new RangeError(`no vote is possible between ${winner} and ${loser} of ${players}`);
    }
    row[loser] = at(row, loser) + amount;
  };
  for (const { first, second, outcome } of votes) {
    add(first, second, outcome);
    add(second, first, 1 - outcome);
  }
  return wins;
}

function won(wins: readonly (readonly number[])[], i: number, j: number): number {
  return at(wins[i] ?? [], j);
}

/** True when every policy can be reached from the first along wins (or, reversed, along losses). */
function reachesAll(wins: readonly (readonly number[])[], reversed: boolean): boolean {
  const seen = new Set([0]);
  const open = [0];
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    for (let j = 0; j < wins.length; j++) {
      const beaten = reversed ? won(wins, j, i) : won(wins, i, j);
      if (beaten > 0 && !seen.has(j)) {
        seen.add(j);
        open.push(j);
      }
    }
  }
  return seen.size === wins.length;
}

/**
 * Log strengths with mean 0: P(i beats j) = sigmoid(strength_i - strength_j), maximum likelihood.
 * `prior` adds that many wins to both sides of every pair (0: none); without it the maximum exists only when
 * every policy can be reached from every other along wins, and a RangeError says so otherwise. One policy alone is 0.
 */
export function bradleyTerry(observed: readonly (readonly number[])[], prior = 0): number[] {
  const players = observed.length;
  if (players < 2) return observed.map(() => 0);
  const wins = observed.map((row, i) => row.map((w, j) => (i === j ? 0 : w + prior)));
  if (!reachesAll(wins, false) || !reachesAll(wins, true)) {
    throw new RangeError('some policy never lost or never won: add votes or a prior');
  }
  let strength = new Array<number>(players).fill(1);
  for (let iteration = 0; iteration < 100_000; iteration++) {
    const next = strength.map((own, i) => minorise(wins, strength, own, i));
    const scale = Math.exp(next.reduce((sum, s) => sum + Math.log(s), 0) / players);
    const normalised = next.map((s) => s / scale);
    const change = Math.max(
      ...normalised.map((s, i) => Math.abs(Math.log(s) - Math.log(at(strength, i)))),
    );
    strength = normalised;
    if (change < 1e-13) break;
  }
  return strength.map(Math.log);
}

/** One update of player i: total wins over the sum of games / (own + other); nobody plays against oneself. */
function minorise(
  wins: readonly (readonly number[])[],
  strength: readonly number[],
  own: number,
  i: number,
): number {
  let total = 0;
  let weighted = 0;
  for (let j = 0; j < strength.length; j++) {
    const games = won(wins, i, j) + won(wins, j, i);
    total += won(wins, i, j);
    weighted += games / (own + at(strength, j));
  }
  return total / weighted;
}

/** Elo points (400 per factor ten in odds) from a log strength. */
export function eloFromStrength(logStrength: number): number {
  return (logStrength * 400) / Math.LN10;
}
