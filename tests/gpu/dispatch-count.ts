/** Counts the dispatches of a whole GPU test file, for what each of its tests asks. Not a test. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi, type MockInstance } from 'vitest';
import { useOwnKernels } from '../../src/kernels/own-kernel.ts';
import { deviceErrors, useWebGpu } from './webgpu.ts';

/** To be called once in a file. Each test begins at none and may turn own kernels off for itself. */
export function countedDispatches(): { count(): number; clear(): void } {
  let calls: MockInstance;
  beforeAll(useWebGpu);
  beforeEach(() => {
    calls = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
  });
  afterEach(() => {
    useOwnKernels(true);
    calls.mockRestore();
  });
  afterAll(() => {
    expect(deviceErrors()).toEqual([]);
  });
  return {
    count: () => calls.mock.calls.length,
    clear: () => {
      calls.mockClear();
    },
  };
}
