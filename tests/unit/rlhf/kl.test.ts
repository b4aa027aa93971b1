/** KL estimators, token rewards, the price of a missing EOS, and the adaptive coefficient. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectation, klDivergence, softmax } from '../../../src/rlhf/categorical.ts';
import {
  adaptiveKlStep,
  applyMissingEosPenalty,
  klEstimate,
  klEstimateSlope,
  klPenalty,
  meanTokenKl,
  sequenceKl,
  shapedRewards,
  stateMask,
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

/** Policy and reference over 3 to 6 tokens, neither of them near 0. */
const twoPolicies = fc.integer({ min: 3, max: 6 }).chain((V) => {
  const logits = fc.array(fc.double({ min: -1.5, max: 1.5, noNaN: true }), {
    minLength: V,
    maxLength: V,
  });
  return fc.tuple(logits, logits).map(([a, b]) => [softmax(a), softmax(b)] as const);
});

/** Derivative of f(softmax(logits)) with respect to each logit at `policy`, by central differences. */
function logitGradient(policy: readonly number[], f: (p: readonly number[]) => number): number[] {
  const h = 1e-5;
  return policy.map((_, i) => {
    const at = (by: number) => f(softmax(policy.map((p, j) => Math.log(p) + (i === j ? by : 0))));
    return (at(h) - at(-h)) / (2 * h);
  });
}

/** E_policy[weight_a grad log policy(a)] by logit: what a sampled policy gradient takes with that weight. */
function scoreFunctionGradient(policy: readonly number[], weight: readonly number[]): number[] {
  const mean = expectation(policy, weight);
  return policy.map((p, i) => p * ((weight[i] ?? NaN) - mean));
}

describe('estimators of random policies', () => {
  const estimates = (k: KlEstimator, own: readonly number[], reference: readonly number[]) =>
    own.map((p, i) => klEstimate(k, Math.log(p), Math.log(reference[i] ?? NaN)));

  test('O4, D26: k1 and k3 have the KL as their mean, k3 reversed has chi-square - KL', () => {
    fc.assert(
      fc.property(twoPolicies, ([own, reference]) => {
        let kl = 0;
        let chiSquare = 0;
        own.forEach((p, i) => {
          const r = reference[i] ?? NaN;
          kl += p * Math.log(p / r);
          chiSquare += (p - r) ** 2 / r;
        });
        expect(expectation(own, estimates('k1', own, reference))).toBeCloseTo(kl, 9);
        expect(expectation(own, estimates('k3', own, reference))).toBeCloseTo(kl, 9);
        const reversed = own.map((p, i) =>
          klEstimate('k3', Math.log(reference[i] ?? NaN), Math.log(p)),
        );
        expect(expectation(own, reversed)).toBeCloseTo(chiSquare - kl, 9);
      }),
    );
  });

  test('D25: k1 in the reward and k2 as a loss pull along the reverse KL', () => {
    fc.assert(
      fc.property(twoPolicies, ([own, reference]) => {
        const reverse = logitGradient(own, (p) => klDivergence(p, reference));
        const inReward = scoreFunctionGradient(own, estimates('k1', own, reference));
        // A loss on samples of a fixed policy: only the estimate is differentiated, not the sampling.
        const asLoss = logitGradient(own, (p) => expectation(own, estimates('k2', p, reference)));
        reverse.forEach((g, i) => {
          expect(inReward[i]).toBeCloseTo(g, 6);
          expect(asLoss[i]).toBeCloseTo(g, 6);
        });
      }),
    );
  });

  test('D25: k3 as a loss pulls along the forward KL, k3 in the reward along their difference', () => {
    fc.assert(
      fc.property(twoPolicies, ([own, reference]) => {
        const reverse = logitGradient(own, (p) => klDivergence(p, reference));
        const forward = logitGradient(own, (p) => klDivergence(reference, p));
        const asLoss = logitGradient(own, (p) => expectation(own, estimates('k3', p, reference)));
        const inReward = scoreFunctionGradient(own, estimates('k3', own, reference));
        forward.forEach((g, i) => {
          expect(asLoss[i]).toBeCloseTo(g, 6);
          expect(inReward[i]).toBeCloseTo((reverse[i] ?? NaN) - g, 6);
        });
      }),
    );
  });

  test('D25: near the reference k3 in the reward has no restoring force, k1 has', () => {
    const reference = [0.4, 0.3, 0.2, 0.1];
    const pull = (k: KlEstimator, distance: number) => {
      const own = softmax(reference.map((p, i) => Math.log(p) + (i === 0 ? distance : 0)));
      return Math.abs(scoreFunctionGradient(own, estimates(k, own, reference))[0] ?? NaN);
    };
    // Halving the distance halves a restoring force and quarters what k3, or k2, leaves of it.
    expect(pull('k1', 0.002) / pull('k1', 0.001)).toBeCloseTo(2, 1);
    expect(pull('k3', 0.002) / pull('k3', 0.001)).toBeCloseTo(4, 1);
    expect(pull('k2', 0.002) / pull('k2', 0.001)).toBeCloseTo(4, 1);
  });

  test.each([
    { mean: 0.1, k1: 20, k2: 1.42, k3: 1.42, bias: 0.0025 },
    { mean: 1, k1: 2, k2: 1.73, k3: 1.7, bias: 0.25 },
  ])(
    'O4: deviation over true KL for N(0, 1) against N($mean, 1)',
    ({ mean, bias, ...expected }) => {
      const kl = mean ** 2 / 2;
      const logDensity = (x: number, centre: number) => -0.5 * (x - centre) ** 2;
      const step = 1e-3;
      const grid = Array.from({ length: 20_001 }, (_, i) => (i - 10_000) * step);
      const moment = (f: (x: number) => number) =>
        grid.reduce((sum, x) => sum + f(x) * Math.exp(logDensity(x, 0)), 0) *
        (step / Math.sqrt(2 * Math.PI));
      for (const k of ['k1', 'k2', 'k3'] as const) {
        const estimate = (x: number) => klEstimate(k, logDensity(x, 0), logDensity(x, mean));
        const average = moment(estimate);
        const deviation = Math.sqrt(moment((x) => (estimate(x) - average) ** 2));
        expect(deviation / kl).toBeCloseTo(expected[k], 2);
        expect(average / kl - 1).toBeCloseTo(k === 'k2' ? bias : 0, 4);
      }
    },
  );
});

