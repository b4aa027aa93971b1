/**
 * The compiled kernels in the heap of one backend, and the team that runs them: this thread, or with helpers where the
 * heap is shared memory. Does not know what the kernels compute.
 */
import { KERNELS_BASE64 } from './binary.ts';
import { bufferOf } from './heap.ts';
import { memoryOf } from './memory.ts';
import { soloTeam, type KernelExports, type Team } from './team.ts';

export interface Runtime {
  readonly kernels: KernelExports;
  readonly team: Team;
}

/** Compiles the kernels into the heap of `backend`; null where its memory is unknown or SIMD is missing. */
export function startRuntime(backend: object): Runtime | null {
  const memory = memoryOf(bufferOf(backend));
  if (!memory) return null;
  try {
    const bytes = Uint8Array.from(atob(KERNELS_BASE64), (c) => c.charCodeAt(0));
    const module = new WebAssembly.Module(bytes);
    const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
    return { kernels, team: soloTeam(kernels) };
  } catch {
    // No SIMD, or a content policy: the stock ops remain.
    return null;
  }
}
