/**
 * Starts the tensor engine in Node: WASM by default, on one thread (the helpers of kernels/wasm are workers of a page),
 * WebGPU through Dawn when it is asked for.
 * Not part of the page, which has its own navigator.gpu.
 */
import { UsageError } from './options.ts';
import { startEngine, type Backend, type Engine } from '../kernels/engine.ts';

/** Throws when the backend asked for is not the one that started. */
export async function startNodeEngine(backend: Backend = 'wasm'): Promise<Engine> {
  if (backend === 'webgpu') (await import('./dawn.ts')).installDawn();
  const engine = await startEngine({ prefer: backend });
  if (engine.backend !== backend)
    throw new UsageError(
      `--backend ${backend} did not start: ${engine.notes.join(' ')} Choose another.`,
    );
  return engine;
}