test('D17, D25: the KL term of a loss is the mean estimate over live tokens', () => {
  const input = {
    logProbabilities: [-1, -2, -0.5, 40],
    referenceLogProbabilities: [-1.5, -1, -0.5, -40],
    ...{ mask: [1, 1, 1, 0], B: 2, R: 2 },
  };
  expect(meanTokenKl({ ...input, estimator: 'k1' })).toBeCloseTo(-0.5 / 3, 6);
  expect(meanTokenKl({ ...input, estimator: 'k2' })).toBeCloseTo(0.625 / 3, 6);
  const k3 = Math.exp(-0.5) - 1 + 0.5 + Math.exp(1) - 1 - 1;
  expect(meanTokenKl({ ...input, estimator: 'k3' })).toBeCloseTo(k3 / 3, 6);
});

describe('shapedRewards', () => {
  test('D10, D11, D12: a hand example; the score joins the KL penalty of the EOS token only', () => {
    const { rewards, kl, penalties, tokenScores } = shapedRewards({
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
    expect(Array.from(tokenScores)).toEqual([0, 0, 2, -1, 0, 0]);
    [-0.05, 0.1, -0.025, 0.1, 0, 0].forEach((p, i) => expect(penalties[i]).toBeCloseTo(p, 7));
    expect(klPenalty(0.1, 0.5)).toBe(-0.05);
  });

  test('D10: paid after the last token, the score stands alone there, or on the last token of a full row', () => {
    const mask = Float32Array.of(1, 1, 0, 1, 1, 1, 1, 0, 0);
    const input = {
      ...{ scores: [2, -1, 4], logProbabilities: [-1, -2, 9, -1, -1, -3, 0, 9, 9] },
      referenceLogProbabilities: [-1.5, -1, -9, -1, -1, -2, -1, -9, -9],
      ...{ mask, beta: 0.5, B: 3, R: 3 },
    };
    const { rewards } = shapedRewards({ ...input, scorePosition: 'after-last' });
    const expected = [-0.25, 0.5, 2, 0, 0, -1 + 0.5, -0.5, 4, 0];
    expected.forEach((reward, i) => expect(rewards[i], String(i)).toBeCloseTo(reward, 6));
    expect(Array.from(stateMask(mask, input, 'after-last'))).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(stateMask(mask, input, 'last-token')).toEqual(mask);
    expect(stateMask(mask, input, 'last-token')).not.toBe(mask);
  });

  test('O5, D12: penalties and score give the three rewards of the golden example', () => {
    const [golden] = oracles.gae;
    const { rewards } = shapedRewards({
      scores: [1],
      logProbabilities: [-1, -1.5, -0.5],
      referenceLogProbabilities: [-2, -1, -1],
      ...{ mask: [1, 1, 1], beta: 0.02, B: 1, R: 3 },
    });
    golden?.rewards.forEach((reward, t) => expect(rewards[t]).toBeCloseTo(reward, 7));
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
    const open = (change: object) => () =>
      shapedRewards({ ...input, scores: [1], mask: [1], beta: 1, ...change });
    expect(open({ mask: [0] })).toThrow(/response 0 has no live token/);
    expect(open({ scores: [1, 2] })).toThrow(/scores has 2 elements, expected 1/);
    expect(open({ logProbabilities: [] })).toThrow(/^logProbabilities has 0 elements, expected 1/);
    expect(open({ referenceLogProbabilities: [] })).toThrow(/referenceLogProbabilities has 0/);
    expect(() => applyMissingEosPenalty([1], [], { kind: 'none', value: 0 })).toThrow(
      /scores has 1/,
    );
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

  test('O6b, D24: the error is clipped to 20 % either way, and no episodes change nothing', () => {
    const positive = fc.double({ min: 0.01, max: 50, noNaN: true });
    fc.assert(
      fc.property(positive, positive, fc.integer({ min: 0, max: 1000 }), (kl, target, episodes) => {
        const next = adaptiveKlStep({ beta: 0.2, kl, target, horizon: 10_000, episodes });
        const error = kl > 1.2 * target ? 0.2 : kl < 0.8 * target ? -0.2 : kl / target - 1;
        expect(next).toBeCloseTo(0.2 + (0.2 * error * episodes) / 10_000, 12);
      }),
    );
  });
});
