/**
 * Who runs the parts of one kernel call: this thread alone, or this thread and helpers that share its memory. A part
 * is a kernel and its numbers; parts write to different places and sum in an order that does not depend on how many
 * there are, so that the results are the same bits for any number of threads. Knows nothing of tensors.
 */

/** Every export takes byte offsets and numbers; see the sources in assembly/ for the order. */
export type KernelExports = Readonly<Record<string, (...parts: number[]) => number>>;

export interface Team {
  /** Threads, this one included. */
  readonly size: number;
  /** Runs every part and returns when all are done. */
  run(kernel: string, parts: readonly (readonly number[])[]): void;
}

/** One thread: the parts in turn. `size` parts are asked of the kernels, for tests; 1 otherwise. */
export function soloTeam(kernels: KernelExports, size = 1): Team {
  return {
    size,
    run: (kernel, parts) => {
      for (const part of parts) kernels[kernel]!(...part);
    },
  };
}

/** Multiplications and the like that are worth waking another thread for: about 30 microseconds of work. */
const WORTH_A_THREAD = 1_500_000;

/** How many threads should share `work` multiplications; at least 1. */
export function threadsFor({ size }: Team, work: number): number {
  return Math.max(1, Math.min(size, Math.floor(work / WORTH_A_THREAD)));
}

/** Cuts 0..n into at most `parts` ranges [from, to) that begin at multiples of `step`; none is empty, all are long. */
export function ranges(n: number, parts: number, step = 1): [number, number][] {
  const length = Math.max(step, Math.ceil(n / parts / step) * step);
  const result: [number, number][] = [];
  for (let from = 0; from < n; from += length) result.push([from, Math.min(n, from + length)]);
  return result;
}
