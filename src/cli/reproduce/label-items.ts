/**
 * Single comparisons behind figures about labels: a prompt, two answers to it, what labelers or reward models make of each,
 * and what the gold judge says. A few for each row, spread over what can happen. No figure is made here, no model is run.
 */
import type { ResultItem } from '../../records/results.ts';
import { comparisonsFromRanks } from '../../rlhf/ranking-loss.ts';
import { judgeGold } from '../../world/judges.ts';
import {
  appraise,
  GRADE,
  gradeOfAppraisal,
  preferByGap,
  rankCompletions,
  utility,
  type Labeler,
} from '../../world/labelers.ts';
import type { WorldPrompt } from '../../world/tasks.ts';
import type { WorldRanking } from './label-measures.ts';
import type { Candidates, ScoredRankings } from './reward-runs.ts';
import { spreadItems } from './rows.ts';

/** Whose items, and how many a row keeps. */
export interface ItemContext {
  readonly seed: number;
  readonly counts: { readonly items: number };
}

/** What is said of one of two answers, and the number that the row's judge gives it. */
interface Opinion {
  readonly score: number;
  readonly words: readonly string[];
}

/** Two answers to a prompt, by index, with what happened. */
interface Compared extends Candidates {
  readonly pair: readonly [number, number];
  readonly outcome: string;
}

const goldOf = (prompt: WorldPrompt, { text, ended }: Candidates['completions'][number]) =>
  judgeGold(prompt, text, ended);

function itemsOf<C extends Compared>(
  { seed, counts }: ItemContext,
  compared: readonly C[],
  opinion: (of: C, completion: number) => Opinion,
): ResultItem[] {
  return spreadItems(compared, ({ outcome }) => outcome, counts.items).map((each) => ({
    seed,
    prompt: each.prompt.text,
    kind: each.prompt.useCase,
    outputs: each.pair.map((k) => {
      const completion = each.completions[k]!;
      const gold = goldOf(each.prompt, completion);
      const { score, words } = opinion(each, k);
      const reasons = [...words, `gold composite ${gold.score.toFixed(2)}`, ...gold.reasons];
      const { policy, text, ended } = completion;
      return { policy, text, ended, score, reasons };
    }),
  }));
}

/** One that ranks answers to a prompt and gives each a worth. */
export interface Ranked {
  readonly by: string;
  /** What its worth is called. */
  readonly unit: string;
  /** Smaller is better, equal numbers tie. */
  readonly ranks: readonly number[];
  readonly worth: (completion: number) => number;
}

export function rankedByLabeler(
  labeler: Labeler,
  { prompt, completions }: Candidates,
  seed: number,
): Ranked {
  return {
    by: labeler.chance === 1 ? `${labeler.id} by chance` : labeler.id,
    unit: 'utility',
    ranks: rankCompletions(labeler, prompt, completions, seed),
    worth: (k) => utility(labeler, prompt, completions[k]!),
  };
}

export function rankedByGold({ prompt, completions }: Candidates): Ranked {
  const gold = completions.map((completion) => goldOf(prompt, completion).score);
  return {
    by: 'gold judge',
    unit: 'composite',
    ranks: gold.map((score) => -score),
    worth: (k) => gold[k]!,
  };
}

/** What it says of one of two answers. */
export function rankedWords(
  { by, unit, ranks, worth }: Ranked,
  own: number,
  other: number,
): string {
  const place = ranks[own]! < ranks[other]! ? 'puts this one first' : 'puts the other one first';
  return `${by}: ${ranks[own] === ranks[other] ? 'a tie' : place}, ${unit} ${worth(own).toFixed(2)}`;
}

/** Answers that two have ranked. */
export interface RankedTwice extends Candidates {
  readonly by: readonly [Ranked, Ranked];
}

/** Comparisons that neither of two ties, on which they agree or do not: of each prompt one, by turns another one. */
export function agreementItems(
  context: ItemContext,
  rankedTwice: readonly RankedTwice[],
): ResultItem[] {
  const compared = rankedTwice.flatMap((each, turn) => {
    const [one, other] = each.by;
    const signs = one.ranks.flatMap((rank, i) =>
      one.ranks.slice(0, i).flatMap((before, j) => {
        const sign = Math.sign(rank - before) * Math.sign(other.ranks[i]! - other.ranks[j]!);
        return sign === 0 ? [] : [{ pair: [j, i] as const, outcome: String(sign) }];
      }),
    );
    const chosen = signs[turn % signs.length];
    return chosen === undefined ? [] : [{ ...each, ...chosen }];
  });
  return itemsOf(context, compared, ({ by, pair: [a, b] }, own) => {
    const rival = own === a ? b : a;
    const [one, other] = by;
    return {
      score: (one.worth(own) + other.worth(own)) / 2,
      words: by.map((ranked) => rankedWords(ranked, own, rival)),
    };
  });
}

