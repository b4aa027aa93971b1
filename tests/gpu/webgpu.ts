/**
 * The engine's own WebGPU device in Node, and the same values computed on cpu beside it. Errors that the device
 * reports outside of any call are collected, because tfjs listens to none. Not a test itself.
 */
import * as tf from '@tensorflow/tfjs-core';
import { start } from '../unit/model/tiny-model.ts';

/** What the tests read of tfjs's backend. */
interface GpuBackend {
  readonly device: GPUDevice;
  readonly pipelineCache: Readonly<Record<string, unknown>>;
}

const errors: string[] = [];
let running = false;

/** Starts the engine on webgpu once, later only switches back to it. */
export async function useWebGpu(): Promise<GpuBackend> {
  if (running) await tf.setBackend('webgpu');
  else await start('webgpu');
  const backend = tf.backend() as unknown as GpuBackend;
  if (!running) {
    backend.device.addEventListener('uncapturederror', (event) => {
      errors.push(event.error.message);
    });
  }
  running = true;
  return backend;
}

/** Computes on cpu; the caller switches back with {@link useWebGpu}. */
export async function useCpu(): Promise<void> {
  await tf.setBackend('cpu');
}

/** What the device complained about so far. */
export function deviceErrors(): readonly string[] {
  return errors;
}

/** Bytes in all GPU buffers, free ones in the pool included. */
export function allocatedBytes(): number {
  return (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;
}

/** Calls `look` after each dispatch is recorded, until the returned function is called. */
export function atEachDispatch(look: () => void): () => void {
  const { prototype } = GPUComputePassEncoder;
  const dispatch = Reflect.get(
    prototype,
    'dispatchWorkgroups',
  ) as GPUComputePassEncoder['dispatchWorkgroups'];
  const looking: typeof dispatch = function (this: GPUComputePassEncoder, ...sizes) {
    dispatch.apply(this, sizes);
    look();
  };
  Reflect.set(prototype, 'dispatchWorkgroups', looking);
  return () => {
    Reflect.set(prototype, 'dispatchWorkgroups', dispatch);
  };
}
