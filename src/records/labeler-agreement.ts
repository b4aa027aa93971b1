/**
 * How often labelers who ranked the same answers agree, one labeler against all others and all together: the paper's
 * inter-annotator agreement (section 3.4: 72.6 % in training, 77.3 % held out). Counts only; who they are is elsewhere.
 */
import { withoutRepeats, type Ranking } from './ranking.ts';

export interface AgreementCount {
  readonly agreed: number;
  readonly total: number;
}

/** Of no pair. */
export const NO_AGREEMENT: AgreementCount = { agreed: 0, total: 0 };

/** Of the pairs of both counts together. */
export const addAgreement = (a: AgreementCount, b: AgreementCount): AgreementCount => ({
  agreed: a.agreed + b.agreed,
  total: a.total + b.total,
});

/**
 * Pairs that both labelers ordered strictly, and how many of them in the same order. Pairs that either of
 * them tied are left out; the paper does not say what it did with ties (S74).
 */
export function countAgreement(
  first: readonly number[],
  second: readonly number[],
): AgreementCount {
  if (second.length !== first.length) {
    throw new RangeError(`second has ${second.length} elements, expected ${first.length}`);
  }
  let agreed = 0;
  let total = 0;
  first.forEach((a, i) => {
    for (let j = i + 1; j < first.length; j++) {
      const signs = Math.sign(a - (first[j] ?? 0)) * Math.sign((second[i] ?? 0) - (second[j] ?? 0));
      if (signs === 0) continue;
      total++;
      if (signs > 0) agreed++;
    }
  });
  return { agreed, total };
}

export interface LabelerAgreement {
  readonly labeler: string;
  readonly rankings: number;
  /** Strict preferences in these rankings; ties give none. */
  readonly comparisons: number;
  /** Pairs of answers that this labeler and another one both ordered, each other labeler counted once. */
  readonly withOthers: AgreementCount;
}

export interface ClassAgreement {
  /** By name. */
  readonly labelers: readonly LabelerAgreement[];
  /** Over all pairs of labelers. */
  readonly all: AgreementCount;
}

interface Ordered {
  readonly labeler: string;
  /** Ranks of the answers in the order of their texts, so that two labelers' ranks stand side by side. */
  readonly ranks: readonly number[];
}

/** Rankings of the same answers to the same prompt. Where two answers read the same, nobody can tell them apart: left out. */
function sameAnswers(rankings: readonly Ranking[]): Map<string, Ordered[]> {
  const groups = new Map<string, Ordered[]>();
  for (const { prompt, completions, ranks, labeler } of rankings) {
    const texts = completions.map(({ text }) => text);
    if (new Set(texts).size < texts.length) continue;
    const order = [...texts.keys()].sort((a, b) => ((texts[a] ?? '') < (texts[b] ?? '') ? -1 : 1));
    const key = JSON.stringify([prompt.text, ...order.map((i) => texts[i])]);
    const ordered = { labeler, ranks: order.map((i) => ranks[i] ?? Number.NaN) };
    groups.set(key, [...(groups.get(key) ?? []), ordered]);
  }
  return groups;
}

function comparisonsOf(ranks: readonly number[]): number {
  // Against itself every strict pair agrees, and ties are left out.
  return countAgreement(ranks, ranks).total;
}

/**
 * Pairs that either labeler tied are left out, as everywhere (S74). A labeler who ranked the same answers twice is not
 * compared with themselves here, and what came back to measure that counts once.
 */
export function classAgreement(given: readonly Ranking[]): ClassAgreement {
  const rankings = withoutRepeats(given);
  const withOthers = new Map<string, AgreementCount>();
  const credit = (labeler: string, count: AgreementCount): void => {
    withOthers.set(labeler, addAgreement(withOthers.get(labeler) ?? NO_AGREEMENT, count));
  };
  let all = NO_AGREEMENT;
  for (const group of sameAnswers(rankings).values()) {
    group.forEach((first, i) => {
      for (const second of group.slice(i + 1)) {
        if (first.labeler === second.labeler) continue;
        const count = countAgreement(first.ranks, second.ranks);
        credit(first.labeler, count);
        credit(second.labeler, count);
        all = addAgreement(all, count);
      }
    });
  }
  const names = [...new Set(rankings.map(({ labeler }) => labeler))].sort();
  const labelers = names.map((labeler) => {
    const own = rankings.filter((ranking) => ranking.labeler === labeler);
    return {
      labeler,
      rankings: own.length,
      comparisons: own.reduce((sum, { ranks }) => sum + comparisonsOf(ranks), 0),
      withOthers: withOthers.get(labeler) ?? NO_AGREEMENT,
    };
  });
  return { labelers, all };
}
