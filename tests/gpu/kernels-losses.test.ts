/**
 * Own WGSL kernels of PPO's losses and of the scalar head: beside stock ops on cpu, on shapes around a workgroup; and
 * the losses beside their plain forms at each side of each clip.
 */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { Rng } from '../../src/data/rng.ts';
import { ppoPolicyLossTensor, valueLossTensor } from '../../src/kernels/ppo-losses.ts';
import { scalarHead } from '../../src/kernels/scalar-head.ts';
import { clippedPolicyLoss, clippedValueLoss } from '../../src/rlhf/clipping.ts';
import { klEstimate, klEstimateSlope } from '../../src/rlhf/kl.ts';
import { farthest } from '../unit/model/tiny-model.ts';
import { expectOwnKernels, ids, normals, upload, whole, type Values } from './own-kernels.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

afterAll(() => {
  expect(deviceErrors()).toEqual([]);
});

const rng = Rng.named(12, 'losses');

/** Rows of `columns` tokens that are live up to some length, the first of them whole. */
const prefixMask = (rows: number, columns: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, i) =>
    i % columns < 1 + ((columns - 1 + 3 * Math.floor(i / columns)) % columns) ? 1 : 0,
  );

/** Rows, columns: one token, a few, more than a workgroup's threads, and many times as many. */
const SHAPES = [
  [1, 1],
  [3, 5],
  [13, 5],
  [7, 97],
] as const;

describe.each(SHAPES)('losses over %i x %i tokens', (rows, columns) => {
  const N = rows * columns;
  const mask = prefixMask(rows, columns);
  const constants = [normals([N]).values, normals([N]).values, normals([N]).values];

  /** The constants and the mask as tensors, inside the op: no gradient is taken of them. */
  const held = () => [...constants, mask].map((x) => tf.tensor1d(x as Float32Array));

  test.each([
    [0, null, 0],
    [0.3, null, 0],
    [0, 'k1', 0.4],
    [0.2, 'k2', 2],
    [0, 'k3', 0.1],
  ] as const)(
    'policy loss, entropy bonus %f, KL %s times %f',
    async (entropyBonus, estimator, weight) => {
      await expectOwnKernels({
        inputs: [normals([2, N], 0.5)],
        op: ([statistics]) => {
          const [old, advantages, reference, mask] = held() as [
            tf.Tensor1D,
            tf.Tensor1D,
            tf.Tensor1D,
            tf.Tensor1D,
          ];
          const kl = estimator && { kl: { reference, estimator, weight } };
          const settings = { clip: 0.2, entropyBonus };
          return ppoPolicyLossTensor(
            statistics as tf.Tensor2D,
            { old, advantages, mask, ...kl },
            settings,
          );
        },
        kernels: ['PlayPolicyLoss'],
      });
    },
  );

  test.each([0.2, Infinity])('value loss, clip %f', async (clip) => {
    await expectOwnKernels({
      inputs: [normals([N], 0.7)],
      op: ([values]) => {
        const [old, returns, , mask] = held() as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        return valueLossTensor(values!, old, returns, mask, clip);
      },
      kernels: ['PlayValueLoss'],
    });
  });
});

/** Loss and gradient on WebGPU with respect to the first of the given arrays. */
async function onDevice(
  x: Values,
  others: readonly (readonly number[])[],
  loss: (x: tf.Tensor, others: readonly tf.Tensor1D[]) => tf.Scalar,
): Promise<{ loss: number; gradient: number[] }> {
  await useWebGpu();
  const [value, grad] = tf.tidy(() => {
    const held = others.map((values) => tf.tensor1d([...values]));
    const both = tf.valueAndGrad((given) => loss(given, held))(upload(x));
    return [both.value, both.grad];
  });
  const result = { loss: (await value.data())[0] ?? NaN, gradient: [...(await grad.data())] };
  tf.dispose([value, grad]);
  return result;
}

