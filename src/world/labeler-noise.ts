/**
 * What the labelers' noise allows: how often two of them agree, the best accuracy that any predictor of their labels
 * can have, and the temperature that gives a wanted agreement. Exact expectations, nothing is sampled.
 */
import type { Prompt } from '../records/prompt.ts';
import type { Completion } from '../records/ranking.ts';
import { appraise, GRADE, gradeOfAppraisal, preferByGap, type Labeler } from './labelers.ts';

export interface Pair {
  readonly prompt: Prompt;
  readonly a: Pick<Completion, 'text' | 'ended'>;
  readonly b: Pick<Completion, 'text' | 'ended'>;
}

/** Grade gaps a - b in utility, one row per pair, one column per labeler; zeros are ties. */
function gapsOf(labelers: readonly Labeler[], pairs: readonly Pair[]): number[][] {
  return pairs.map(({ prompt, a, b }) => {
    const [left, right] = [appraise(prompt, a), appraise(prompt, b)];
    return labelers.map(
      (labeler) => (gradeOfAppraisal(labeler, left) - gradeOfAppraisal(labeler, right)) * GRADE,
    );
  });
}

/** Probability of "a first" for each labeler that does not tie the pair. */
function probabilities(labelers: readonly Labeler[], gaps: readonly number[]): number[] {
  return labelers.flatMap((labeler, i) => {
    const gap = gaps[i] ?? 0;
    return gap === 0 ? [] : [preferByGap(labeler, gap)];
  });
}

/** Sum and number over all pairs of different labelers of the chance that both order a pair alike. */
function agreementOfGaps(
  labelers: readonly Labeler[],
  gaps: readonly (readonly number[])[],
): number {
  let agreed = 0;
  let count = 0;
  for (const row of gaps) {
    const p = probabilities(labelers, row);
    for (let i = 0; i < p.length; i++) {
      for (let j = 0; j < i; j++) {
        const [one = 0.5, other = 0.5] = [p[i], p[j]];
        agreed += one * other + (1 - one) * (1 - other);
        count++;
      }
    }
  }
  return count === 0 ? Number.NaN : agreed / count;
}

/**
 * Expected share of comparisons, tied by neither, on which two different labelers agree. NaN without such comparisons.
 */
export function agreement(labelers: readonly Labeler[], pairs: readonly Pair[]): number {
  return agreementOfGaps(labelers, gapsOf(labelers, pairs));
}

/** What is best said of one pair of answers to labelers of whom one does not know which will speak. */
export interface PairCeiling {
  /** How many of the labelers see a difference. */
  readonly seeing: number;
  /** How many of those are expected to agree with the answer that most of them put first. */
  readonly right: number;
}

/** The ceiling of each pair, in order. */
export function pairCeilings(labelers: readonly Labeler[], pairs: readonly Pair[]): PairCeiling[] {
  return gapsOf(labelers, pairs).map((row) => {
    const p = probabilities(labelers, row);
    const first = p.reduce((sum, each) => sum + each, 0);
    return { seeing: p.length, right: Math.max(first, p.length - first) };
  });
}

/**
 * Best expected accuracy on labels of randomly chosen labelers, ties left out: the mean of max(p, 1 - p), where p is
 * the share of labelers (of those who see a difference) that put a first, and a pair counts by how many see one.
 * NaN when nobody sees a difference anywhere.
 */
export function noiseCeiling(labelers: readonly Labeler[], pairs: readonly Pair[]): number {
  let best = 0;
  let count = 0;
  for (const { seeing, right } of pairCeilings(labelers, pairs)) {
    best += right;
    count += seeing;
  }
  return count === 0 ? Number.NaN : best / count;
}

/**
 * The common temperature at which the labelers agree on `target` of the comparisons. Their own temperatures are
 * ignored. Throws when even noiseless labelers agree less than that, or when there is nothing to compare.
 */
export function calibrateTemperature(
  labelers: readonly Labeler[],
  pairs: readonly Pair[],
  target: number,
): number {
  const gaps = gapsOf(labelers, pairs);
  const at = (temperature: number): number =>
    agreementOfGaps(
      labelers.map((labeler) => ({ ...labeler, temperature })),
      gaps,
    );
  let low = 1e-4;
  let high = 10;
  const most = at(low);
  if (!(most >= target)) {
    throw new RangeError(
      `without noise these labelers agree on ${most} of the comparisons, not ${target}`,
    );
  }
  for (let i = 0; i < 40; i++) {
    const middle = Math.sqrt(low * high);
    if (at(middle) > target) low = middle;
    else high = middle;
  }
  return Math.sqrt(low * high);
}
