/** Calibration of a reward model: bins by hand, what the bins add up to, and recovery of a known miscalibration. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { wilsonInterval } from '../../../src/records/vote-rate.ts';
import { calibrationOf } from '../../../src/rlhf/calibration.ts';
import { rankingAccuracy, type ScoredRanking } from '../../../src/rlhf/metrics.ts';

/** A ranking of two whose winner scores `margin` more than the loser. */
const pair = (margin: number): ScoredRanking => ({
  scores: [margin, 0],
  ranks: [1, 2],
  labeler: 'ann',
});
const logit = (p: number): number => Math.log(p / (1 - p));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test('bins by hand: each comparison where its promise is, right when the winner scores more', () => {
  // Promises 0.55 (right), 0.75 (wrong), 0.75 (right), 0.999 (right).
  const margins = [logit(0.55), -logit(0.75), logit(0.75), logit(0.999)];
  const calibration = calibrationOf(margins.map(pair));
  expect(calibration?.bins.map(({ from, to, n }) => [from, to, n])).toEqual([
    ...[[0.5, 0.6, 1] as const, [0.6, 0.7, 0] as const, [0.7, 0.8, 2] as const],
    ...[[0.8, 0.9, 0] as const, [0.9, 1, 1] as const],
  ]);
  const [low, empty, middle, , high] = calibration?.bins ?? [];
  expect(low?.predicted).toBeCloseTo(0.55, 12);
  expect(low?.preferred).toBe(1);
  expect(empty).toMatchObject({ predicted: null, preferred: null, low: null, high: null });
  expect(middle?.predicted).toBeCloseTo(0.75, 12);
  const wilson = wilsonInterval(1, 2);
  expect([middle?.preferred, middle?.low, middle?.high]).toEqual([0.5, wilson.low, wilson.high]);
  expect(high?.predicted).toBeCloseTo(0.999, 12);
  // 1/4 of 0.45, 2/4 of 0.25, 1/4 of 0.001.
  expect(calibration?.error).toBeCloseTo(0.45 / 4 + 0.25 / 2 + 0.001 / 4, 12);
  expect(calibration?.predicted).toBeCloseTo((0.55 + 0.75 + 0.75 + 0.999) / 4, 12);
  expect([calibration?.preferred, calibration?.n]).toEqual([0.75, 4]);
});

test('a promise on a bound is in the upper bin, certainty in the last, equal scores in the first and wrong', () => {
  const at = (margin: number) =>
    calibrationOf([pair(margin)])?.bins.findIndex(({ n }) => n === 1) ?? -1;
  expect([at(0), at(800), at(-800)]).toEqual([0, 4, 4]);
  expect(calibrationOf([pair(0)])?.bins[0]).toMatchObject({ predicted: 0.5, preferred: 0 });
  expect([at(logit(0.6) + 1e-9), at(logit(0.6) - 1e-9)]).toEqual([1, 0]);
});

test('nothing to compare gives null', () => {
  expect(calibrationOf([])).toBeNull();
  expect(calibrationOf([{ scores: [1, 2], ranks: [1, 1], labeler: 'ann' }])).toBeNull();
});

test('the bins hold every comparison once and add up to the accuracy; the error is within [0, 1]', () => {
  const rankings = fc.array(
    fc.integer({ min: 2, max: 5 }).chain((K) =>
      fc.record({
        scores: fc.array(fc.double({ min: -9, max: 9, noNaN: true }), {
          minLength: K,
          maxLength: K,
        }),
        ranks: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: K, maxLength: K }),
        labeler: fc.constant('ann'),
      }),
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(rankings, (rows) => {
      const calibration = calibrationOf(rows);
      if (calibration === null) return Number.isNaN(rankingAccuracy(rows));
      const { bins, n, error, preferred } = calibration;
      const right = bins.reduce((sum, bin) => sum + (bin.preferred ?? 0) * bin.n, 0);
      expect(bins.reduce((sum, bin) => sum + bin.n, 0)).toBe(n);
      expect(right / n).toBeCloseTo(rankingAccuracy(rows), 9);
      expect(preferred).toBeCloseTo(rankingAccuracy(rows), 9);
      return error >= 0 && error <= 1;
    }),
  );
});

describe('against labels drawn from Bradley-Terry', () => {
  /** Comparisons with true margins up to 3; the scores tell `stretch` times as much. */
  function drawn(stretch: number) {
    const rng = Rng.named(1, 'calibration');
    const rows = Array.from({ length: 20_000 }, () => {
      const margin = 3 * (2 * rng.uniform() - 1);
      return pair(stretch * (rng.uniform() < sigmoid(margin) ? margin : -margin));
    });
    const calibration = calibrationOf(rows);
    if (calibration === null) throw new Error('expected comparisons');
    return calibration;
  }

  test('the scores that the labels were drawn from are calibrated', () => {
    const { bins, error } = drawn(1);
    expect(error).toBeLessThan(0.015);
    const covered = bins.filter(
      ({ predicted, low, high }) =>
        (predicted ?? 0) >= (low ?? 0) && (predicted ?? 0) <= (high ?? 0),
    );
    expect(covered.length).toBeGreaterThanOrEqual(4);
  });

  test('scores twice as far apart promise too much, scores half as far apart too little', () => {
    const [sure, unsure] = [drawn(2), drawn(0.5)];
    expect(sure.predicted - sure.preferred).toBeGreaterThan(0.08);
    expect(unsure.preferred - unsure.predicted).toBeGreaterThan(0.05);
    for (const { error } of [sure, unsure]) expect(error).toBeGreaterThan(0.05);
    // What is promised changes, what is right does not.
    expect(sure.preferred).toBe(unsure.preferred);
  });
});
