/**
 * Residual dropout from our own random stream, so that a resumed run drops the same units.
 * Each unit is decided by eight random bits, so the rate is rounded to a multiple of 1/256 (0.2 becomes 51/256)
 * and kept units are scaled by the rounded rate's inverse.
 */
import * as tf from '@tensorflow/tfjs-core';
import { philox4x32 } from '../data/philox.ts';
import { dropNamed, dropsByName } from '../kernels/dropout.ts';

export interface Dropout {
  /** Applies to a residual branch; `site` numbers the places of one forward pass. */
  apply(x: tf.Tensor2D, site: number): tf.Tensor2D;
}

/** Random bytes below this drop their unit. */
const thresholdOf = (rate: number): number => Math.round(rate * 256);

/** Entries [from, from + count) of the mask that (key, step, site) names. */
export function dropoutMask(
  count: number,
  rate: number,
  key: readonly [number, number],
  step: number,
  site: number,
  from = 0,
): Float32Array {
  const threshold = thresholdOf(rate);
  const kept = 256 / (256 - threshold);
  const mask = new Float32Array(count);
  for (let i = 0; i < count;) {
    const block = Math.floor((from + i) / 16);
    const words = philox4x32([block, site, step, 0], key);
    for (let j = from + i - 16 * block; j < 16 && i < count; j++, i++) {
      const byte = ((words[j >> 2] ?? 0) >>> ((j & 3) * 8)) & 0xff;
      mask[i] = byte < threshold ? 0 : kept;
    }
  }
  return mask;
}

/**
 * `rate` in [0, 1); the masks of a step are named by (key, step, site). Of a batch that goes through the model in parts,
 * `skipped` tokens came before this one, so that each token has the mask that it has in the whole batch.
 */
export function residualDropout(
  rate: number,
  key: readonly [number, number],
  step: number,
  skipped = 0,
): Dropout {
  if (!(rate >= 0 && rate < 0.995))
    throw new RangeError(`dropout rate must be in [0, 0.995), got ${rate}`);
  return {
    apply(x, site) {
      if (rate === 0) return x;
      const from = skipped * x.shape[1];
      if (dropsByName()) return dropNamed(x, thresholdOf(rate), { key, step, site, from });
      return tf.mul(x, tf.tensor2d(dropoutMask(x.size, rate, key, step, site, from), x.shape));
    },
  };
}
