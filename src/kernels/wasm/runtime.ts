/**
 * The compiled kernels in the heap of one backend, and the team that runs them: this thread, or with helpers where the
 * heap is shared memory. Does not know what the kernels compute.
 */
import { bufferOf } from './heap.ts';
import { memoryOf } from './memory.ts';
import { withSharedMemory } from './shared-memory.ts';
import { soloTeam, type KernelExports, type Team } from './team.ts';
import { threadTeam, type HelperPort } from './thread-team.ts';

export interface Runtime {
  readonly kernels: KernelExports;
  readonly team: Team;
}

/** Threads beside the one that asks: how many, and how one is started (an instance of helper.ts). */
export interface Helpers {
  readonly count: number;
  readonly start: () => HelperPort;
}

/** Loaded when it is wanted: where WebGPU runs, it never is. */
async function binary(shared: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { KERNELS_BASE64 } = await import('./binary.ts');
  const bytes = Uint8Array.from(atob(KERNELS_BASE64), (c) => c.charCodeAt(0));
  return shared ? withSharedMemory(bytes) : bytes;
}

/** One for each backend, however often it is chosen. */
const runtimes = new WeakMap<object, Runtime>();

/**
 * Compiles the kernels into the heap of `backend`, once; null where its memory is unknown or SIMD is missing. Helpers are used
 * when the heap is shared memory, and done without when they do not start.
 */
export async function startRuntime(backend: object, helpers?: Helpers): Promise<Runtime | null> {
  const running = runtimes.get(backend);
  if (running) return running;
  const memory = memoryOf(bufferOf(backend));
  if (!memory) return null;
  const shared = !(memory.buffer instanceof ArrayBuffer);
  try {
    const module = new WebAssembly.Module(await binary(shared));
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
    const team =
      shared && helpers && helpers.count > 0
        ? await threadTeam(kernels, { module, memory }, helpers)
        : null;
    const runtime = { kernels, team: team ?? soloTeam(kernels) };
    runtimes.set(backend, runtime);
    return runtime;
  } catch {
    // No SIMD, or a content policy: the stock ops remain.
    return null;
  }
}
