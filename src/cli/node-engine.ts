/**
 * Starts the tensor engine in Node: WASM by default, with threads where they are asked for, WebGPU through Dawn when it
 * is asked for.
 * Not part of the page, which has its own navigator.gpu and workers of its own.
 */
import { Worker } from 'node:worker_threads';
import { startEngine, type Backend, type Engine, type EngineOptions } from '../kernels/engine.ts';
import { UsageError } from './options.ts';

/** Threads of Node do not read TypeScript by themselves, unlike the command that starts them. */
const HELPER = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('./node-helper.ts', import.meta.url).href)});
});`;

/** A helper's thread, which does not keep the process alive. */
const startHelper: NonNullable<EngineOptions['helpers']>['start'] = () => {
  const thread = new Worker(HELPER, { eval: true });
  thread.unref();
  return {
    postMessage: (message) => {
      thread.postMessage(message);
    },
    addEventListener: (type, listener) => {
      thread.once(type, listener);
    },
    terminate: () => void thread.terminate(),
  };
};

/**
 * Throws when the backend asked for is not the one that started.
 * @param threads that WASM may use, this one included; the numbers are the same bits for any of them.
 */
export async function startNodeEngine(backend: Backend = 'wasm', threads = 1): Promise<Engine> {
  if (backend === 'webgpu') (await import('./dawn.ts')).installDawn();
  const engine = await startEngine({
    prefer: backend,
    ...(threads > 1 && { helpers: { count: threads - 1, start: startHelper } }),
  });
  if (engine.backend !== backend)
    throw new UsageError(
      `--backend ${backend} did not start: ${engine.notes.join(' ')} Choose another.`,
    );
  return engine;
}
