/**
 * Chooses and starts a tfjs backend by what is really there: WebGPU on a real adapter, else WASM, else WebGL,
 * else CPU. A software WebGPU adapter loses to WASM unless it is asked for by name. Each backend that is passed
 * over leaves one plain sentence; the page shows it. Registration of our own kernels happens here too.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { captureWasmMemory } from './wasm/memory.ts';
import { registerWasmKernels } from './wasm/register.ts';

export const BACKEND_ORDER = ['webgpu', 'wasm', 'webgl', 'cpu'] as const;
export type Backend = (typeof BACKEND_ORDER)[number];

export interface Engine {
  readonly backend: Backend;
  /** Adapter or processor in words. */
  readonly device: string;
  /** Why backends before this one were not taken. */
  readonly notes: readonly string[];
  readonly available: readonly Backend[];
}

export interface EngineOptions {
  /** Asked for by name: tried first, and a software adapter is accepted. */
  readonly prefer?: Backend;
  /** Folder or map of the tfjs WASM files; left alone when absent (Node finds them itself). */
  readonly wasmPaths?: string | Record<string, string>;
}

/** Raised when no backend at all could be started. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

const SOFTWARE_ADAPTERS = ['swiftshader', 'llvmpipe', 'lavapipe', 'softpipe'];

function isSoftware(info: GPUAdapterInfo): boolean {
  const words =
    `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  return info.isFallbackAdapter || SOFTWARE_ADAPTERS.some((name) => words.includes(name));
}

/**
 * tfjs's number for its tiled matrix product. Left to choose (-1), tfjs takes split-K for long inner axes, which adds
 * with float atomics in no fixed order; the same seed must give the same run.
 */
const TILED_PRODUCT = 3;

interface Attempt {
  readonly ok: boolean;
  readonly device: string;
  readonly reason: string;
}

const refused = (reason: string): Attempt => ({ ok: false, device: '', reason });

/** Our own device, so that features and limits are ours to choose. */
async function startWebGpu(byName: boolean): Promise<Attempt> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) return refused('This browser has no WebGPU.');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return refused('WebGPU is there, but no graphics adapter answered.');
  const device =
    `${adapter.info.vendor} ${adapter.info.architecture || adapter.info.description}`.trim();
  if (isSoftware(adapter.info) && !byName) {
    return refused(`WebGPU would run in software (${device}), which is slower than WASM.`);
  }
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const limits: Record<string, number> = {};
  for (const name of [
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupsPerDimension',
    'maxStorageBufferBindingSize',
    'maxBufferSize',
    'maxComputeWorkgroupSizeX',
  ] as const) {
    limits[name] = adapter.limits[name];
  }
  const wanted = ['timestamp-query', 'subgroups', 'shader-f16'] as const;
  const requiredFeatures = wanted.filter((feature) =>
    adapter.features.has(feature),
  ) as GPUFeatureName[];
  const gpuDevice = await adapter.requestDevice({ requiredLimits: limits, requiredFeatures });
  if (tf.findBackend('webgpu')) tf.removeBackend('webgpu');
  const backend = new WebGPUBackend(gpuDevice, adapter.info);
  tf.registerBackend('webgpu', () => backend, 4);
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', TILED_PRODUCT);
  return { ok: await tf.setBackend('webgpu'), device, reason: 'the WebGPU backend did not start' };
}

async function startWasm(options: EngineOptions): Promise<Attempt> {
  if (options.wasmPaths !== undefined) setWasmPaths(options.wasmPaths);
  const ok = await captureWasmMemory(async () => tf.setBackend('wasm'));
  if (!ok) return refused('WASM did not start.');
  const own = registerWasmKernels();
  return { ok: true, device: own ? 'WASM, SIMD, own kernels' : 'WASM, stock kernels', reason: '' };
}

async function startWebGl(): Promise<Attempt> {
  if (typeof OffscreenCanvas === 'undefined') return refused('WebGL is not available here.');
  await import('@tensorflow/tfjs-backend-webgl');
  const ok = await tf.setBackend('webgl');
  return { ok, device: 'WebGL', reason: 'WebGL did not start.' };
}

async function start(backend: Backend, options: EngineOptions): Promise<Attempt> {
  try {
    switch (backend) {
      case 'webgpu':
        return await startWebGpu(options.prefer === 'webgpu');
      case 'wasm':
        return await startWasm(options);
      case 'webgl':
        return await startWebGl();
      case 'cpu':
        return {
          ok: await tf.setBackend('cpu'),
          device: 'JavaScript (slow)',
          reason: 'CPU did not start.',
        };
      default:
        return backend satisfies never;
    }
  } catch (error) {
    return refused(`${backend} failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A product and a read-back, so that a backend that registers but cannot compute is found out here. */
async function computes(): Promise<boolean> {
  const product = tf.tidy(() => tf.matMul(tf.fill([4, 3], 2), tf.fill([3, 5], 0.5)));
  const values = await product.data();
  product.dispose();
  return values.length === 20 && values.every((v) => Math.abs(v - 3) < 1e-4);
}

/** Starts the preferred backend, or the best one that works. Throws EngineError when none does. */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const order = [...new Set([...(options.prefer ? [options.prefer] : []), ...BACKEND_ORDER])];
  const notes: string[] = [];
  for (const backend of order) {
    const attempt = await start(backend, options);
    if (attempt.ok && (await computes().catch(() => false))) {
      return { backend, device: attempt.device, notes, available: order.filter((b) => usable(b)) };
    }
    notes.push(attempt.reason || `${backend} started but computed wrong numbers.`);
  }
  throw new EngineError(
    `No way to compute was found. ${notes.join(' ')} Try a current Chrome or Firefox.`,
  );
}

function usable(backend: Backend): boolean {
  if (backend === 'webgpu')
    return (globalThis.navigator as Navigator | undefined)?.gpu !== undefined;
  if (backend === 'webgl') return typeof OffscreenCanvas !== 'undefined';
  return true;
}
