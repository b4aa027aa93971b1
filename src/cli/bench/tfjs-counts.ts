/** What tfjs can say about its own work: kernel calls, bytes of live tensors, and the time that each kernel takes. */
import * as tf from '@tensorflow/tfjs-core';

/** Counts kernels that tfjs runs, from now on. */
export function countKernelCalls(): { readonly calls: number } {
  const counts = { calls: 0 };
  const engine = tf.engine();
  const run = engine.runKernel.bind(engine);
  engine.runKernel = (...call) => {
    counts.calls++;
    return run(...call);
  };
  return counts;
}

/** Bytes of all live tensors. */
export function tensorBytes(): number {
  return tf.memory().numBytes;
}

/**
 * Calls and milliseconds of each kernel while `work` runs: by the clock on WASM, by timestamp queries on WebGPU, which
 * cost a submit for every kernel, so that the sum is more than the work takes unwatched.
 */
export async function kernelTimes(
  work: () => Promise<unknown>,
): Promise<Record<string, { calls: number; ms: number }>> {
  const { kernels } = await tf.profile(async () => {
    await work();
  });
  const times: Record<string, { calls: number; ms: number }> = {};
  for (const { name, kernelTimeMs } of kernels) {
    // An op with a gradient of its own is listed too, around the kernels that it runs.
    if (tf.getKernel(name, tf.getBackend()) === undefined) continue;
    const ms = await kernelTimeMs;
    const sum = (times[name] ??= { calls: 0, ms: 0 });
    sum.calls++;
    sum.ms += typeof ms === 'number' ? ms : NaN;
  }
  return times;
}