describe('beside the plain forms', () => {
  // Both signs of the advantage at ratios below, inside and above the clip; and a token of the padding.
  const advantages = [1, 1, 1, -1, -1, -1, 5];
  const ratios = [0.5, 1.1, 1.5, 0.5, 0.9, 1.5, 1e9];
  const live = [1, 1, 1, 1, 1, 1, 0];

  test.each(['k1', 'k2', 'k3'] as const)(
    'D15, D17, D25: policy loss with %s and entropy',
    async (k) => {
      const old = ratios.map(() => -2);
      const own = ratios.map((ratio) => Math.log(ratio) - 2);
      const reference = own.map((x, i) => x + Math.sin(1 + i));
      const entropy = ratios.map((_, i) => i / 3);
      const x = { values: Float32Array.of(...own, ...entropy), shape: [2, live.length] };
      const { loss, gradient } = await onDevice(
        x,
        [old, advantages, live, reference],
        (x, [old, advantages, mask, reference]) =>
          ppoPolicyLossTensor(
            x as tf.Tensor2D,
            {
              old: old!,
              advantages: advantages!,
              mask: mask!,
              kl: { reference: reference!, estimator: k, weight: 0.5 },
            },
            { clip: 0.2, entropyBonus: 0.1 },
          ),
      );
      let sum = 0;
      const slopes = live.map((mask, i) => {
        if (mask === 0) return 0;
        const [p, r] = [own[i] ?? NaN, reference[i] ?? NaN];
        const token = clippedPolicyLoss(ratios[i] ?? NaN, advantages[i] ?? NaN, 0.2);
        sum += token.loss + 0.5 * klEstimate(k, p, r) - 0.1 * (entropy[i] ?? NaN);
        return (token.gradient * (ratios[i] ?? NaN) + 0.5 * klEstimateSlope(k, p, r)) / 6;
      });
      expect(loss).toBeCloseTo(sum / 6, 5);
      const entropySlopes = live.map((mask) => (-0.1 * mask) / 6);
      expect(farthest(gradient, [...slopes, ...entropySlopes])).toBeLessThan(1e-6);
    },
  );

  test.each([0.2, Infinity])('D16, D17: value loss with clip %f', async (clip) => {
    const values = [1.1, 1.5, 1.5, 0.3, 0.9, -2, 90];
    const returns = [2, 2, 0, 0.6, 0.9, -3, -90];
    const old = values.map(() => 1);
    const x = { values: Float32Array.from(values), shape: [values.length] };
    const { loss, gradient } = await onDevice(x, [old, returns, live], (x, [old, returns, mask]) =>
      valueLossTensor(x, old!, returns!, mask!, clip),
    );
    const tokens = values
      .map((value, i) => clippedValueLoss(value, 1, returns[i] ?? NaN, clip))
      .slice(0, 6);
    expect(loss).toBeCloseTo(tokens.reduce((sum, token) => sum + token.loss, 0) / 6, 5);
    const slopes = tokens.map((token) => token.gradient / 6);
    expect(farthest(gradient, [...slopes, 0])).toBeLessThan(1e-6);
  });
});

describe('scalar head', () => {
  test.each([
    [2, 1, [1]],
    [7, 20, [6, 0, 3]],
    // Rows taken twice, and more rows and columns than threads.
    [90, 33, [5, 89, 5, 0, 64, 64, 64]],
    [40, 130, [...whole(100, 40).values]],
  ])('of %i rows of width %i at rows %o', async (rows, width, at) => {
    await expectOwnKernels({
      inputs: [normals([rows, width]), normals([1, width]), normals([1]), ids(...at)],
      op: ([hidden, weight, bias, indices]) =>
        scalarHead(
          hidden as tf.Tensor2D,
          indices as tf.Tensor1D,
          weight as tf.Tensor2D,
          bias as tf.Tensor1D,
        ),
      kernels: ['PlayScalarHead', 'PlayScalarHeadGrad'],
    });
  });

  test('a row outside gives NaN, and takes part in no gradient', async () => {
    await useWebGpu();
    const hidden = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const [weight, bias] = [tf.tensor2d([10, 1], [1, 2]), tf.tensor1d([0.5])];
    const indices = tf.tensor1d([1, 2, -1], 'int32');
    const results = tf.tidy(() => {
      const f = (...[h, w, b]: tf.Tensor[]) =>
        scalarHead(h as tf.Tensor2D, indices, w as tf.Tensor2D, b as tf.Tensor1D);
      const scores = f(hidden, weight, bias);
      return [scores, ...tf.grads(f)([hidden, weight, bias], tf.tensor1d([2, 100, 100]))];
    });
    const values = [];
    for (const result of results) values.push([...(await result.data())]);
    expect(values).toEqual([[34.5, NaN, NaN], [0, 0, 20, 2], [6, 8], [2]]);
    tf.dispose([...results, hidden, weight, bias, indices]);
  });
});

test('losses and head leave nothing on the device, whatever the seed', async () => {
  await useWebGpu();
  const before = tf.memory().numTensors;
  const hidden = upload(normals([6, 8])) as tf.Tensor2D;
  for (let i = 0; i < 3; i++) {
    const [loss, gradient] = tf.tidy(() => {
      const old = tf.fill([4], rng.normal()) as tf.Tensor1D;
      const { value, grad } = tf.valueAndGrad((h) => {
        const weight = tf.ones([1, 8]) as tf.Tensor2D;
        const at = tf.tensor1d([0, 1, 2, 5], 'int32');
        const values = scalarHead(h as tf.Tensor2D, at, weight, tf.zeros([1]));
        return valueLossTensor(values, old, tf.ones([4]), tf.tensor1d([1, 1, 0, 1]), 0.2);
      })(hidden);
      return [value, grad];
    });
    tf.dispose([loss, gradient]);
  }
  hidden.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
