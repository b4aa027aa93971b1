// How much slower this machine is than the one on which limits of time were set, from a fixed piece of arithmetic on the
// page's thread. For the few tests that are about time itself: no other test may know what time it is.
import type { Page } from 'playwright-core';

/** Milliseconds that a piece takes on an idle core of the machine on which the limits were set. */
const REFERENCE = 3;
const PIECES = 60;

/** Times as long as on the reference machine, 1 at least. */
export interface Slowness {
  /** Of a processor that nobody else uses: the fastest piece. For limits of processor time. */
  readonly processor: number;
  /** As someone has it who waits, with all that runs beside it: the mean piece. For limits by the clock. */
  readonly clock: number;
}

/** Milliseconds of each piece, on the page's thread. */
async function timesOf(page: Page): Promise<number[]> {
  return page.evaluate(
    (pieces) =>
      Array.from({ length: pieces }, () => {
        const began = performance.now();
        let x = 1;
        for (let i = 0; i < 2e6; i++) x = x * 0.999 + 1e-3;
        // What is never read would not be computed.
        return performance.now() - began + (x < 0 ? 1 : 0);
      }),
    PIECES,
  );
}

export async function slownessOf(page: Page): Promise<Slowness> {
  const times = await timesOf(page);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const against = (milliseconds: number): number => Math.max(1, milliseconds / REFERENCE);
  return { processor: against(Math.min(...times)), clock: against(mean) };
}
