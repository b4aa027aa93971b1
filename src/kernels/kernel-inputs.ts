/** What kernels of every backend are given, and the shapes that they may ask for. Knows no backend. */
import { util, type TensorInfo } from '@tensorflow/tfjs-core';

export type Inputs = Readonly<Record<string, TensorInfo | undefined>>;
export type Attributes = Readonly<Record<string, number>>;

/** Shape of an input that the contract says is there. Throws TypeError when it is not. */
export function shapeOf(tensor: TensorInfo | undefined): number[] {
  if (!tensor) throw new TypeError('A kernel input is missing.');
  return tensor.shape;
}

export const sizeOf = (tensor: TensorInfo | undefined): number =>
  util.sizeFromShape(shapeOf(tensor));

/** Rows and columns of an array of two axes. Throws RangeError for others. */
export function matrix(tensor: TensorInfo | undefined): [number, number] {
  const shape = shapeOf(tensor);
  if (shape.length !== 2)
    throw new RangeError(`Expected two axes, got shape [${shape.join(', ')}].`);
  return shape as [number, number];
}

export interface HeadSizes {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
  /** Of one head. */
  readonly width: number;
}

/** Sizes of an attention call: qkv [B*T, 3D], {batch, time, heads}. Throws RangeError when they do not agree. */
export function headSizes(qkv: TensorInfo | undefined, attributes: Attributes): HeadSizes {
  const [rows, columns] = matrix(qkv);
  const batch = attributes.batch!;
  const time = attributes.time!;
  const heads = attributes.heads!;
  const width = columns / 3 / heads;
  if (rows !== batch * time || !Number.isInteger(width)) {
    throw new RangeError(
      `qkv [${rows}, ${columns}] is not ${batch} x ${time} rows of 3 x ${heads} heads.`,
    );
  }
  return { batch, time, heads, width };
}
