/**
 * Dropout with named draws: unit i is decided by byte i of a Philox stream that key, step and site name, so that a resumed
 * run drops the same units. An own kernel computes the stream where the units lie; the reference is a product with the
 * mask, which model/dropout.ts makes in plain arithmetic, and both give the same bits.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { hasOwnKernel, runOwnKernel, withGradient } from './own-kernel.ts';

export interface DropNames {
  readonly key: readonly [number, number];
  readonly step: number;
  readonly site: number;
  /** Byte of the first unit: more than 0 in a part of a batch. */
  readonly from: number;
}

/** True where {@link dropNamed} can run. */
export const dropsByName = (): boolean => hasOwnKernel('PlayDropout');

/**
 * Units whose byte is below `threshold` (0 to 255) become 0, the others grow by 256 / (256 - threshold); any shape. Only
 * where {@link dropsByName} says so.
 */
export function dropNamed<T extends tf.Tensor>(x: T, threshold: number, names: DropNames): T {
  const { key, step, site, from } = names;
  const kept = 256 / (256 - threshold);
  const attributes = { threshold, kept, key0: key[0], key1: key[1], step, site, from };
  const drop = (units: tf.Tensor): tf.Tensor[] =>
    runOwnKernel('PlayDropout', { x: units }, attributes);
  return withGradient<T>(
    [x],
    () => ({ value: drop(x)[0]!, saved: [] }),
    (dy) => drop(dy),
  );
}
