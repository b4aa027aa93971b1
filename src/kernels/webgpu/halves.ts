/**
 * How kernels read weights that are stored as halves: an int32 tensor [rows, columns / 2] whose words hold two
 * neighbours of a row, the first in the low bits (../halves.ts packs them). They are unpacked while they are read, by
 * unpack2x16float, which every device has; sums stay float32.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { matrix } from '../kernel-inputs.ts';
import { floats, integers, type Binding } from './gpu.ts';

/** A weight is float32 or packed; ids, which are int32 too, are never read as weights. */
export const isPacked = (tensor: tf.TensorInfo | undefined): boolean => tensor?.dtype === 'int32';

/** Rows and columns of a weight, as of the numbers that it holds. */
export function unpackedMatrix(tensor: tf.TensorInfo | undefined): [number, number] {
  const [rows, columns] = matrix(tensor);
  return [rows, isPacked(tensor) ? 2 * columns : columns];
}

/** As an array of pairs of words, four halves each. Throws RangeError where rows do not consist of such. */
export function packed(tensor: tf.TensorInfo, wide: boolean): Binding {
  if (!wide) throw new RangeError('Packed weights need rows and columns that divide by four.');
  return { ...integers(tensor), type: 'vec2<u32>' };
}

/** A weight as an array that {@link elementCode} reads. */
export const rowsOf = (tensor: tf.TensorInfo | undefined): Binding =>
  isPacked(tensor) ? { ...integers(tensor), type: 'u32' } : floats(tensor);

/** WGSL of element `at` of a weight. */
export const elementCode = (tensor: tf.TensorInfo | undefined, name: string, at: string): string =>
  isPacked(tensor) ? `unpack2x16float(${name}[(${at}) / 2u])[(${at}) % 2u]` : `${name}[${at}]`;
