/**
 * At the exact optimum, with soft values as the critic, every advantage is 0 for every lambda, without any
 * sampling. Signs, indices, the place of the score and the end of ragged responses are all in this one zero.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gae } from '../../../src/rlhf/advantages.ts';
import { logSoftmax, logSumExp } from '../../../src/rlhf/categorical.ts';
import { exactOptimum } from '../../../src/rlhf/exact-optimum.ts';
import { shapedRewards, type KlEstimator } from '../../../src/rlhf/kl.ts';
import { allResponses, enumerableTask, naiveTokenLogProbabilities } from './enumerable.ts';
import { goldenTask } from './golden-task.ts';

/** Rows of token arrays, one per response. */
interface Listed {
  readonly scores: number[];
  readonly logProbabilities: number[][];
  readonly referenceLogProbabilities: number[][];
  readonly values: number[][];
}

/** Largest |advantage| over all listed responses, padded to R columns with NaN. */
function largestAdvantage(
  listed: Listed,
  R: number,
  beta: number,
  lambda: number,
  estimator: KlEstimator = 'k1',
): number {
  const flat = (rows: readonly number[][], filler: number): number[] =>
    rows.flatMap((row) => [...row, ...new Array<number>(R - row.length).fill(filler)]);
  const shape = { B: listed.scores.length, R };
  const mask = flat(
    listed.values.map((row) => row.map(() => 1)),
    0,
  );
  const { rewards } = shapedRewards({
    scores: listed.scores,
    logProbabilities: flat(listed.logProbabilities, NaN),
    referenceLogProbabilities: flat(listed.referenceLogProbabilities, NaN),
    mask,
    beta,
    estimator,
    ...shape,
  });
  const values = flat(listed.values, NaN);
  const { advantages } = gae({ rewards, values, mask, gamma: 1, lambda, ...shape });
  return Math.max(...Array.from(advantages, Math.abs));
}

/** All 16 responses of the golden task under its optimal policy. */
function listGoldenTask(beta: number): Listed {
  const { vocabulary: V, referenceLogits, rewards } = goldenTask;
  const { policy, softValues } = exactOptimum(goldenTask, beta);
  const reference = [0, 1].map((t) => {
    const table = Array.from(referenceLogits[t] ?? []);
    return table.map((_, i) => logSoftmax(table.slice(i - (i % V), i - (i % V) + V))[i % V] ?? NaN);
  });
  const responses = Array.from({ length: V * V }, (_, i) => [Math.floor(i / V), i] as const);
  return {
    scores: Array.from(rewards),
    logProbabilities: responses.map((r) => r.map((i, t) => Math.log(policy[t]?.[i] ?? NaN))),
    referenceLogProbabilities: responses.map((r) => r.map((i, t) => reference[t]?.[i] ?? NaN)),
    values: responses.map(([first]) => [softValues[0]?.[0] ?? NaN, softValues[1]?.[first] ?? NaN]),
  };
}

/**
 * All responses of up to three tokens from three, where token 0 is EOS: 1 + 2 + 4 that end themselves and 8
 * that are cut. Numbers are read off `source`, one after another.
 */
function listRaggedTask(beta: number, source: readonly number[]): Listed {
  const listed: Listed = {
    scores: [],
    logProbabilities: [],
    referenceLogProbabilities: [],
    values: [],
  };
  let used = 0;
  const draw = (): number => source[used++] ?? NaN;
  interface Ending {
    readonly score: number;
    readonly steps: readonly (readonly [own: number, reference: number, value: number])[];
  }
  const visit = (depth: number): { value: number; endings: Ending[] } => {
    const reference = logSoftmax([draw(), draw(), draw()]);
    const children = [0, 1, 2].map((token) => {
      if (token !== 0 && depth < 2) return visit(depth + 1);
      const score = draw();
      return { value: score, endings: [{ score, steps: [] }] as Ending[] };
    });
    const tilted = children.map((child, a) => (reference[a] ?? NaN) + child.value / beta);
    const value = beta * logSumExp(tilted);
    const own = logSoftmax(tilted);
    const endings = children.flatMap((child, a) => {
      const step = [own[a] ?? NaN, reference[a] ?? NaN, value] as const;
      return child.endings.map((ending) => ({ ...ending, steps: [step, ...ending.steps] }));
    });
    return { value, endings };
  };
  for (const { score, steps } of visit(0).endings) {
    listed.scores.push(score);
    listed.logProbabilities.push(steps.map(([own]) => own));
    listed.referenceLogProbabilities.push(steps.map(([, reference]) => reference));
    listed.values.push(steps.map(([, , value]) => value));
  }
  return listed;
}

describe('O2: zero advantages at the optimum', () => {
  test.each([0, 0.5, 0.95, 1])('O2: golden task, lambda %d', (lambda) => {
    for (const beta of [0.1, 0.5, 2]) {
      expect(largestAdvantage(listGoldenTask(beta), 2, beta, lambda)).toBeLessThan(1e-6);
    }
  });

  test('O2: generated tasks of 3 to 6 tokens and length 1 to 3', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const beta = fc.double({ min: 0.2, max: 2, noNaN: true });
    fc.assert(
      fc.property(enumerableTask, beta, unit, (task, b, lambda) => {
        const { vocabulary: V, length: L } = task;
        const { policy, softValues } = exactOptimum(task, b);
        const responses = allResponses(task);
        const states = (response: readonly number[]) =>
          response.map((_, t) => response.slice(0, t).reduce((state, a) => state * V + a, 0));
        const listed = {
          scores: Array.from(task.rewards),
          logProbabilities: responses.map((response) =>
            naiveTokenLogProbabilities(
              policy.map((table) => table.map(Math.log)),
              V,
              response,
            ),
          ),
          referenceLogProbabilities: responses.map((response) =>
            naiveTokenLogProbabilities(task.referenceLogits, V, response),
          ),
          values: responses.map((response) =>
            states(response).map((state, t) => softValues[t]?.[state] ?? NaN),
          ),
        };
        expect(largestAdvantage(listed, L + 1, b, lambda)).toBeLessThan(4e-6);
      }),
      { numRuns: 40 },
    );
  });

  test('O2: random tasks with EOS and cut responses, padded wider than the longest', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const source = fc.array(fc.double({ min: -1.5, max: 1.5, noNaN: true }), {
      minLength: 60,
      maxLength: 60,
    });
    const beta = fc.double({ min: 0.2, max: 2, noNaN: true });
    fc.assert(
      fc.property(source, beta, unit, (numbers, b, lambda) => {
        const listed = listRaggedTask(b, numbers);
        expect(listed.scores).toHaveLength(15);
        expect(largestAdvantage(listed, 5, b, lambda)).toBeLessThan(2e-6);
      }),
    );
  });

  test('O2: the zero is sharp: another beta, k3 in the reward, or a shifted value breaks it', () => {
    const listed = listGoldenTask(0.5);
    expect(largestAdvantage(listed, 2, 0.45, 0.95)).toBeGreaterThan(0.01);
    expect(largestAdvantage(listed, 2, 0.5, 0.95, 'k3')).toBeGreaterThan(0.1);
    const late = { ...listed, values: listed.values.map((row) => [...row].reverse()) };
    expect(largestAdvantage(late, 2, 0.5, 0.95)).toBeGreaterThan(0.1);
  });
});
