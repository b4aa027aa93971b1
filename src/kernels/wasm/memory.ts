/**
 * Gets hold of the WebAssembly.Memory of tfjs's WASM backend, which tfjs does not hand out: the WebAssembly entry
 * points are watched while the backend starts, and restored after. On request the backend gets shared memory, which
 * tfjs itself offers only together with threads of its own. Never grows or writes the memory.
 */
import { withSharedMemory } from './shared-memory.ts';

type Entry = 'instantiate' | 'instantiateStreaming' | 'Instance';

/** Memories of the modules that were instantiated while a capture was on, oldest first. */
const seen: WebAssembly.Memory[] = [];

function note(instance: WebAssembly.Instance): void {
  for (const value of Object.values(instance.exports)) {
    if (value instanceof WebAssembly.Memory && !seen.includes(value)) seen.push(value);
  }
}

/** What instantiate resolves to: an instance alone (given a module) or together with its module (given bytes). */
function noteResult(
  result: WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource,
): void {
  note(result instanceof WebAssembly.Instance ? result : result.instance);
}

/**
 * Runs `initialise` (which starts the WASM backend) and remembers the memories of the modules started meanwhile.
 * Returns or throws what `initialise` does. Where WebAssembly's functions cannot be replaced nothing is captured.
 * `shared`: the modules' memories are shared ones.
 */
export async function captureWasmMemory<T>(
  initialise: () => Promise<T>,
  shared = false,
): Promise<T> {
  const target = WebAssembly as unknown as Record<Entry, unknown>;
  const { instantiate, instantiateStreaming, Instance } = WebAssembly;
  const bytesInstantiate = async (bytes: ArrayBuffer, imports?: WebAssembly.Imports) =>
    instantiate(shared ? withSharedMemory(bytes) : bytes, imports);
  const watched: Record<Entry, unknown> = {
    instantiate: async (bytes: ArrayBuffer, imports?: WebAssembly.Imports) => {
      const result = await bytesInstantiate(bytes, imports);
      noteResult(result);
      return result;
    },
    instantiateStreaming: async (
      source: Response | PromiseLike<Response>,
      imports?: WebAssembly.Imports,
    ) => {
      const result = shared
        ? await bytesInstantiate(await (await source).arrayBuffer(), imports)
        : await instantiateStreaming(source, imports);
      noteResult(result);
      return result;
    },
    Instance: class extends Instance {
      constructor(...parts: ConstructorParameters<typeof Instance>) {
        super(...parts);
        note(this);
      }
    },
  };
  const originals: Record<Entry, unknown> = { instantiate, instantiateStreaming, Instance };
  const entries = (Object.keys(originals) as Entry[]).filter((e) => originals[e] !== undefined);
  const put = (from: Record<Entry, unknown>) => {
    for (const entry of entries) Reflect.set(target, entry, from[entry]);
  };
  put(watched);
  try {
    return await initialise();
  } finally {
    put(originals);
  }
}

/** The captured memory whose current buffer is `buffer` (the backend's heap), or null. */
export function memoryOf(buffer: ArrayBufferLike): WebAssembly.Memory | null {
  return seen.find((memory) => memory.buffer === buffer) ?? null;
}
