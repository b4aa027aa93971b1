/**
 * Learning-rate schedules as factors of the peak rate. Steps count from 0: the factor of step s is used for the
 * update that brings the count to s + 1. Pure functions; the optimizer multiplies.
 */

function expectSteps(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name} must be a whole number of at least 1, got ${value}`);
  }
}

/** Progress in [0, 1]. */
function progress(step: number, total: number): number {
  expectSteps('total', total);
  return Math.min(1, Math.max(0, step / total));
}

/**
 * Half a cosine from 1 at step 0 to `floor` at step `total`, constant afterwards; no warm-up. The paper's
 * schedule for SFT and the reward model, with floor 0.1 (S21, S35).
 */
export function cosineToFloor(step: number, total: number, floor = 0.1): number {
  return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress(step, total)));
}

/** Straight line from 1 at step 0 to 0 at step `total`. */
export function linearToZero(step: number, total: number): number {
  return 1 - progress(step, total);
}

/**
 * Straight line from `start` at iteration 0 to 1 at iteration `warmup`, constant afterwards. The paper's
 * schedule for PPO: ten iterations from a tenth (S57, D27). A warm-up of 0 is no warm-up.
 */
export function constantWithWarmup(iteration: number, warmup: number, start = 0.1): number {
  if (iteration >= warmup) return 1;
  return start + ((1 - start) * Math.max(0, iteration)) / warmup;
}

/**
 * Iterations of warm-up in a run: `longest` (the paper's ten), or a tenth of all iterations, rounded down, where that
 * is less. Throws RangeError when `iterations` is no whole number of at least 1.
 */
export function warmupIterations(iterations: number, longest = 10): number {
  expectSteps('iterations', iterations);
  return Math.min(longest, Math.floor(iterations / 10));
}

/**
 * Cosine to `floor` at `total`, of which the first `warmup` steps rise in a straight line. The schedule of
 * pre-training, not of the paper. Throws RangeError when `total` is no whole number of at least 1.
 */
export function warmedCosine(step: number, total: number, warmup: number, floor: number): number {
  const rise = Math.min(1, (step + 1) / Math.max(1, warmup));
  return rise * cosineToFloor(step, total, floor);
}
