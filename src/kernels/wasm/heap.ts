/**
 * The kernels' view of tfjs's WASM heap: where a tensor lies, new outputs, scratch. Also the types of the compiled
 * kernels. Knows nothing of what a kernel computes.
 */
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { KERNELS_BASE64 } from './binary.ts';
import { memoryOf } from './memory.ts';

/** The part of tfjs's BackendWasm that is used here. */
interface WasmBackend {
  readonly wasm: { readonly HEAPU8: Uint8Array };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object): boolean;
  incRef(dataId: object): void;
}

/** Every export takes byte offsets and numbers; see the sources in assembly/ for the order. */
export type KernelExports = Readonly<Record<string, (...parts: number[]) => number>>;

/** Compiles the kernels into the heap of `backend`; null where its memory is unknown or SIMD is missing. */
export function instantiateKernels(backend: object): KernelExports | null {
  const memory = memoryOf((backend as WasmBackend).wasm.HEAPU8.buffer);
  if (!memory) return null;
  try {
    const bytes = Uint8Array.from(atob(KERNELS_BASE64), (c) => c.charCodeAt(0));
    const module = new WebAssembly.Module(bytes);
    return new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
  } catch {
    // No SIMD, shared memory, or a content policy: the stock ops remain.
    return null;
  }
}

/** Inputs, outputs and scratch of one kernel call. */
export class Heap {
  readonly #backend: WasmBackend;

  constructor(backend: object) {
    this.#backend = backend as WasmBackend;
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
    const offset = this.at(tensor);
    return new DataView(this.#backend.wasm.HEAPU8.buffer).getFloat32(offset, true);
  }

  /** A new uninitialised float32 tensor. */
  output(shape: readonly number[]): TensorInfo {
    return this.#backend.makeOutput([...shape], 'float32');
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
