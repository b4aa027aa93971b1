// Runs the engine's backends in a real Chromium, one worker for each task, on an isolated page that is served for it:
// for parity between them and for timing one beside the other. The page itself is tested elsewhere.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { preview } from 'vite';
import { launch, type LaunchOptions } from './browser.ts';
import type { BackendResult, BackendTask } from './browser-work.ts';

const require = createRequire(import.meta.url);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const packageFolder = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/** The scripts, tfjs's binaries and an empty page. */
async function writeSite(folder: string): Promise<void> {
  await build({
    entryPoints: {
      work: here('browser-work.ts'),
      helper: here('../../src/kernels/wasm/helper.ts'),
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: {
      '@tensorflow/tfjs-core/dist/register_all_gradients': join(
        packageFolder('@tensorflow/tfjs-core'),
        'dist/register_all_gradients.js',
      ),
    },
    logLevel: 'error',
  });
  for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
    const from = join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'dist', name);
    copyFileSync(from, join(folder, name));
  }
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>backends</title>');
}

export interface Backends {
  /** Does one task in a worker of its own; throws with what the worker says when it fails. */
  run(task: BackendTask): Promise<BackendResult>;
  close(): Promise<void>;
}

/** Opens the browser; the caller closes it. */
export async function openBackends(webgpu: LaunchOptions['webgpu']): Promise<Backends> {
  const root = mkdtempSync(join(tmpdir(), 'rlhf-playground-backends-'));
  await writeSite(join(root, 'dist'));
  const server = await preview({
    root,
    configFile: false,
    logLevel: 'warn',
    preview: {
      port: 0,
      host: '127.0.0.1',
      open: false,
      headers: {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      },
    },
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  const url = `http://127.0.0.1:${address.port}/`;
  const browser = await launch(url, { webgpu });
  const { page } = browser;
  await page.goto(url);
  return {
    run: async (task) => {
      const answer = await page.evaluate(
        (given) =>
          new Promise<
            string | (Omit<BackendResult, 'gradients'> & { gradients: [string, number[]][] })
          >((resolve) => {
            const worker = new Worker('/work.js', { type: 'module' });
            worker.addEventListener('error', ({ message }) => resolve(`worker: ${message}`));
            worker.addEventListener('message', ({ data }: MessageEvent<BackendResult | string>) => {
              worker.terminate();
              if (typeof data === 'string') resolve(data);
              else {
                const gradients = [...data.gradients].map(
                  ([name, values]) => [name, [...values]] as [string, number[]],
                );
                resolve({ ...data, gradients });
              }
            });
            worker.postMessage(given);
          }),
        task,
      );
      if (typeof answer === 'string') throw new Error(`${task.backend}: ${answer}`);
      const gradients = answer.gradients.map(
        ([name, values]) => [name, Float32Array.from(values)] as const,
      );
      return { ...answer, gradients: new Map(gradients) };
    },
    close: async () => {
      await browser.close();
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
