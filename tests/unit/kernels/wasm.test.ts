/**
 * Every WASM kernel but attention against plain float64 loops, odd shapes included; gradients against central
 * differences; no tensor left over. Also that the committed binary is what the sources compile to.
 */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileKernels } from '../../../src/cli/build-kernels.ts';
import { distance, input, normals, pick, rng, run, spread, startKernels } from './wasm-harness.ts';
import * as reference from './wasm-reference.ts';
import type { Numbers } from './wasm-reference.ts';

beforeAll(startKernels);

it('the committed binary is what the sources compile to', async () => {
  const committed = readFileSync(
    new URL('../../../src/kernels/wasm/binary.ts', import.meta.url),
    'utf8',
  );
  expect(await compileKernels()).toBe(committed);
}, 120_000);

it('WebAssembly is as it was after the capture', () => {
  expect(String(WebAssembly.instantiate)).toContain('[native code]');
  expect(String(WebAssembly.Instance)).toContain('[native code]');
});

describe.each([
  [1, 5],
  [1, 80],
  [33, 7],
  [3, 1],
  [40, 80],
])('layer norm of [%i, %i]', (n, d) => {
  const epsilon = 1e-5;
  const [x, gain, bias, dy] = [normals(n * d, 3), normals(d), normals(d), normals(n * d)] as const;
  const expected = reference.layerNorm(x, gain, bias, n, epsilon);

  it('forward', () => {
    const inputs = { x: input(x, n, d), gain: input(gain, d), bias: input(bias, d) };
    const [y, mean, rstd] = run('PlayLayerNorm', inputs, { epsilon });
    expect(distance(y, expected.y)).toBeLessThan(1e-5);
    expect(distance(mean, expected.mean)).toBeLessThan(1e-6);
    expect(distance(rstd, expected.rstd)).toBeLessThan(1e-5);
  });

  it('gradient', () => {
    const [dx, dgain, dbias] = run('PlayLayerNormGrad', {
      dy: input(dy, n, d),
      x: input(x, n, d),
      gain: input(gain, d),
      mean: input(Float32Array.from(expected.mean), n),
      rstd: input(Float32Array.from(expected.rstd), n),
    });
    const loss = (a: Numbers, b: Numbers, c: Numbers) =>
      reference.inner(dy, reference.layerNorm(a, b, c, n, epsilon).y);
    const some = spread(n * d, 60);
    const all = spread(d, d);
    const gradient = (f: (v: Float64Array) => number, at: Numbers, of: number[]) =>
      reference.centralDifferences(f, at, of);
    // With one feature the output is the bias alone: rstd is 1 / sqrt(epsilon), and only cancellation is left.
    const tolerance = d === 1 ? 1e-3 : 2e-5;
    expect(
      distance(
        pick(dx!, some),
        gradient((v) => loss(v, gain, bias), x, some),
      ),
    ).toBeLessThan(tolerance);
    expect(
      distance(
        dgain,
        gradient((v) => loss(x, v, bias), gain, all),
      ),
    ).toBeLessThan(2e-5);
    expect(
      distance(
        dbias,
        gradient((v) => loss(x, gain, v), bias, all),
      ),
    ).toBeLessThan(2e-5);
  });
});

describe('GELU', () => {
  it.each([1, 3, 4, 1001])('value and gradient of %i elements', (size) => {
    const x = normals(size, 4);
    const dy = normals(size);
    const [y] = run('PlayGelu', { x: input(x, size) });
    expect(distance(y, x.map(reference.gelu))).toBeLessThan(1e-6);
    const [dx] = run('PlayGeluGrad', { dy: input(dy, size), x: input(x, size) });
    const loss = (v: Float64Array) => reference.inner(dy, v.map(reference.gelu));
    const some = spread(size, 100);
    const slopes = reference.centralDifferences(loss, x, some);
    expect(distance(pick(dx!, some), slopes)).toBeLessThan(1e-5);
  });

  it('far tails are 0 and x, slopes 0 and 1; NaN stays NaN', () => {
    const x = Float32Array.of(-1e6, -100, -20, 0, 20, 100, 1e6, NaN);
    const [y] = run('PlayGelu', { x: input(x, 8) });
    const [dx] = run('PlayGeluGrad', {
      dy: input(
        x.map(() => 1),
        8,
      ),
      x: input(x, 8),
    });
    expect(distance(y!.subarray(0, 7), [0, 0, 0, 0, 20, 100, 1e6])).toBeLessThan(1e-6);
    expect(distance(dx!.subarray(0, 7), [0, 0, 0, 0.5, 1, 1, 1])).toBeLessThan(1e-6);
    expect([y![7], dx![7]]).toEqual([NaN, NaN]);
  });
});

