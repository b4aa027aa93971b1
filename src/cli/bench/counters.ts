/**
 * Counts what a library asks of WebGPU by wrapping the prototypes of Dawn's classes, so that every library is counted
 * alike. Must be installed before the library asks for a device, and loads none itself. Counting costs well under a
 * microsecond a call.
 */

export interface GpuCounts {
  dispatches: number;
  submits: number;
  readbacks: number;
  /** Bytes of buffers that are created and not destroyed. */
  liveBytes: number;
  peakBytes: number;
  readonly errors: string[];
}

/** Runs `after` behind every call of a method, with the object, the arguments and the result. */
function wrap<T extends object>(
  prototype: T,
  name: string,
  after: (self: T, parameters: readonly unknown[], result: unknown) => void,
): void {
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== 'function') throw new TypeError(`WebGPU here has no ${name}`);
  Reflect.set(prototype, name, function (this: T, ...parameters: unknown[]): unknown {
    const result: unknown = Reflect.apply(original, this, parameters);
    after(this, parameters, result);
    return result;
  });
}

function sizeOf(descriptor: unknown): number {
  return typeof descriptor === 'object' && descriptor !== null && 'size' in descriptor
    ? Number(descriptor.size)
    : 0;
}

/** Starts counting; navigator.gpu must be installed. */
export function countGpuWork(): GpuCounts {
  const counts: GpuCounts = {
    dispatches: 0,
    submits: 0,
    readbacks: 0,
    liveBytes: 0,
    peakBytes: 0,
    errors: [],
  };
  const sizes = new WeakMap<object, number>();
  for (const name of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']) {
    wrap(GPUComputePassEncoder.prototype, name, () => counts.dispatches++);
  }
  wrap(GPUQueue.prototype, 'submit', () => counts.submits++);
  wrap(GPUBuffer.prototype, 'mapAsync', (_buffer, [mode]) => {
    if (mode === GPUMapMode.READ) counts.readbacks++;
  });
  wrap(GPUDevice.prototype, 'createBuffer', (_device, [descriptor], buffer) => {
    const size = sizeOf(descriptor);
    sizes.set(buffer as GPUBuffer, size);
    counts.liveBytes += size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.liveBytes);
  });
  wrap(GPUBuffer.prototype, 'destroy', (buffer) => {
    counts.liveBytes -= sizes.get(buffer) ?? 0;
    sizes.delete(buffer);
  });
  wrap(GPUAdapter.prototype, 'requestDevice', (_adapter, _parameters, device) => {
    void (device as Promise<GPUDevice>).then((started) => {
      started.addEventListener('uncapturederror', ({ error }) => counts.errors.push(error.message));
    });
  });
  return counts;
}
