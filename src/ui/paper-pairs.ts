/**
 * Comparisons behind a row about labels, taken from what is stored beside the answers: which two answers, what labelers and
 * reward models say of them, and what came of it. The single items only; the row's figure is stored, not made here.
 */
import {
  pairsOfKeys,
  rankersOf,
  type Ranker,
  type StoredScores,
} from '../records/beside-answers.ts';
import type { StoredAnswers } from '../records/result-answers.ts';
import type { ResultPairs } from '../records/results.ts';

/** Two answers to a prompt as a row compares them. */
export interface Compared {
  /** The first one is the winner where labels have one. */
  readonly keys: readonly [string, string];
  /** What the row counts of it: 1 right or agreed, 0 not, one half undecided; the expected share where one is. */
  readonly outcome: number;
  /** How often the row counts it. */
  readonly weight: number;
  /** What is said of the one or the other. */
  readonly words: (own: 0 | 1) => readonly string[];
  /** A reward model's score of it; undefined where none is asked. */
  readonly score?: (own: 0 | 1) => number;
}

const other = (own: 0 | 1): 0 | 1 => (own === 0 ? 1 : 0);

/** What a ranker says of one of two answers, given the ranks of it and of the other. */
export function rankWords(name: string, own: number, rival: number): string {
  if (own === rival) return `${name}: a tie`;
  return `${name}: puts ${own < rival ? 'this one' : 'the other one'} first`;
}

const rankersIn = ({ rankings = {} }: StoredAnswers, names: readonly string[]): Ranker[] =>
  names.flatMap((name) => {
    const found = rankings[name];
    return found === undefined ? [] : rankersOf(found);
  });

/** A ranker with what it makes of one prompt. */
interface RankedPrompt {
  readonly name: string;
  readonly keys: readonly string[];
  readonly ranks: readonly number[];
}

/** Each of `of` with each of `by`, or those of `of` among themselves. */
function together(
  stored: StoredAnswers,
  { of, by }: ResultPairs,
  prompt: number,
): (readonly [RankedPrompt, RankedPrompt])[] {
  const rankedBy = (names: readonly string[]): RankedPrompt[] =>
    rankersIn(stored, names).map(({ keys, nameAt, ranksAt }) => {
      return { keys, name: nameAt(prompt), ranks: ranksAt(prompt) };
    });
  const own = rankedBy(of);
  if (by.length === 0) return own.flatMap((a, i) => own.slice(i + 1).map((b) => [a, b] as const));
  const others = rankedBy(by);
  return own.flatMap((a) => others.map((b) => [a, b] as const));
}

/** Of answers to a prompt those whose text no earlier one has, by index. */
function firstOfTexts(stored: StoredAnswers, keys: readonly string[], prompt: number): number[] {
  const texts = keys.map((key) => stored.answers[key]?.[prompt]?.[0]);
  return texts.flatMap((text, k) => (texts.indexOf(text) === k ? [k] : []));
}

function agreed(stored: StoredAnswers, how: ResultPairs, prompt: number): Compared[] {
  const rankers = together(stored, how, prompt);
  const keys = rankers[0]?.[0].keys ?? [];
  const shown = how.distinct ? firstOfTexts(stored, keys, prompt) : [...keys.keys()];
  const pairs = pairsOfKeys(keys.length).filter((pair) => pair.every((k) => shown.includes(k)));
  return rankers.flatMap(([a, b]) =>
    pairs.flatMap((pair): Compared[] => {
      const rankOf = ({ ranks }: RankedPrompt, which: 0 | 1) => ranks[pair[which]] ?? 0;
      const gapOf = (ranked: RankedPrompt) => Math.sign(rankOf(ranked, 0) - rankOf(ranked, 1));
      const sign = gapOf(a) * gapOf(b);
      if (sign === 0) return [];
      const say = (ranked: RankedPrompt, own: 0 | 1) =>
        rankWords(ranked.name, rankOf(ranked, own), rankOf(ranked, other(own)));
      return [
        {
          keys: [keys[pair[0]] ?? '', keys[pair[1]] ?? ''],
          ...{ outcome: sign > 0 ? 1 : 0, weight: 1 },
          words: (own) => [say(a, own), say(b, own)],
        },
      ];
    }),
  );
}