describe.each([
  [1, 1, 1],
  [1, 5, 0.7],
  [6, 37, 1],
  [3, 1024, 1.6],
])('token log-probability [%i, %i] at inverse temperature %f', (n, v, inverseTemperature) => {
  const logits = normals(n * v, 3);
  const labels = Int32Array.from({ length: n }, () => rng.int(v));
  const expected = reference.tokenLogProbability(logits, labels, inverseTemperature);
  const inputs = { logits: input(logits, n, v), labels: input(labels, n) };

  it('forward', () => {
    const results = run('PlayTokenLogProbability', inputs, { inverseTemperature });
    expect(distance(results[0], expected.logProbability)).toBeLessThan(2e-6);
    expect(distance(results[1], expected.entropy)).toBeLessThan(4e-6);
    expect(distance(results[2], expected.lse)).toBeLessThan(2e-6);
  });

  it.each([
    ['log-probability', 1, 0],
    ['entropy', 0, 1],
    ['both', 1, 1],
    ['neither', 0, 0],
  ])('gradient of %s', (_, ofLog, ofEntropy) => {
    const dLogProbability = normals(n).map((x) => x * ofLog);
    const dEntropy = normals(n).map((x) => x * ofEntropy);
    const [dlogits] = run(
      'PlayTokenLogProbabilityGrad',
      {
        ...inputs,
        dLogProbability: input(dLogProbability, n),
        dEntropy: input(dEntropy, n),
        entropy: input(Float32Array.from(expected.entropy), n),
        lse: input(Float32Array.from(expected.lse), n),
      },
      { inverseTemperature },
    );
    const loss = (x: Float64Array) => {
      const at = reference.tokenLogProbability(x, labels, inverseTemperature);
      return (
        reference.inner(dLogProbability, at.logProbability) + reference.inner(dEntropy, at.entropy)
      );
    };
    const some = [...spread(n * v, 120), labels[0]!];
    const slopes = reference.centralDifferences(loss, logits, some);
    expect(distance(pick(dlogits!, some), slopes)).toBeLessThan(3e-6);
  });
});

it('forbidden logits of -Infinity take no probability; a label out of range gives NaN', () => {
  const logits = Float32Array.of(1, -Infinity, 2, -Infinity, 0, 1, 2, 3, 4, 5);
  const labels = Int32Array.of(2, 7);
  const inputs = { logits: input(logits, 2, 5), labels: input(labels, 2) };
  const results = run('PlayTokenLogProbability', inputs, { inverseTemperature: 1 });
  const expected = reference.tokenLogProbability(logits.subarray(0, 5), labels.subarray(0, 1), 1);
  expect(results[0]![0]).toBeCloseTo(expected.logProbability[0]!, 6);
  expect(results[1]![0]).toBeCloseTo(expected.entropy[0]!, 6);
  expect(results[0]![1]).toBeNaN();
});

