/**
 * Bradley-Terry strengths with bootstrap intervals, and which policies may be compared at all. A vote or a ranking is
 * resampled as a whole, because the pairs of one ranking depend on each other. The likelihood and the way to its maximum
 * that is easy to check are in bradley-terry.ts; here is one that is fast enough for a thousand boards.
 */
import type { Rng } from '../data/rng.ts';
import { bradleyTerry, winsFromVotes, type Vote } from './bradley-terry.ts';
import { quantile } from './intervals.ts';
import { at, mean } from './masked.ts';

/** The comparisons that one vote or one ranking holds. */
export type Judgement = readonly Vote[];

/** Half a win on both sides of every pair: whoever never lost would be infinitely strong. */
export const BOARD_PRIOR = 0.5;

/** Times that the judgements are drawn again for the intervals. */
export const BOARD_RESAMPLES = 1000;

/** A Newton step is cut to this many nats for each policy, so that it cannot overshoot far. */
const LONGEST_STEP = 1;

export interface StrengthInterval {
  /** Log strength; the mean over the board is 0. */
  readonly strength: number;
  readonly low: number;
  readonly high: number;
}

/** Players by groups that have met, directly or through others, each ascending; who met nobody is in none. */
export function connectedPlayers(judgements: readonly Judgement[], players: number): number[][] {
  const group = Array.from({ length: players }, (_, i) => i);
  for (const { first, second } of judgements.flat()) {
    const [from, to] = [at(group, second), at(group, first)];
    group.forEach((each, i) => {
      if (each === from) group[i] = to;
    });
  }
  const members = [...new Set(group)].map((each) =>
    group.flatMap((other, i) => (other === each ? [i] : [])),
  );
  return members.filter((of) => of.length > 1);
}

/** Solves A x = b by Gaussian elimination, in place; A is symmetric and positive definite, so no pivot is needed. */
function solve(a: Float64Array[], b: Float64Array): Float64Array {
  const n = b.length;
  for (let k = 0; k < n; k++) {
    for (let i = k + 1; i < n; i++) {
      const factor = at(a[i] ?? [], k) / at(a[k] ?? [], k);
      for (let j = k; j < n; j++) {
        const row = a[i];
        if (row !== undefined) row[j] = at(row, j) - factor * at(a[k] ?? [], j);
      }
      b[i] = at(b, i) - factor * at(b, k);
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = at(b, i);
    for (let j = i + 1; j < n; j++) rest -= at(a[i] ?? [], j) * at(b, j);
    b[i] = rest / at(a[i] ?? [], i);
  }
  return b;
}

/** Newton's step from `theta`: inverse information times score, with the last policy held at its place. */
function newtonStep(wins: readonly (readonly number[])[], theta: Float64Array): Float64Array {
  const free = theta.length - 1;
  const score = new Float64Array(free);
  const information = Array.from({ length: free }, () => new Float64Array(free));
  for (let i = 0; i < free; i++) {
    const row = information[i] ?? new Float64Array(free);
    for (let j = 0; j <= free; j++) {
      if (i === j) continue;
      const won = at(wins[i] ?? [], j);
      const games = won + at(wins[j] ?? [], i);
      const p = 1 / (1 + Math.exp(at(theta, j) - at(theta, i)));
      score[i] = at(score, i) + won - games * p;
      row[i] = at(row, i) + games * p * (1 - p);
      if (j < free) row[j] = -games * p * (1 - p);
    }
  }
  return solve(information, score);
}

/**
 * The maximum of bradley-terry.ts by Newton's method from `start`, log strengths with mean 0. Every pair must have wins on
 * both sides, which the prior gives. Throws RangeError when it does not settle.
 */
export function newtonStrengths(
  wins: readonly (readonly number[])[],
  start: readonly number[],
): number[] {
  const theta = Float64Array.from(start);
  for (let iteration = 0; iteration < 500; iteration++) {
    const step = newtonStep(wins, theta);
    let longest = 0;
    step.forEach((by, i) => {
      theta[i] = at(theta, i) + Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, by));
      longest = Math.max(longest, Math.abs(by));
    });
    if (longest < 1e-9) {
      const centre = mean(theta);
      return Array.from(theta, (each) => each - centre);
    }
  }
  throw new RangeError('the strengths of this board do not settle: check that every pair has wins');
}

/**
 * Wins of as many judgements as there are, drawn with replacement. Both sides of every pair get the prior's half win as
 * well, each with a weight of its own whose mean is 1.
 * @param tables wins within each judgement, [players * players] by rows
 */
function drawnWins(tables: readonly Float64Array[], players: number, rng: Rng): number[][] {
  const sum = new Float64Array(players * players);
  tables.forEach(() => {
    tables[rng.int(tables.length)]?.forEach((won, cell) => {
      sum[cell] = at(sum, cell) + won;
    });
  });
  return Array.from({ length: players }, (_row, i) =>
    Array.from({ length: players }, (_cell, j) =>
      i === j ? 0 : at(sum, i * players + j) - BOARD_PRIOR * Math.log(1 - rng.uniform()),
    ),
  );
}

/**
 * Strengths of `players` policies with {@link BOARD_PRIOR}, so that a few votes give a finite board, and the 2.5 % and
 * 97.5 % percentiles over resampled judgements. The prior is drawn anew with each resample (exponential weights, as in
 * Rubin's Bayesian bootstrap): resampling alone would call a few unanimous votes certain.
 */
export function strengthIntervals(
  judgements: readonly Judgement[],
  players: number,
  rng: Rng,
  resamples = BOARD_RESAMPLES,
): StrengthInterval[] {
  const strengths = bradleyTerry(winsFromVotes(judgements.flat(), players), BOARD_PRIOR);
  const tables = judgements.map((judgement) =>
    Float64Array.from(winsFromVotes(judgement, players).flat()),
  );
  const drawn = strengths.map(() => new Float64Array(resamples));
  for (let s = 0; s < resamples; s++) {
    newtonStrengths(drawnWins(tables, players, rng), strengths).forEach((strength, i) => {
      const own = drawn[i];
      if (own !== undefined) own[s] = strength;
    });
  }
  return strengths.map((strength, i) => {
    const sorted = (drawn[i] ?? new Float64Array(resamples)).sort();
    return { strength, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  });
}
