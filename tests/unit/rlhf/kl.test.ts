/** KL estimators, token rewards, the price of a missing EOS, and the adaptive coefficient. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectation, klDivergence } from '../../../src/rlhf/categorical.ts';
import {
  adaptiveKlStep,
  applyMissingEosPenalty,
  klEstimate,
  klEstimateSlope,
  sequenceKl,
  shapedRewards,
  type KlEstimator,
} from '../../../src/rlhf/kl.ts';
import oracles from '../../golden/oracles.json';
import { padded, raggedBatch } from './ragged.ts';

const { q, p, ...golden } = oracles.kl_estimators;

/** Exact mean and standard deviation of an estimator with samples from `policy`. */
function exactMoments(
  estimator: KlEstimator,
  policy: readonly number[],
  reference: readonly number[],
): readonly [number, number] {
  const estimates = policy.map((mass, i) =>
    klEstimate(estimator, Math.log(mass), Math.log(reference[i] ?? NaN)),
  );
  const average = expectation(policy, estimates);
  const squares = expectation(
    policy,
    estimates.map((k) => (k - average) ** 2),
  );
  return [average, Math.sqrt(squares)];
}

describe('klEstimateSlope', () => {
  const kinds = ['k1', 'k2', 'k3'] as const;

  test.each(kinds)('the slope of %s is its central difference by the log-probability', (kind) => {
    const logs = fc.double({ min: -4, max: 0, noNaN: true });
    fc.assert(
      fc.property(logs, logs, (own, reference) => {
        const above = klEstimate(kind, own + 1e-5, reference);
        const below = klEstimate(kind, own - 1e-5, reference);
        expect(klEstimateSlope(kind, own, reference)).toBeCloseTo((above - below) / 2e-5, 5);
      }),
    );
  });

  test('D25: on policy, k1 as a loss pulls nowhere, k2 along KL(q || p), k3 along KL(p || q)', () => {
    // Gradient by the i-th logit of E_q[loss] with fixed samples: q_i (slope_i - mean slope).
    const gradient = (kind: KlEstimator) => {
      const slopes = q.map((mass, i) => klEstimateSlope(kind, Math.log(mass), Math.log(p[i]!)));
      const average = expectation(q, slopes);
      return q.map((mass, i) => mass * ((slopes[i] ?? NaN) - average));
    };
    const logRatios = q.map((mass, i) => Math.log(mass / (p[i] ?? NaN)));
    const kl = expectation(q, logRatios);
    gradient('k1').forEach((g) => expect(g).toBeCloseTo(0, 15));
    gradient('k2').forEach((g, i) =>
      expect(g).toBeCloseTo((q[i] ?? NaN) * ((logRatios[i] ?? NaN) - kl), 12),
    );
    gradient('k3').forEach((g, i) => expect(g).toBeCloseTo((q[i] ?? NaN) - (p[i] ?? NaN), 12));
  });
});

describe('klEstimate', () => {
  test.each(['k1', 'k2', 'k3'] as const)('O4: exact mean and deviation of %s', (estimator) => {
    const [average, deviation] = exactMoments(estimator, q, p);
    expect(average).toBeCloseTo(golden[estimator][0] ?? NaN, 12);
    expect(deviation).toBeCloseTo(golden[estimator][1] ?? NaN, 12);
  });

  test('O4, D26: k1 and k3 are unbiased with samples from the policy; the other direction is not', () => {
    expect(exactMoments('k1', q, p)[0]).toBeCloseTo(golden.KL_q_p, 12);
    expect(exactMoments('k3', q, p)[0]).toBeCloseTo(golden.KL_q_p, 12);
    const reversed = q.map((mass, i) => klEstimate('k3', Math.log(p[i] ?? NaN), Math.log(mass)));
    expect(expectation(q, reversed)).toBeCloseTo(golden.reversed_k3[0] ?? NaN, 12);
    expect(Math.abs(expectation(q, reversed) - klDivergence(q, p))).toBeGreaterThan(1e-4);
  });

  test('D26: k3 = ref/pi - 1 - log(ref/pi), never negative, and 0 with k1 and k2 at equality', () => {
    const logProbability = fc.double({ min: -12, max: 0, noNaN: true });
    fc.assert(
      fc.property(logProbability, logProbability, (own, reference) => {
        const ratio = Math.exp(reference - own);
        const k3 = klEstimate('k3', own, reference);
        expect(k3).toBeGreaterThanOrEqual(0);
        expect(Math.abs(k3 - (ratio - 1 - (reference - own)))).toBeLessThan(1e-9 * (1 + ratio));
        for (const k of ['k1', 'k2', 'k3'] as const) expect(klEstimate(k, own, own)).toBe(0);
      }),
    );
  });

  test('O4, D25: k3 as a loss settles at beta ref / (beta + mean r - r), which is not the Gibbs policy', () => {
    const { ref, reward, beta, k3_as_loss: optimum, gibbs } = oracles.k3_loss_optimum;
    const slope = (policy: readonly number[]): number[] => {
      const mean = expectation(policy, reward);
      // d k3 / d log pi = 1 - ref / pi, so without correction the loss pulls with pi - ref.
      return policy.map((mass, i) => {
        const h = 1e-6;
        const reference = Math.log(ref[i] ?? NaN);
        const above = klEstimate('k3', Math.log(mass) + h, reference);
        const below = klEstimate('k3', Math.log(mass) - h, reference);
        return mass * ((reward[i] ?? NaN) - mean) - (beta * mass * (above - below)) / (2 * h);
      });
    };
    slope(optimum).forEach((g) => expect(Math.abs(g)).toBeLessThan(1e-8));
    expect(Math.max(...slope(gibbs).map(Math.abs))).toBeGreaterThan(0.01);
  });
});

