/**
 * The WASM draw: its uniforms are those of src/data/philox.ts, its tokens those of the inverse CDF in float64, and
 * both agree with the op in stock ops. Sampling as a whole is tested with the model.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { philox4x32, unitFloat } from '../../../src/data/philox.ts';
import { draw, type Among } from '../../../src/kernels/draw.ts';
import { plainlyKept } from './plainly-kept.ts';
import { distance, input, normals, run, startKernels } from './wasm-harness.ts';

beforeAll(startKernels);

const KEY = [0xfedcba98, 0x89abcdef] as const;

const ALL: Among = { topK: 0, topP: 1 };

const attributes = (step: number, inverseTemperature = 1, greedy = 0, among = ALL) => ({
  inverseTemperature,
  greedy,
  key0: KEY[0],
  key1: KEY[1],
  step,
  ...among,
});

/** The uniform of a row's token `step`. */
const uniformOf = (row: number, step: number): number =>
  unitFloat(philox4x32([Math.floor(step / 4), row, 0, 1], KEY)[step % 4]!);

describe.each([
  [1, 1],
  [1, 5],
  [40, 37],
  [64, 512],
])('%i rows of %i logits', (n, v) => {
  const logits = normals(n * v, 3);
  const rows = Int32Array.from({ length: n }, (_, i) => 1000 * i);
  const inputs = { logits: input(logits, n, v), rows: input(rows, n) };

  it.each([
    [0, 1],
    [3, 1],
    [6, 1.6],
    [41, 0.7],
  ])('token %i at inverse temperature %f', (step, inverseTemperature) => {
    const [token, logProbability] = run('PlayDraw', inputs, attributes(step, inverseTemperature));
    const u = Float32Array.from(rows, (row) => uniformOf(row, step));
    for (let i = 0; i < n; i++) {
      const z = Array.from(logits.subarray(i * v, (i + 1) * v), (x) => x * inverseTemperature);
      const masses = z.map((x) => Math.exp(x - Math.max(...z)));
      const mass = masses.reduce((sum, x) => sum + x, 0);
      const drawn = token![i]!;
      const below = masses.slice(0, drawn).reduce((sum, x) => sum + x, 0) / mass;
      expect(below).toBeLessThanOrEqual(u[i]! + 2e-6);
      expect(below + masses[drawn]! / mass).toBeGreaterThan(u[i]! - 2e-6);
      expect(logProbability![i]).toBeCloseTo(Math.log(masses[drawn]! / mass), 4);
    }
    const stock = tf.tidy(() => {
      const drawn = draw(tf.tensor2d(logits, [n, v]), tf.tensor1d(u), 1 / inverseTemperature);
      return [drawn.token.dataSync(), drawn.logProbability.dataSync()] as const;
    });
    expect([...token!]).toEqual([...stock[0]]);
    expect(distance(logProbability, stock[1] as Float32Array)).toBeLessThan(1e-5);
  });
});

it.each([
  [{ topK: 1, topP: 1 }, 29],
  [{ topK: 4, topP: 1 }, 130],
  [{ topK: 0, topP: 0.6 }, 70],
  [{ topK: 30, topP: 0.8 }, 300],
  // A first token that has all of the mass asked for.
  [{ topK: 3, topP: 0.01 }, 5],
] as const)(
  'among %o of %i: the inverse CDF over what is kept, log-probability of all',
  (among, v) => {
    const n = 6;
    const logits = normals(n * v, 1.5);
    // Equal, and far below: a draw must not depend on which of two equal tokens comes first.
    logits[1] = logits[0]!;
    logits[2] = -40;
    const inputs = {
      logits: input(logits, n, v),
      rows: input(
        Int32Array.from({ length: n }, (_, i) => i),
        n,
      ),
    };
    const seen = new Set<string>();
    for (let step = 0; step < 12; step++) {
      const [token, logProbability] = run('PlayDraw', inputs, attributes(step, 1 / 0.8, 0, among));
      for (let i = 0; i < n; i++) {
        const row = [...logits.subarray(i * v, (i + 1) * v)];
        const masses = row.map((x) => Math.exp((x - Math.max(...row)) / 0.8));
        const kept = plainlyKept(masses, among);
        const sum = (values: readonly number[]) => values.reduce((total, x) => total + x, 0);
        const goal = uniformOf(i, step) * sum(kept);
        const drawn = token![i]!;
        expect(kept[drawn]).toBeGreaterThan(0);
        expect(sum(kept.slice(0, drawn))).toBeLessThanOrEqual(goal + 1e-5 * sum(kept));
        expect(sum(kept.slice(0, drawn + 1))).toBeGreaterThan(goal - 1e-5 * sum(kept));
        expect(logProbability![i]).toBeCloseTo(Math.log(masses[drawn]! / sum(masses)), 4);
        seen.add(`${i} ${drawn}`);
      }
    }
    const certain = among.topK === 1 || among.topP === 0.01;
    expect(seen.size > n + 1).toBe(!certain);
  },
);

it('greedy takes the first of the likeliest tokens', () => {
  const logits = Float32Array.of(1, 3, 3, 2, -1, -5, -5, -1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6);
  const inputs = { logits: input(logits, 3, 6), rows: input(Int32Array.of(0, 1, 2), 3) };
  expect([...run('PlayDraw', inputs, attributes(0, 1, 1))[0]!]).toEqual([1, 2, 5]);
});

it('a forbidden logit is never drawn, and a row of NaN still gives a token of the vocabulary', () => {
  const logits = Float32Array.of(-Infinity, 0, -Infinity, 0, NaN, NaN, NaN, NaN);
  const inputs = { logits: input(logits, 2, 4), rows: input(Int32Array.of(0, 1), 2) };
  for (let step = 0; step < 20; step++) {
    const [token] = run('PlayDraw', inputs, attributes(step));
    expect([1, 3]).toContain(token![0]);
    expect([0, 1, 2, 3]).toContain(token![1]);
  }
});
