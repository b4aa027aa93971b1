/** The tensor optimizer against the plain AdamW of tests/golden, on cpu and with the WASM kernels. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { AdamWReference } from '../../golden/adamw-reference.ts';
import oracles from '../../golden/oracles.json';
import { Rng } from '../../../src/data/rng.ts';
import { AdamW, globalNorm, type OptimizerSettings } from '../../../src/model/optimizer.ts';
import type { Model } from '../../../src/model/parameters.ts';
import { farthest, sameBits, start, TINY, tinyModel } from './tiny-model.ts';

const SMALL = {
  ...TINY,
  vocabularySize: 7,
  contextLength: 3,
  width: 4,
  layers: 1,
  padId: 5,
  eosId: 6,
};
const SETTINGS: OptimizerSettings = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-6,
  weightDecay: 0.1,
  maxGradientNorm: 1,
};

/** Gradients of step `step` for the named parameters; every third step is far longer than the clip. */
function plainGradients(model: Model, step: number, names: readonly string[]) {
  const rng = Rng.named(step, 'gradients');
  const scale = step % 3 === 0 ? 1 : 0.01;
  const all = [...model.variables].map(
    ([name, { size }]) =>
      [name, Float32Array.from({ length: size }, () => scale * rng.normal())] as const,
  );
  return new Map(all.filter(([name]) => names.includes(name)));
}

const upload = (model: Model, plain: ReadonlyMap<string, Float32Array>) =>
  new Map([...plain].map(([name, data]) => [name, tf.tensor(data, model.get(name).shape)]));

/** All parameters on even steps, a few on odd ones: positions in the list shift (D51). */
const namesAt = (model: Model, step: number) =>
  [...model.variables.keys()].filter((_, i) => step % 2 === 0 || i % 3 === 1);

function train(model: Model, optimizer: AdamW, from: number, to: number): number[] {
  const norms: number[] = [];
  for (let step = from; step < to; step++) {
    const gradients = upload(model, plainGradients(model, step, namesAt(model, step)));
    const norm = optimizer.apply(gradients, 0.01 / (1 + step));
    norms.push(norm.dataSync()[0] ?? NaN);
    norm.dispose();
  }
  return norms;
}

describe.each(['cpu', 'wasm'] as const)('AdamW on %s', (backend) => {
  beforeAll(() => start(backend));

  test('O9, D28: epsilon is added after bias correction', () => {
    const { grads, lr, beta1, beta2, eps: epsilon, theta_alg1_pytorch_tfjs: golden } = oracles.adam;
    const model = tinyModel('scalar', 1, SMALL, 0);
    const settings = { beta1, beta2, epsilon, weightDecay: 0, maxGradientNorm: Infinity };
    const optimizer = new AdamW(model, settings);
    grads.forEach((gradient, i) => {
      optimizer.apply(new Map([['score.bias', tf.tensor([gradient])]]), lr).dispose();
      const value = model.get('score.bias').dataSync()[0] ?? NaN;
      expect(Math.abs(value / (golden[i] ?? NaN) - 1)).toBeLessThan(1e-4);
    });
    optimizer.dispose();
    model.dispose();
  });

  test('D51, D52: 20 steps of two interleaved lists, with decay and global-norm clipping', async () => {
    const model = tinyModel('scalar', 2, SMALL);
    const optimizer = new AdamW(model, SETTINGS);
    const references = new Map<string, AdamWReference>();
    for (const [name, { shape, data }] of await model.tensors()) {
      const weightDecay = shape.length > 1 ? SETTINGS.weightDecay : 0;
      references.set(name, new AdamWReference(data, { ...SETTINGS, weightDecay, learningRate: 0 }));
    }
    const norms = train(model, optimizer, 0, 20);
    for (let step = 0; step < 20; step++) {
      const names = namesAt(model, step);
      const plain = plainGradients(model, step, names);
      const norm = Math.hypot(...[...plain.values()].flatMap((values) => [...values]));
      expect(Math.abs((norms[step] ?? NaN) / norm - 1)).toBeLessThan(1e-5);
      for (const [name, reference] of references) {
        const gradient = plain.get(name);
        // A parameter that is left out still ages: the step count is the optimizer's.
        if (!gradient) reference.skip();
        else
          reference.step(
            gradient.map((g) => g * Math.min(1, 1 / norm)),
            0.01 / (1 + step),
          );
      }
    }
    for (const [name, { data }] of await model.tensors()) {
      expect(farthest(data, references.get(name)?.weights ?? []), name).toBeLessThan(2e-6);
    }
    optimizer.dispose();
    model.dispose();
  });

  test('D54: 5 steps, save, 5 steps equal 10 steps to the bit', async () => {
    const straight = tinyModel('scalar', 3, SMALL);
    const straightOptimizer = new AdamW(straight, SETTINGS);
    train(straight, straightOptimizer, 0, 10);
    const first = tinyModel('scalar', 3, SMALL);
    const firstOptimizer = new AdamW(first, SETTINGS);
    train(first, firstOptimizer, 0, 5);
    const saved = await firstOptimizer.tensors();
    const second = await first.copy();
    const secondOptimizer = new AdamW(second, SETTINGS);
    secondOptimizer.restore(saved, firstOptimizer.steps);
    train(second, secondOptimizer, 5, 10);
    expect(sameBits(await second.tensors(), await straight.tensors())).toBe(true);
    expect(sameBits(await secondOptimizer.tensors(), await straightOptimizer.tensors())).toBe(true);
    saved.delete('second.wte.weight');
    expect(() => secondOptimizer.restore(saved, 5)).toThrow(/lacks .*"wte\.weight"/);
    for (const each of [straightOptimizer, firstOptimizer, secondOptimizer]) each.dispose();
    for (const each of [straight, first, second]) each.dispose();
  });

  test('a short gradient is not lengthened, and a NaN shows in the norm', () => {
    const model = tinyModel('scalar', 4, SMALL, 0);
    const before = tf.memory().numTensors;
    const norm = (values: number[]) => {
      const gradient = tf.tensor(values);
      const value = globalNorm(new Map([['ln_f.bias', gradient]]));
      const [result = NaN] = value.dataSync();
      tf.dispose([gradient, value]);
      return result;
    };
    expect(norm([3, 0, 4, 0])).toBeCloseTo(5, 5);
    expect(norm([3, NaN, 4, 0])).toBeNaN();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
