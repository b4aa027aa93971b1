/** Waiting for tfjs to finish what it was asked: its WebGPU backend queues, the others have finished on return. */
import * as tf from '@tensorflow/tfjs-core';
import type { BenchBackend } from './configs.ts';

/** Resolves when nothing is left to do on the device. */
export async function tfjsDone(backend: BenchBackend): Promise<void> {
  if (backend !== 'webgpu') return;
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const running = tf.backend();
  if (!(running instanceof WebGPUBackend)) throw new Error('tfjs does not run on WebGPU');
  running.endComputePassEncoder();
  running.ensureCommandEncoderReady();
  running.submitQueue();
  await running.queue.onSubmittedWorkDone();
}
