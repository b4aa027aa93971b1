/** Counts what is asked of tfjs where there is no GPU to count at: kernel calls and bytes of live tensors. */
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
