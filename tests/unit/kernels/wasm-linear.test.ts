/**
 * Products and linear layers of the WASM backend against plain float64 loops, odd shapes included; and that neither
 * the rows that are computed together nor the number of threads changes a bit of the result. Threads themselves need a
 * browser: tests/e2e/threads.test.ts.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerWasmKernels } from '../../../src/kernels/wasm/register.ts';
import { startRuntime, type Runtime } from '../../../src/kernels/wasm/runtime.ts';
import { ranges, soloTeam, threadsFor } from '../../../src/kernels/wasm/team.ts';
import { distance, input, normals, rng, run, startKernels } from './wasm-harness.ts';
import { centralDifferences, gelu, inner, type Numbers } from './wasm-reference.ts';

let runtime: Runtime;
beforeAll(async () => {
  await startKernels();
  runtime = (await startRuntime(tf.backend()))!;
});
afterEach(() => registerWasmKernels(tf.backend(), runtime));

/** a [m, k] b [k, n] by element access, so that either may be stored transposed. */
function product(
  [m, k, n]: readonly [number, number, number],
  a: (i: number, l: number) => number,
  b: (l: number, j: number) => number,
): Float64Array {
  return Float64Array.from({ length: m * n }, (_, index) => {
    const [i, j] = [Math.floor(index / n), index % n];
    let sum = 0;
    for (let l = 0; l < k; l++) sum += a(i, l) * b(l, j);
    return sum;
  });
}

/** Rows, inner length, columns: less than a tile, ragged ones, and more than is packed at a time. */
const SHAPES = [
  [1, 1, 1],
  [1, 9, 77],
  [3, 5, 8],
  [4, 8, 16],
  [5, 3, 9],
  [37, 130, 24],
  [34, 13, 70],
  [9, 2100, 40],
] as const;

