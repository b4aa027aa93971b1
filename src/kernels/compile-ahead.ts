/**
 * Compiles GPU programs before they are needed, all at once and in the background, instead of one after the other in
 * the middle of the first step. Which programs a piece of work needs is found by a rehearsal in which every program is
 * asked for and none runs. On other backends there is nothing to compile.
 */
import * as tf from '@tensorflow/tfjs-core';
import { setCompileOnly, type WebGpuBackend } from './webgpu/backend.ts';

/** Told how many programs are ready, of how many. */
export type CompileReport = (done: number, total: number) => void;

/** Waits for the programs in the cache that are still promises; those that fail are left to be compiled when needed. */
async function compiled(cache: WebGpuBackend['pipelineCache'], report: CompileReport) {
  const entries = Object.entries(cache).filter(([, pipeline]) => pipeline instanceof Promise);
  let done = 0;
  if (entries.length > 0) report(0, entries.length);
  await Promise.all(
    entries.map(async ([key, pipeline]) => {
      try {
        cache[key] = await pipeline;
      } catch {
        Reflect.deleteProperty(cache, key);
      }
      report(++done, entries.length);
    }),
  );
  return done;
}

/**
 * Rehearses work on the current backend and compiles its programs; returns how many. `rehearse` must do what the work
 * does with tensors of the same shapes, on models of its own, which hold nothing of use afterwards: all that it reads
 * back is zero. Nothing else may compute meanwhile. An error of the rehearsal ends it and is passed over, because the
 * work itself will meet it again and say so.
 */
export async function compileAhead(
  rehearse: () => Promise<void>,
  report: CompileReport,
): Promise<number> {
  if (tf.getBackend() !== 'webgpu') return 0;
  const { pipelineCache } = tf.backend() as unknown as WebGpuBackend;
  setCompileOnly(true);
  try {
    await rehearse();
  } catch {
    // See above.
  } finally {
    setCompileOnly(false);
  }
  return compiled(pipelineCache, report);
}