describe('tables', () => {
  it.each([
    [1, 5, 1],
    [50, 7, 9],
    [64, 80, 16],
  ])('rows by index and segment sums, [%i, %i] and %i rows', (n, d, rows) => {
    const x = normals(n * d);
    const ids = Int32Array.from({ length: n }, () => rng.int(rows));
    const expected = reference.segmentSum(ids, x, rows);
    const table = normals(rows * d);
    const [taken] = run('PlayEmbedding', { table: input(table, rows, d), ids: input(ids, n) });
    expect(taken).toEqual(x.map((_, i) => table[ids[Math.floor(i / d)]! * d + (i % d)]!));
    const [own] = run('PlayEmbeddingGrad', { ids: input(ids, n), dy: input(x, n, d) }, { rows });
    expect(distance(own, expected)).toBeLessThan(2e-6);
    const stock = { x: input(x, n, d), segmentIds: input(ids, n) };
    const [summed] = run('UnsortedSegmentSum', stock, { numSegments: rows });
    expect(distance(summed, expected)).toBeLessThan(2e-6);
  });

  it.each([
    [1, 5, 1],
    [50, 7, 9],
    [64, 80, 16],
  ])('token plus position rows, [%i, %i] of %i rows', (n, d, rows) => {
    const [table, positionTable] = [normals(rows * d), normals(2 * d)];
    const ids = Int32Array.from({ length: n }, () => rng.int(rows));
    const positions = Int32Array.from({ length: n }, () => rng.int(2));
    const inputs = {
      table: input(table, rows, d),
      ids: input(ids, n),
      positionTable: input(positionTable, 2, d),
      positions: input(positions, n),
    };
    const [sums] = run('PlayEmbeddingSum', inputs);
    const expected = Float32Array.from({ length: n * d }, (_, i) => {
      const [row, column] = [Math.floor(i / d), i % d];
      return table[ids[row]! * d + column]! + positionTable[positions[row]! * d + column]!;
    });
    expect(sums).toEqual(expected);
  });

  it('an id or a position outside its table gives NaN', () => {
    const inputs = (id: number, position: number) => ({
      table: input(normals(6), 2, 3),
      ids: input(Int32Array.of(id), 1),
      positionTable: input(normals(6), 2, 3),
      positions: input(Int32Array.of(position), 1),
    });
    const sums = (id: number, position: number) => [
      ...run('PlayEmbeddingSum', inputs(id, position))[0]!,
    ];
    expect(sums(1, 1).some(Number.isNaN)).toBe(false);
    expect(sums(2, 1)).toEqual([NaN, NaN, NaN]);
    expect(sums(1, -1)).toEqual([NaN, NaN, NaN]);
  });
});

it.each([1, 7, 4099])('AdamW of %i elements', (size) => {
  const [parameter, gradient, firstMoment] = [normals(size), normals(size), normals(size)] as const;
  const secondMoment = normals(size).map((x) => x * x);
  const a = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };
  const b = { correction1: 1 - 0.9 ** 3, correction2: 1 - 0.95 ** 3, scale: 0.37 };
  const values = { parameter, gradient, firstMoment, secondMoment };
  const inputs = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, input(v, size)]));
  const scale = input(Float32Array.of(b.scale));
  const rates = { ...a, correction1: b.correction1, correction2: b.correction2 };
  const [p, m, v] = run('PlayAdamW', { ...inputs, scale }, rates);
  const g = Float64Array.from(gradient, (x) => x * b.scale);
  const first = g.map((x, i) => a.beta1 * firstMoment[i]! + (1 - a.beta1) * x);
  const second = g.map((x, i) => a.beta2 * secondMoment[i]! + (1 - a.beta2) * x * x);
  const expected = first.map((x, i) => {
    const root = Math.sqrt(second[i]! / b.correction2) + a.epsilon;
    return (
      parameter[i]! * (1 - a.learningRate * a.weightDecay) -
      (a.learningRate * x) / b.correction1 / root
    );
  });
  expect(distance(m, first)).toBeLessThan(1e-6);
  expect(distance(v, second)).toBeLessThan(1e-6);
  expect(distance(p, expected)).toBeLessThan(1e-6);
});

it.each([0, 0.5, 1e6])('global norm of three gradients, clipped at %f (0 for never)', (maxNorm) => {
  const gradients = [1, 7, 4099].map((size) => normals(size));
  const inputs = Object.fromEntries(gradients.map((g, i) => [`g${i}`, input(g, g.length)]));
  const [norm, scale] = run('PlayGlobalNorm', inputs, { maxNorm });
  const expected = Math.sqrt(gradients.reduce((sum, g) => sum + reference.inner(g, g), 0));
  expect(norm![0]! / expected).toBeCloseTo(1, 6);
  expect(scale![0]).toBeCloseTo(maxNorm === 0.5 ? 0.5 / expected : 1, 6);
});

it('a clone shares its data until both are gone', () => {
  const held = tf.backend().numDataIds();
  const x = tf.tensor1d([1, 2, 3]);
  const copy = tf.clone(x);
  x.dispose();
  expect([...copy.dataSync()]).toEqual([1, 2, 3]);
  expect(tf.backend().numDataIds()).toBe(held + 1);
  copy.dispose();
  expect(tf.backend().numDataIds()).toBe(held);
});

it('a tensor of the wrong type is refused', () => {
  const ids = input(new Float32Array(3), 3);
  const dy = input(normals(6), 3, 2);
  expect(() => run('PlayEmbeddingGrad', { ids, dy }, { rows: 2 })).toThrow(TypeError);
});