describe('shapedRewards', () => {
  test('D10 to D12: a hand example; the score joins the KL penalty of the EOS token only', () => {
    const { rewards, kl } = shapedRewards({
      scores: [2, -1],
      logProbabilities: [-1, -2, -0.5, -3, 7, 7],
      referenceLogProbabilities: [-1.5, -1, -0.75, -2, -7, -7],
      mask: [1, 1, 1, 1, 0, 0],
      beta: 0.1,
      B: 2,
      R: 3,
    });
    const expected = [-0.05, 0.1, 2 - 0.025, -1 + 0.1, 0, 0];
    expected.forEach((reward, i) => expect(rewards[i]).toBeCloseTo(reward, 6));
    expect(Array.from(kl)).toEqual([0.5, -1, 0.25, -1, 0, 0]);
  });

  test('D11: rewards of a response sum to its score minus beta times its sequence KL', () => {
    fc.assert(
      fc.property(raggedBatch(3), fc.double({ min: 0, max: 2, noNaN: true }), (batch, beta) => {
        const { B, R, mask, arrays } = batch;
        const [own = [], reference = [], third = []] = arrays;
        const scores = third.slice(0, B);
        const input = {
          logProbabilities: own,
          referenceLogProbabilities: reference,
          mask,
          B,
          R,
        };
        const { rewards } = shapedRewards({ ...input, scores, beta });
        const kl = sequenceKl(input);
        for (let b = 0; b < B; b++) {
          const sum = rewards.subarray(b * R, (b + 1) * R).reduce((s, r) => s + r, 0);
          expect(sum).toBeCloseTo((scores[b] ?? NaN) - beta * (kl[b] ?? NaN), 4);
        }
      }),
    );
  });

  test('D8, D11: tokens after EOS change neither rewards nor KL', () => {
    fc.assert(
      fc.property(raggedBatch(2), fc.constantFrom('k1', 'k2', 'k3'), (batch, estimator) => {
        const { B, R, mask, arrays } = batch;
        const [own = [], reference = []] = arrays;
        const input = {
          logProbabilities: own,
          referenceLogProbabilities: reference,
          mask,
          estimator,
          B,
          R,
        };
        const wide = {
          logProbabilities: padded(own, batch, 2, NaN),
          referenceLogProbabilities: padded(reference, batch, 2, Infinity),
          mask: padded(mask, batch, 2, 0),
          estimator,
          B,
          R: R + 2,
        };
        expect(sequenceKl(wide)).toEqual(sequenceKl(input));
        const scores = new Array<number>(B).fill(1);
        const plain = shapedRewards({ ...input, scores, beta: 0.02 });
        const widened = shapedRewards({ ...wide, scores, beta: 0.02 });
        expect(Array.from(widened.rewards)).toEqual(padded(plain.rewards, batch, 2, 0));
      }),
    );
  });

  test('refuses a response without a live token', () => {
    const input = { logProbabilities: [0], referenceLogProbabilities: [0], B: 1, R: 1 };
    expect(() => shapedRewards({ ...input, scores: [1], mask: [0], beta: 1 })).toThrow(/no live/);
  });
});

describe('applyMissingEosPenalty', () => {
  const ended = [true, false];

  test('D9: none, subtract and replace touch only the response without EOS', () => {
    const scores = [0.5, 0.25];
    expect(Array.from(applyMissingEosPenalty(scores, ended, { kind: 'none', value: 1 }))).toEqual([
      0.5, 0.25,
    ]);
    const subtracted = applyMissingEosPenalty(scores, ended, { kind: 'subtract', value: 1 });
    expect(Array.from(subtracted)).toEqual([0.5, -0.75]);
    const replaced = applyMissingEosPenalty(scores, ended, { kind: 'replace', value: -1 });
    expect(Array.from(replaced)).toEqual([0.5, -1]);
    expect(scores).toEqual([0.5, 0.25]);
  });
});

describe('adaptiveKlStep', () => {
  test.each(oracles.adaptive_kl)('O6b, D24: KL $kl against target $target', (row) => {
    const { beta, kl, target, horizon, n_steps: episodes, next } = row;
    expect(adaptiveKlStep({ beta, kl, target, horizon, episodes })).toBeCloseTo(next, 12);
  });
});