/** The strict comparisons of a ranker. */
function comparisonsOf({ keys, nameAt, ranksAt }: Ranker, prompt: number) {
  const ranks = ranksAt(prompt);
  return pairsOfKeys(keys.length).flatMap(([j, i]) => {
    const [a = 0, b = 0] = [ranks[j], ranks[i]];
    if (a === b) return [];
    const [winner = '', loser = ''] = a < b ? [keys[j], keys[i]] : [keys[i], keys[j]];
    const words = (own: 0 | 1) => rankWords(nameAt(prompt), own, other(own));
    return [{ keys: [winner, loser] as const, words }];
  });
}

/** What a predictor says of a winner and a loser; null where it cannot say anything. */
type Predictor = (
  pair: readonly [string, string],
) => (Pick<Compared, 'outcome' | 'score'> & { readonly words: (own: 0 | 1) => string }) | null;

/** A score higher is better, a draw is wrong, as reward models are counted; null where there is no score. */
function byScores({ words, values }: StoredScores, prompt: number): Predictor {
  return (keys) => {
    const [winner, loser] = keys.map((key) => values[key]?.[prompt] ?? null);
    if (typeof winner !== 'number' || typeof loser !== 'number') return null;
    const outcome = winner > loser ? 1 : 0;
    const scores = [winner, loser] as const;
    const said = outcome === 1 ? 'right' : 'wrong';
    return {
      outcome,
      score: (own: 0 | 1) => scores[own],
      words: (own: 0 | 1) => `${words}: ${scores[own].toFixed(2)}, ${said} about the two`,
    };
  };
}

/** A ranker as predictor: a draw is one half, as the gold judge is counted. */
function byRanks({ keys, nameAt, ranksAt }: Ranker, prompt: number): Predictor {
  const ranks = ranksAt(prompt);
  return (pair) => {
    const [winner = 0, loser = 0] = pair.map((key) => ranks[keys.indexOf(key)]);
    const outcome = winner < loser ? 1 : winner > loser ? 0 : 0.5;
    const said = outcome === 1 ? 'right' : outcome === 0 ? 'wrong' : 'undecided';
    return { outcome, words: () => `${nameAt(prompt)}: ${said} about the two` };
  };
}

function predicted(stored: StoredAnswers, { of, by }: ResultPairs, prompt: number): Compared[] {
  const predictors = by.flatMap((name): Predictor[] => {
    const scores = stored.scores?.[name];
    return scores === undefined
      ? rankersIn(stored, [name]).map((ranker) => byRanks(ranker, prompt))
      : [byScores(scores, prompt)];
  });
  return rankersIn(stored, of).flatMap((ranker) => {
    const comparisons = comparisonsOf(ranker, prompt);
    return predictors.flatMap((predict) =>
      comparisons.flatMap(({ keys, words }): Compared[] => {
        const said = predict(keys);
        if (said === null) return [];
        const both = (own: 0 | 1) => [words(own), said.words(own)];
        return [{ ...said, keys, weight: 1, words: both }];
      }),
    );
  });
}

function expected(stored: StoredAnswers, { of }: ResultPairs, prompt: number): Compared[] {
  return of.flatMap((name) => {
    const group = stored.expected?.[name];
    if (group === undefined) return [];
    const { keys, labelers, seeing, first } = group;
    const pairs = pairsOfKeys(keys.length);
    return pairs.flatMap(([j, i], p): Compared[] => {
      const at = prompt * pairs.length + p;
      const [weight = 0, share = 0] = [seeing[at], first[at]];
      if (weight === 0) return [];
      const words = (own: 0 | 1) => [
        `put first by ${Math.round(100 * (own === 0 ? share : 1 - share))} %, as expected of the ${weight} of ${labelers} labelers who see a difference`,
      ];
      const outcome = Math.max(share, 1 - share);
      return [{ keys: [keys[j] ?? '', keys[i] ?? ''], outcome, weight, words }];
    });
  });
}

/** The comparisons of one prompt that a row counts, in the row's order. */
export function comparedAt(
  stored: StoredAnswers,
  all: readonly ResultPairs[],
  prompt: number,
): Compared[] {
  return all.flatMap((pairs) => {
    switch (pairs.how) {
      case 'agree':
        return agreed(stored, pairs, prompt);
      case 'predict':
        return predicted(stored, pairs, prompt);
      case 'expect':
        return expected(stored, pairs, prompt);
    }
    return pairs.how satisfies never;
  });
}
