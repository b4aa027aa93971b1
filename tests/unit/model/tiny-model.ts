/**
 * Tiny models whose weights are large enough that every part of a gradient shows, and the distances that tests
 * measure. A distance that meets a NaN is infinite. Not a test itself.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Sequence } from '../../../src/data/batches.ts';
import { Rng } from '../../../src/data/rng.ts';
import { startEngine, type Backend } from '../../../src/kernels/engine.ts';
import type { ModelConfig } from '../../../src/model/config.ts';
import { initialTensors, Model, type Head } from '../../../src/model/parameters.ts';
import type { TensorData, TensorMap } from '../../../src/records/tensor.ts';

export const TINY: ModelConfig = {
  vocabularySize: 29,
  contextLength: 24,
  width: 16,
  layers: 2,
  heads: 2,
  layerNormEpsilon: 1e-5,
  padId: 27,
  eosId: 28,
};

/** GPT-2's start with noise of the given deviation on every weight, gains and biases too. */
export function tinyTensors(head: Head, seed = 1, config = TINY, noise = 0.2): TensorMap {
  const rng = Rng.named(seed, 'tiny model', head);
  const tensors = new Map<string, TensorData>();
  for (const [name, { shape, data }] of initialTensors(config, head, rng)) {
    tensors.set(name, { shape, data: data.map((value) => value + noise * rng.normal()) });
  }
  return tensors;
}

export function tinyModel(head: Head = 'language', seed = 1, config = TINY, noise = 0.2): Model {
  return new Model(config, head, tinyTensors(head, seed, config, noise));
}

/** Starts a backend and fails when another one answers. */
export async function start(backend: Backend): Promise<void> {
  const engine = await startEngine({ prefer: backend });
  if (engine.backend !== backend)
    throw new Error(`${backend} did not start: ${engine.notes.join()}`);
}

/** Prompts of 1..P tokens and responses of 1..R tokens, the odd ones ended by EOS. */
export function raggedSequences(
  count: number,
  P: number,
  R: number,
  seed = 1,
  config = TINY,
): Sequence[] {
  const rng = Rng.named(seed, 'ragged');
  const tokens = (n: number) => Array.from({ length: n }, () => rng.int(config.padId));
  return Array.from({ length: count }, (_, i) => {
    const response = tokens(1 + (i % R));
    if (i % 2 === 1) response[response.length - 1] = config.eosId;
    return { prompt: tokens(1 + ((3 * i) % P)), response };
  });
}

/** Largest |a - b|; infinite for unequal lengths and wherever a NaN turns up. */
export function farthest(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    worst = error >= 0 ? Math.max(worst, error) : Infinity;
  }
  return worst;
}

/** Euclidean norm of a - b over the norm of b; infinite for a NaN. */
export function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let [difference, norm] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    difference += ((actual[i] ?? NaN) - (expected[i] ?? NaN)) ** 2;
    norm += (expected[i] ?? NaN) ** 2;
  }
  const ratio = Math.sqrt(difference) / Math.max(Math.sqrt(norm), 1e-12);
  return ratio >= 0 ? ratio : Infinity;
}

/**
 * Largest residual of a series and mean of its residuals, which finds a drift to one side (O17), both over the root
 * mean square of the expected series. Infinite for unequal lengths and for a NaN.
 */
export function residuals(
  actual: readonly number[],
  expected: readonly number[],
): { largest: number; mean: number } {
  const scale = Math.hypot(...expected) / Math.sqrt(expected.length);
  const differences = expected.map((x, i) => ((actual[i] ?? NaN) - x) / scale);
  const mean = Math.abs(differences.reduce((sum, x) => sum + x, 0) / differences.length);
  if (actual.length !== expected.length || Number.isNaN(mean)) {
    return { largest: Infinity, mean: Infinity };
  }
  return { largest: Math.max(...differences.map(Math.abs)), mean };
}

/** Whether two sets of tensors hold the same names, shapes and bits. */
export function sameBits(a: TensorMap, b: TensorMap): boolean {
  if ([...a.keys()].sort().join() !== [...b.keys()].sort().join()) return false;
  return [...a].every(([name, { shape, data }]) => {
    const other = b.get(name);
    if (other?.shape.join() !== shape.join()) return false;
    const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);
    const expected = bits(other.data);
    return bits(data).every((word, i) => word === expected[i]);
  });
}

/** Values of gradients by name; the tensors are freed. */
export async function takeValues(
  gradients: ReadonlyMap<string, tf.Tensor>,
): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const [name, tensor] of gradients) {
    values.set(name, (await tensor.data<'float32'>()).slice());
    tensor.dispose();
  }
  return values;
}
