/**
 * A team of this thread and helpers in workers of their own, over one shared memory. Parts are handed over in a slot of
 * shared integers; both sides wait in Atomics, so the owner must be a worker itself. Which thread runs which part is
 * fixed, and no part reads what another writes.
 */
import type { KernelExports, Team } from './team.ts';

/** A slot: numbers that are counted up by owner and helper, what to run, and the arguments as float64. */
const ORDERED = 0;
const DONE = 1;
const KERNEL = 2;
const COUNT = 3;
const FAILED = 4;
const SLOT_INTEGERS = 8;
const MOST_ARGUMENTS = 24;
const SLOT_BYTES = 4 * SLOT_INTEGERS + 8 * MOST_ARGUMENTS;

/** Looks at a number before a thread goes to sleep over it: parts follow each other within microseconds. */
const LOOKS = 4_000;
/** A part takes well under a second; a helper that is silent for this long is gone. Milliseconds. */
const PATIENCE = 60_000;
/** A helper that does not start is done without. Milliseconds. */
const START_LIMIT = 10_000;

export interface HelperStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly slots: SharedArrayBuffer;
  readonly index: number;
}

/** What a team needs of a Worker. */
export interface HelperPort {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'error', listener: () => void): void;
  terminate(): void;
}

interface Slot {
  readonly integers: Int32Array;
  readonly numbers: Float64Array;
}

function slotOf(slots: SharedArrayBuffer, index: number): Slot {
  const at = index * SLOT_BYTES;
  return {
    integers: new Int32Array(slots, at, SLOT_INTEGERS),
    numbers: new Float64Array(slots, at + 4 * SLOT_INTEGERS, MOST_ARGUMENTS),
  };
}

/** Returns once the integer is no longer `value`; false when it still is after `limit` milliseconds. */
function waitWhile(integers: Int32Array, place: number, value: number, limit?: number): boolean {
  for (let look = 0; look < LOOKS; look++) {
    if (Atomics.load(integers, place) !== value) return true;
  }
  while (Atomics.load(integers, place) === value) {
    if (Atomics.wait(integers, place, value, limit) === 'timed-out') return false;
  }
  return true;
}

/** The life of a helper, which says when it is ready; never returns. */
export function helpForever(
  { module, memory, slots, index }: HelperStart,
  sayReady: () => void,
): never {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
  const names = Object.keys(kernels);
  const { integers, numbers } = slotOf(slots, index);
  sayReady();
  for (let orders = 0; ; orders++) {
    waitWhile(integers, ORDERED, orders);
    try {
      const count = integers[COUNT]!;
      kernels[names[integers[KERNEL]!]!]!(...numbers.subarray(0, count));
    } catch {
      integers[FAILED] = 1;
    }
    Atomics.store(integers, DONE, orders + 1);
    Atomics.notify(integers, DONE);
  }
}

/** Resolves to true when the helper says that it is ready, to false when it cannot be or takes too long. */
function started(helper: HelperPort, start: HelperStart): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(false), START_LIMIT);
    const settle = (ready: boolean) => {
      clearTimeout(limit);
      resolve(ready);
    };
    helper.addEventListener('message', () => settle(true));
    helper.addEventListener('error', () => settle(false));
    helper.postMessage(start);
  });
}

class ThreadTeam implements Team {
  readonly size: number;
  readonly #kernels: KernelExports;
  readonly #places: ReadonlyMap<string, number>;
  readonly #slots: readonly Slot[];

  constructor(kernels: KernelExports, slots: readonly Slot[]) {
    this.size = slots.length + 1;
    this.#kernels = kernels;
    this.#places = new Map(Object.keys(kernels).map((name, i) => [name, i]));
    this.#slots = slots;
  }

  run(kernel: string, parts: readonly (readonly number[])[]): void {
    const [mine, ...others] = parts;
    if (others.length > this.#slots.length) throw new RangeError('More parts than threads.');
    const place = this.#places.get(kernel)!;
    const orders = others.map((part, i) => {
      const { integers, numbers } = this.#slots[i]!;
      numbers.set(part);
      integers[KERNEL] = place;
      integers[COUNT] = part.length;
      const done = Atomics.load(integers, DONE);
      Atomics.add(integers, ORDERED, 1);
      Atomics.notify(integers, ORDERED);
      return { integers, done };
    });
    if (mine) this.#kernels[kernel]!(...mine);
    for (const { integers, done } of orders) {
      if (!waitWhile(integers, DONE, done, PATIENCE) || integers[FAILED] === 1) {
        throw new Error('A thread that helps to compute has stopped. Reload the page.');
      }
    }
  }
}

/**
 * Starts `count` helpers over `memory`, which is shared and in which `kernels`, an instance of `module`, works too.
 * Null when not all of them start.
 */
export async function threadTeam(
  kernels: KernelExports,
  { module, memory }: { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory },
  { count, start }: { readonly count: number; readonly start: () => HelperPort },
): Promise<Team | null> {
  const slots = new SharedArrayBuffer(SLOT_BYTES * count);
  const helpers = Array.from({ length: count }, start);
  const ready = await Promise.all(
    helpers.map((helper, index) => started(helper, { module, memory, slots, index })),
  );
  if (ready.every(Boolean)) {
    return new ThreadTeam(
      kernels,
      Array.from({ length: count }, (_, i) => slotOf(slots, i)),
    );
  }
  for (const helper of helpers) helper.terminate();
  return null;
}