/** Of each ranking one comparison, by turns another one. */
function comparisonOf(ranks: readonly number[], turn: number): readonly [number, number] | null {
  const all = comparisonsFromRanks(ranks);
  const chosen = all[turn % all.length];
  return chosen === undefined ? null : [chosen.winner, chosen.loser];
}

const labelWords = ({ labeler }: Pick<WorldRanking, 'labeler'>, wins: boolean): string =>
  `${labeler}: puts ${wins ? 'this one' : 'the other one'} first`;

/** What a reward model says of rankings, under a name where there are several. */
export interface Predictions {
  readonly name: string;
  readonly scored: ScoredRankings<WorldRanking>;
}

/** Comparisons that the first of some reward models gets right and wrong, with what each of them says of the same. */
export function predictionItems(
  context: ItemContext,
  all: readonly [Predictions, ...Predictions[]],
): ResultItem[] {
  const [first] = all;
  const compared = first.scored.rankings.flatMap((ranking, r) => {
    const pair = comparisonOf(ranking.ranks, r);
    if (pair === null) return [];
    const scores = all.map(({ scored }) => Array.from(scored.scored[r]!.scores));
    const right = scores.map((own) => own[pair[0]]! > own[pair[1]]!);
    return [{ ...ranking, pair, scores, right, outcome: String(right) }];
  });
  return itemsOf(context, compared, ({ pair, labeler, scores, right }, own) => ({
    score: scores[0]![own]!,
    words: [
      labelWords({ labeler }, own === pair[0]),
      ...all.map(
        ({ name }, m) =>
          `${name}: ${scores[m]![own]!.toFixed(2)}, ${right[m] ? 'right' : 'wrong'} about the two`,
      ),
    ],
  }));
}

/** The same of the gold judge as predictor. */
export function goldItems(context: ItemContext, rankings: readonly WorldRanking[]): ResultItem[] {
  const compared = rankings.flatMap((ranking, r) => {
    const pair = comparisonOf(ranking.ranks, r);
    if (pair === null) return [];
    const [winner = 0, loser = 0] = pair.map(
      (k) => goldOf(ranking.prompt, ranking.completions[k]!).score,
    );
    const outcome = winner > loser ? 'right' : winner < loser ? 'wrong' : 'undecided';
    return [{ ...ranking, pair, outcome }];
  });
  return itemsOf(context, compared, ({ pair, labeler, prompt, completions, outcome }, own) => ({
    score: goldOf(prompt, completions[own]!).score,
    words: [labelWords({ labeler }, own === pair[0]), `gold judge: ${outcome} about the two`],
  }));
}

/** Comparisons with what the labelers of a group are expected to say: where they are sure, and where they are not. */
export function ceilingItems(
  context: ItemContext,
  labelers: readonly Labeler[],
  candidates: readonly Candidates[],
): ResultItem[] {
  const compared = candidates.flatMap((each, turn) => {
    const { prompt, completions } = each;
    const last = completions.length - 1;
    if (last < 1) return [];
    const a = turn % last;
    const pair = [a, last] as const;
    const [one, other] = pair.map((k) => appraise(prompt, completions[k]!));
    const seeing = labelers.flatMap((labeler) => {
      const gap = gradeOfAppraisal(labeler, one!) - gradeOfAppraisal(labeler, other!);
      return gap === 0 ? [] : [preferByGap(labeler, gap * GRADE)];
    });
    if (seeing.length === 0) return [];
    const share = seeing.reduce((sum, first) => sum + first, 0) / seeing.length;
    const outcome = Math.max(share, 1 - share) < 0.75 ? 'unsure' : 'sure';
    return [{ ...each, pair, outcome, share, seeing: seeing.length }];
  });
  return itemsOf(context, compared, ({ prompt, completions, pair, share, seeing }, own) => {
    const percent = Math.round(100 * (own === pair[0] ? share : 1 - share));
    const worths = labelers.map((labeler) => utility(labeler, prompt, completions[own]!));
    return {
      score: worths.reduce((sum, worth) => sum + worth, 0) / worths.length,
      words: [
        `put first by ${percent} %, as expected of the ${seeing} of ${labelers.length} labelers who see a difference`,
      ],
    };
  });
}

/** Some items of several rows for a row that is made of them, one of each in turn. */
export function joinedItems(
  { counts }: Pick<ItemContext, 'counts'>,
  ...parts: readonly (readonly ResultItem[])[]
): ResultItem[] {
  const all = parts.flatMap((items, part) => items.map((item) => ({ item, part })));
  return spreadItems(all, ({ part }) => String(part), counts.items).map(({ item }) => item);
}
