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
import { startRuntime, type Helpers } from './wasm/runtime.ts';

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
  /** Backends that are not tried, each with the sentence that says why. */
  readonly avoid?: ReadonlyMap<Backend, string>;
  /** Threads that WASM may use beside this one; only where memory can be shared (a cross-origin isolated page). */
  readonly helpers?: Helpers;
  /** Told once, as a sentence, when the device under the engine is lost; every tensor on it is gone then. */
  readonly lost?: (sentence: string) => void;
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

/** A backend that started on a device, or why it did not. */
type Attempt =
  { readonly ok: true; readonly device: string } | { readonly ok: false; readonly reason: string };

const refused = (reason: string): Attempt => ({ ok: false, reason });

/** As shown to people. */
const NAMES: Readonly<Record<Backend, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WASM',
  webgl: 'WebGL',
  cpu: 'JavaScript',
};

function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Switches tfjs to a backend that is registered. */
async function take(backend: Backend, device: string): Promise<Attempt> {
  const ok = await tf.setBackend(backend);
  return ok ? { ok, device } : refused(`${NAMES[backend]} did not start.`);
}

/** The WebGPU device that the engine runs on now; one that was replaced may go without a word. */
let current: GPUDevice | null = null;

/**
 * A device that we destroy says so (reason `destroyed`); any other end of the one in use is a loss. So is work that it
 * refuses: WebGPU skips it without throwing, and what is computed from its results would be wrong in silence.
 */
function watch(device: GPUDevice, lost: (sentence: string) => void): void {
  current = device;
  const end = (happened: string, message: string): void => {
    if (device !== current) return;
    current = null;
    const detail = message === '' ? '' : ` (${message.trim().replace(/\.$/, '')})`;
    lost(`The graphics device ${happened}${detail}.`);
  };
  device.addEventListener('uncapturederror', ({ error }) => {
    end('refused work', error.message);
  });
  void device.lost.then(({ reason, message }) => {
    if (reason !== 'destroyed') end('was lost', message);
  });
}

/** Our own device, so that features and limits are ours to choose. */
async function startWebGpu({ prefer, lost }: EngineOptions): Promise<Attempt> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) return refused('This browser has no WebGPU.');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return refused('WebGPU is there, but no graphics adapter answered.');
  const device =
    `${adapter.info.vendor} ${adapter.info.architecture || adapter.info.description}`.trim();
  if (isSoftware(adapter.info) && prefer !== 'webgpu') {
    return refused(`WebGPU would run in software (${device}), which is slower than WASM.`);
  }
  // As late as the backend that they are for: who computes on another one never loads them.
  const [{ WebGPUBackend }, { tuneWebGpu }, { registerWebGpuKernels }] = await Promise.all([
    import('@tensorflow/tfjs-backend-webgpu'),
    import('./webgpu/backend.ts'),
    import('./webgpu/register.ts'),
  ]);
  const limits: Record<string, number> = {};
  for (const name of [
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupsPerDimension',
    'maxStorageBufferBindingSize',
    'maxBufferSize',
    'maxComputeWorkgroupSizeX',
    'maxStorageBuffersPerShaderStage',
  ] as const) {
    limits[name] = adapter.limits[name];
  }
  const wanted = ['timestamp-query', 'subgroups', 'shader-f16'] as const;
  const requiredFeatures = wanted.filter((feature) =>
    adapter.features.has(feature),
  ) as GPUFeatureName[];
  let gpuDevice: GPUDevice;
  try {
    gpuDevice = await adapter.requestDevice({ requiredLimits: limits, requiredFeatures });
  } catch (error) {
    return refused(`WebGPU's graphics adapter (${device}) gave no device: ${detailOf(error)}`);
  }
  // Its import has registered a backend that would ask for a device of its own; findBackend would start that one.
  if ('webgpu' in tf.engine().registryFactory) tf.removeBackend('webgpu');
  const backend = new WebGPUBackend(gpuDevice, adapter.info);
  tuneWebGpu(backend);
  tf.registerBackend('webgpu', () => backend, 4);
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', TILED_PRODUCT);
  const attempt = await take('webgpu', device);
  registerWebGpuKernels();
  if (attempt.ok) watch(gpuDevice, lost ?? (() => undefined));
  return attempt;
}

async function startWasm({ wasmPaths, helpers }: EngineOptions): Promise<Attempt> {
  if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
  // tfjs's own threads need workers from blob: addresses, which the page's policy forbids, and would serve only its own
  // products, which the kernels here replace.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const begin = (shared: boolean) => captureWasmMemory(() => tf.setBackend('wasm'), shared);
  // Shared memory is reserved at its largest, which a small device may refuse.
  const ok = (helpers !== undefined && (await begin(true))) || (await begin(false));
  if (!ok) return refused('WASM did not start.');
  const backend = tf.backend();
  const own = await startRuntime(backend, helpers);
  if (!own) return { ok: true, device: 'WASM, stock kernels' };
  registerWasmKernels(backend, own);
  const threads = own.team.size > 1 ? `, ${own.team.size} threads` : '';
  return { ok: true, device: `WASM, SIMD, own kernels${threads}` };
}

async function startWebGl(): Promise<Attempt> {
  if (typeof OffscreenCanvas === 'undefined') return refused('WebGL is not available here.');
  await import('@tensorflow/tfjs-backend-webgl');
  return take('webgl', 'WebGL');
}

async function start(backend: Backend, options: EngineOptions): Promise<Attempt> {
  try {
    switch (backend) {
      case 'webgpu':
        return await startWebGpu(options);
      case 'wasm':
        return await startWasm(options);
      case 'webgl':
        return await startWebGl();
      case 'cpu':
        return await take('cpu', 'JavaScript (slow)');
      default:
        return backend satisfies never;
    }
  } catch (error) {
    return refused(`${NAMES[backend]} did not start: ${detailOf(error)}`);
  }
}

/**
 * A product and a read-back, so that a backend that registers but cannot compute is found out here. Null when the
 * numbers are right, else what is wrong.
 */
async function faultOf(backend: Backend): Promise<string | null> {
  try {
    const product = tf.tidy(() => tf.matMul(tf.fill([4, 3], 2), tf.fill([3, 5], 0.5)));
    const values = await product.data();
    product.dispose();
    const right = values.length === 20 && values.every((v) => Math.abs(v - 3) < 1e-4);
    return right ? null : `${NAMES[backend]} started but computed wrong numbers.`;
  } catch (error) {
    return `${NAMES[backend]} started but could not compute: ${detailOf(error)}`;
  }
}

/** Starts a backend and lets it show that it computes. */
async function proven(backend: Backend, options: EngineOptions): Promise<Attempt> {
  const reason = options.avoid?.get(backend);
  const attempt = reason === undefined ? await start(backend, options) : refused(reason);
  const fault = attempt.ok ? await faultOf(backend) : null;
  if (fault === null) return attempt;
  current = null;
  return refused(fault);
}

/** Starts the preferred backend, or the best one that works. Throws EngineError when none does. */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const order = [...new Set([...(options.prefer ? [options.prefer] : []), ...BACKEND_ORDER])];
  const notes: string[] = [];
  // Whatever was in use is given up, so its end is no loss any more.
  current = null;
  for (const backend of order) {
    const attempt = await proven(backend, options);
    if (attempt.ok) {
      const { device } = attempt;
      return { backend, device, notes, available: order.filter((b) => usable(b)) };
    }
    notes.push(attempt.reason);
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
