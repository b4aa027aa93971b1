/** Draws from the likeliest tokens only, in stock ops; tests/gpu/kernels-decoding.test.ts has the kernel of WebGPU. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { draw } from '../../../src/kernels/draw.ts';
import { farthest, start } from '../model/tiny-model.ts';
import { plainlyKept } from './plainly-kept.ts';

const [B, V] = [5, 23];
const rng = Rng.named(1, 'draws');
const logits = Float32Array.from({ length: B * V }, () => 1.5 * rng.normal());
const temperature = 0.8;

/** Masses of row b, over those of its likeliest token. */
function massesOf(b: number): number[] {
  const row = [...logits.subarray(b * V, (b + 1) * V)];
  return row.map((x) => Math.exp((x - Math.max(...row)) / temperature));
}

describe.each(['cpu', 'wasm'] as const)('drawing on %s', (backend) => {
  beforeAll(() => start(backend));

  test.each([
    { topK: 0, topP: 1 },
    { topK: 1, topP: 1 },
    { topK: 4, topP: 1 },
    { topK: V + 3, topP: 1 },
    { topK: 0, topP: 0.7 },
    { topK: 6, topP: 0.8 },
    { topK: 3, topP: 0.01 },
  ])('among $topK of top-p $topP: each token by its share, the others never', (among) => {
    const before = tf.memory().numTensors;
    const steps = 400;
    const counts = Array.from({ length: B }, () => new Array<number>(V).fill(0));
    for (let i = 0; i < steps; i++) {
      const { token, logProbability } = tf.tidy(() =>
        draw(tf.tensor2d(logits, [B, V]), tf.fill([B], (i + 0.5) / steps), temperature, among),
      );
      const ids = [...token.dataSync()];
      // Of the whole distribution, whatever is left out.
      const expected = ids.map((id, b) => {
        const masses = massesOf(b);
        return Math.log((masses[id] ?? NaN) / masses.reduce((sum, x) => sum + x, 0));
      });
      expect(farthest(logProbability.dataSync(), expected)).toBeLessThan(1e-5);
      ids.forEach((id, b) => counts[b]![id]!++);
      tf.dispose([token, logProbability]);
    }
    counts.forEach((row, b) => {
      const kept = plainlyKept(massesOf(b), among);
      const total = kept.reduce((sum, x) => sum + x, 0);
      row.forEach((count, id) => {
        const share = (kept[id] ?? NaN) / total;
        if (share === 0) expect(count).toBe(0);
        // Uniforms on a grid: a token is drawn once for each of their steps within its share.
        else expect(Math.abs(count - steps * share)).toBeLessThanOrEqual(1.01);
      });
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