describe.each(SHAPES)('[%i, %i] times [%i columns]', (m, k, n) => {
  const [a, b] = [normals(m * k), normals(k * n)] as const;
  const expected = product(
    [m, k, n],
    (i, l) => a[i * k + l]!,
    (l, j) => b[l * n + j]!,
  );
  const turned = (x: Numbers, rows: number, columns: number) =>
    Float32Array.from(x, (_, i) => x[(i % rows) * columns + Math.floor(i / rows)]!);
  const tolerance = 3e-7 * k + 2e-6;

  it('plain, and either operand stored transposed', () => {
    const flags = (transposeA: number, transposeB: number) => ({ transposeA, transposeB });
    const [at, bt] = [turned(a, m, k), turned(b, k, n)];
    const results = [
      run('PlayMatMul', { a: input(a, m, k), b: input(b, k, n) }, flags(0, 0))[0],
      run('PlayMatMul', { a: input(a, m, k), b: input(bt, n, k) }, flags(0, 1))[0],
      run('PlayMatMul', { a: input(at, k, m), b: input(b, k, n) }, flags(1, 0))[0],
      run('PlayMatMulTransposedA', { a: input(at, k, m), b: input(b, k, n) })[0],
    ];
    for (const result of results) expect(distance(result, expected)).toBeLessThan(tolerance);
    // Every element is summed in the same order, however the operands are stored.
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it('with bias, residual, GELU', () => {
    const [bias, residual] = [normals(n), normals(m * n)] as const;
    const inputs = { x: input(a, m, k), w: input(b, k, n), b: input(bias, n) };
    const before = expected.map((y, i) => y + bias[i % n]!);
    const [y] = run('PlayLinear', inputs);
    expect(distance(y, before)).toBeLessThan(tolerance);
    const [sum] = run('PlayLinear', { ...inputs, residual: input(residual, m, n) });
    expect(
      distance(
        sum,
        before.map((x, i) => x + residual[i]!),
      ),
    ).toBeLessThan(tolerance);
    const [activated, z] = run('PlayLinearGelu', inputs);
    expect(z).toEqual(y);
    expect(distance(activated, before.map(gelu))).toBeLessThan(2 * tolerance);
  });

  it('gradients of the weights, of the bias, and through a GELU', () => {
    const dy = normals(m * n);
    const [dw, db] = run('PlayLinearWeightGrad', { x: input(a, m, k), dy: input(dy, m, n) });
    const dwExpected = product(
      [k, m, n],
      (i, l) => a[l * k + i]!,
      (l, j) => dy[l * n + j]!,
    );
    expect(distance(dw, dwExpected)).toBeLessThan(3e-7 * m + 2e-6);
    const ones = product(
      [1, m, n],
      () => 1,
      (l, j) => dy[l * n + j]!,
    );
    expect(distance(db, ones)).toBeLessThan(3e-7 * m + 2e-6);
    // z [m, k] goes through the GELU and then times b: dz is the gradient of <dy, gelu(z) b>.
    const [dz] = run('PlayLinearGeluGrad', {
      dy: input(dy, m, n),
      w: input(b, k, n),
      z: input(a, m, k),
    });
    const dh = product(
      [m, n, k],
      (i, l) => dy[i * n + l]!,
      (l, j) => b[j * n + l]!,
    );
    const all = Array.from({ length: m * k }, (_, i) => i);
    const some = all.filter((i) => i % Math.ceil((m * k) / 60) === 0);
    const slopes = centralDifferences((v) => inner(dh, v.map(gelu)), a, some);
    const found = Float64Array.from(some, (i) => dz![i]!);
    expect(distance(found, slopes)).toBeLessThan(1e-6 * n + 1e-5);
  });

  it('the first rows alone give the same bits', () => {
    const [whole] = run('PlayMatMul', { a: input(a, m, k), b: input(b, k, n) });
    for (const rows of [1, 2, 3, m - 1].filter((count) => count > 0 && count < m)) {
      const part = input(a.subarray(0, rows * k), rows, k);
      const [first] = run('PlayMatMul', { a: part, b: input(b, k, n) });
      expect(first).toEqual(whole!.subarray(0, rows * n));
    }
  });
});

it('operands that do not fit are refused', () => {
  const inputs = { a: input(normals(6), 2, 3), b: input(normals(8), 4, 2) };
  expect(() => run('PlayMatMul', inputs)).toThrow(RangeError);
  expect(() => run('PlayMatMul', inputs, { transposeA: 1, transposeB: 1 })).toThrow(RangeError);
});

describe('sharing', () => {
  it('ranges cover everything once, begin at multiples of the step, and are never empty', () => {
    for (const [n, parts, step] of [
      [1, 4, 8],
      [64, 4, 8],
      [70, 3, 8],
      [9, 8, 1],
      [17, 2, 8],
    ] as const) {
      const cut = ranges(n, parts, step);
      expect(cut.length).toBeLessThanOrEqual(parts);
      expect(
        cut.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)),
      ).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(cut.every(([from, to]) => from % step === 0 && to > from)).toBe(true);
    }
  });

  it('small work stays with one thread, large work is spread over all', () => {
    const team = soloTeam(runtime.kernels, 4);
    expect(threadsFor(team, 1000)).toBe(1);
    expect(threadsFor(team, 1e9)).toBe(4);
  });

  it.each([2, 3, 4])('%i threads give the same bits as one', (size) => {
    const [m, k, n] = [70, 90, 1030];
    const x = input(normals(m * k), m, k);
    const linear = { x, w: input(normals(k * n), k, n), b: input(normals(n), n) };
    const shape = { batch: 9, time: 66, heads: 4 };
    const rows = shape.batch * shape.time;
    const starts = Int32Array.from({ length: shape.batch }, () => rng.int(shape.time));
    const sequence = { qkv: input(normals(rows * 384), rows, 384), starts: input(starts, 9) };
    const all = () => {
      const [out, lse] = run('PlayAttention', sequence, shape);
      const backward = {
        ...sequence,
        dy: input(out!, rows, 128),
        out: input(out!, rows, 128),
        lse: input(lse!, lse!.length),
      };
      return [
        ...run('PlayLinear', linear),
        ...run('PlayLinearGelu', linear),
        ...run('PlayMatMulTransposedA', { a: x, b: x }),
        ...run('PlayMatMulTransposedA', { a: linear.w, b: linear.w }),
        out,
        lse,
        ...run('PlayAttentionGrad', backward, shape),
      ];
    };
    const alone = all();
    const parts: number[] = [];
    const team = soloTeam(runtime.kernels, size);
    registerWasmKernels(tf.backend(), {
      kernels: runtime.kernels,
      team: {
        size,
        run: (kernel, shares) => {
          parts.push(shares.length);
          team.run(kernel, [...shares].reverse());
        },
      },
    });
    const bytes = (x: Float32Array | undefined) =>
      Buffer.from(x!.buffer, x!.byteOffset, x!.byteLength);
    const shared = all();
    expect(shared.map((x, i) => bytes(x).equals(bytes(alone[i])))).toEqual(alone.map(() => true));
    expect(Math.max(...parts)).toBe(size);
  });
});
