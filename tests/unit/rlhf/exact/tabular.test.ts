/** The parts that all tabular learners share: gradient, draws, Adam, and the bounds of a task. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../../src/data/rng.ts';
import { referenceProbabilities } from '../../../../src/rlhf/exact-optimum.ts';
import { Adam } from '../../../../src/rlhf/exact/adam.ts';
import { TabularPolicy } from '../../../../src/rlhf/exact/tabular-policy.ts';
import { expectExactTask, randomTask, SHIPPED_TASK } from '../../../../src/rlhf/exact/task.ts';
import { AdamWReference } from '../../../golden/adamw-reference.ts';
import { goldenTask } from '../golden-task.ts';
import { policyWithLaw, tasks } from './arbitrary-task.ts';

describe('TabularPolicy', () => {
  test('its gradient is the central difference of any loss of taken log-probabilities', () => {
    const rng = Rng.named(4, 'gradient');
    const task = randomTask(rng, 3, 2);
    const policy = new TabularPolicy(task);
    const experience = policy.sample(7, rng);
    const rows = [0, 5, 2, 2];
    const slopes = Float64Array.from({ length: rows.length * 2 }, () => rng.normal());
    const loss = () =>
      policy
        .takenLogProbabilities(experience, rows)
        .reduce((sum, logProbability, k) => sum + logProbability * (slopes[k] ?? NaN), 0);
    const gradient = policy.gradient(experience, rows, slopes);
    gradient.forEach((g, j) => {
      const at = policy.logits[j] ?? NaN;
      policy.logits[j] = at + 1e-5;
      const above = loss();
      policy.logits[j] = at - 1e-5;
      const below = loss();
      policy.logits[j] = at;
      expect(g).toBeCloseTo((above - below) / 2e-5, 8);
    });
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.1);
  });

  test('draws follow its law, and know their own log-probability and score', () => {
    const law = Array.from({ length: 16 }, (_, y) => (y + 1) / 136);
    const policy = policyWithLaw(SHIPPED_TASK, law);
    const count = 40_000;
    const drawn = policy.sample(count, Rng.named(1, 'draws'));
    const seen = new Array<number>(16).fill(0);
    for (const y of drawn.responses) seen[y] = (seen[y] ?? NaN) + 1;
    const chi2 = seen.reduce(
      (sum, n, y) => sum + (n - count * law[y]!) ** 2 / (count * law[y]!),
      0,
    );
    // 0.999 quantile of chi-squared with 15 degrees of freedom.
    expect(chi2).toBeLessThan(37.7);
    const reference = referenceProbabilities(SHIPPED_TASK);
    drawn.responses.slice(0, 50).forEach((y, b) => {
      const sum = (tokens: Float64Array) =>
        Math.exp((tokens[2 * b] ?? NaN) + (tokens[2 * b + 1] ?? NaN));
      expect(sum(drawn.logProbabilities)).toBeCloseTo(law[y] ?? NaN, 10);
      expect(sum(drawn.referenceLogProbabilities)).toBeCloseTo(reference[y] ?? NaN, 10);
      expect(drawn.scores[b]).toBe(SHIPPED_TASK.rewards[y]);
    });
  });

  test('enumerating gives every response once, with the law it reports', () => {
    fc.assert(
      fc.property(tasks(5, 3), (task) => {
        const policy = new TabularPolicy(task);
        const all = policy.enumerate();
        const law = policy.responseProbabilities();
        expect([...all.responses]).toEqual(law.map((_, y) => y));
        law.forEach((p, y) => {
          const tokens = all.logProbabilities.slice(y * all.L, (y + 1) * all.L);
          expect(p).toBeCloseTo(Math.exp(tokens.reduce((sum, x) => sum + x, 0)), 12);
        });
        referenceProbabilities(task).forEach((p, y) => expect(law[y]).toBeCloseTo(p, 12));
      }),
      { numRuns: 20 },
    );
  });
});

test('O9: Adam takes the steps of the reference, rate by rate', () => {
  const settings = { beta1: 0.9, beta2: 0.95, epsilon: 1e-5 };
  const weights = Float64Array.from([0.3, -1, 2]);
  const reference = new AdamWReference(weights, { ...settings, learningRate: 1 });
  const adam = new Adam(3, settings);
  const rng = Rng.named(2, 'adam');
  for (let step = 0; step < 20; step++) {
    const gradient = Array.from(weights, () => 10 ** -rng.int(6) * rng.normal());
    adam.step(weights, gradient, 0.01 / (step + 1));
    reference.step(gradient, 0.01 / (step + 1));
    weights.forEach((w, i) => expect(w).toBeCloseTo(reference.weights[i] ?? NaN, 12));
  }
});

describe('the task', () => {
  test('what is shipped is the golden task', () => {
    expect(SHIPPED_TASK).toEqual(goldenTask);
  });

  test.each([
    [
      'a vocabulary too large',
      { ...SHIPPED_TASK, vocabulary: 7 },
      0.5,
      /vocabulary must be from 3/,
    ],
    ['too many positions', { ...SHIPPED_TASK, length: 4 }, 0.5, /length must be from 1 to 3/],
    ['a small beta', SHIPPED_TASK, 0.09, /beta must be from 0\.1/],
    ['a beta that is no number', SHIPPED_TASK, NaN, /beta must be/],
    ['missing rewards', { ...SHIPPED_TASK, rewards: [1] }, 0.5, /expected 16 rewards, got 1/],
    [
      'a reward beyond the limit',
      { ...SHIPPED_TASK, rewards: [1.51, ...Array.from(SHIPPED_TASK.rewards).slice(1)] },
      0.5,
      /reward must be from -1\.5 to 1\.5, got 1\.51/,
    ],
    [
      'a missing table',
      { ...SHIPPED_TASK, referenceLogits: [[0, 0, 0, 0]] },
      0.5,
      /expected 2 tables/,
    ],
    [
      'an infinite logit',
      { ...SHIPPED_TASK, referenceLogits: [[0, 0, 0, Infinity], SHIPPED_TASK.referenceLogits[1]!] },
      0.5,
      /expected 4 finite reference logits at depth 0/,
    ],
  ])('%s is refused', (_, task, beta, message) => {
    expect(() => {
      expectExactTask(task, beta);
    }).toThrow(message);
  });

  test('a good one is not', () => {
    expect(() => {
      expectExactTask(SHIPPED_TASK, 0.1);
    }).not.toThrow();
  });
});
