/**
 * The kernels' view of tfjs's WASM heap: where a tensor lies, new outputs, scratch. Knows nothing of what a
 * kernel computes.
 */
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { Attributes, Inputs } from '../kernel-inputs.ts';
import type { KernelExports, Team } from './team.ts';

/** The part of tfjs's BackendWasm that is used here. */
interface WasmBackend {
  readonly wasm: { readonly HEAPU8: Uint8Array };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
}

/** The buffer in which a backend's tensors lie now. */
export const bufferOf = (backend: object): ArrayBufferLike =>
  (backend as WasmBackend).wasm.HEAPU8.buffer;

export type Kernel = (
  kernels: KernelExports,
  heap: Heap,
  inputs: Inputs,
  attributes: Attributes,
) => TensorInfo | TensorInfo[];

/** Inputs, outputs and scratch of one kernel call. */
export class Heap {
  readonly team: Team;
  readonly #backend: WasmBackend;

  constructor(backend: object, team: Team) {
    this.#backend = backend as WasmBackend;
    this.team = team;
  }

  /** Byte offset of a tensor's first element. Throws TypeError when its type is not the one the kernel reads. */
  at(tensor: TensorInfo | undefined, dtype: 'float32' | 'int32' = 'float32'): number {
    if (tensor?.dtype !== dtype) {
      throw new TypeError(
        `The kernel reads ${dtype}, but was given ${tensor?.dtype ?? 'nothing'}.`,
      );
    }
    return this.#backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** Value of a float32 scalar; reading is free here, where tensors live in this thread's memory. */
  scalar(tensor: TensorInfo | undefined): number {
    return new DataView(bufferOf(this.#backend)).getFloat32(this.at(tensor), true);
  }

  /** A new float32 scalar. */
  scalarOf(value: number): TensorInfo {
    const scalar = this.output([]);
    new DataView(bufferOf(this.#backend)).setFloat32(this.at(scalar), value, true);
    return scalar;
  }

  /** A new uninitialised tensor, float32 unless said. */
  output(shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): TensorInfo {
    return this.#backend.makeOutput([...shape], dtype);
  }

  /** Another handle on the same data; freed when both are. */
  alias({ dataId, shape, dtype }: TensorInfo): TensorInfo {
    this.#backend.incRef(dataId);
    return { dataId, shape, dtype };
  }

  /** Runs `use` with the offset of `floats` uninitialised floats that are freed afterwards. */
  withScratch(floats: number, use: (offset: number) => void): void {
    const scratch = this.output([Math.max(1, floats)]);
    try {
      use(this.at(scratch));
    } finally {
      this.#backend.disposeData(scratch.dataId);
    }
  }
}
