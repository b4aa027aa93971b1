/** A tensor off the device: what checkpoints hold and files carry. */
export interface TensorData {
  readonly shape: readonly number[];
  /** Row-major; its length is the product of `shape`. */
  readonly data: Float32Array;
}
export type TensorMap = ReadonlyMap<string, TensorData>;
