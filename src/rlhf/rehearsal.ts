/**
 * A training loop's GPU programs, compiled before the loop is opened: its first step is rehearsed on models of its own
 * (kernels/compile-ahead.ts). On backends without programs nothing happens.
 */
import { compileAhead, type CompileReport } from '../kernels/compile-ahead.ts';
import type { Loop } from './loop.ts';

/**
 * Compiles what the first step of `open`'s loop needs, which should open it anew, without a snapshot; the loop is freed.
 * `report` is told how many programs are ready, of how many. Returns that number.
 */
export function compileFirstStep(
  open: () => Promise<Pick<Loop, 'steps' | 'dispose'>>,
  report: CompileReport,
): Promise<number> {
  return compileAhead(async () => {
    const loop = await open();
    try {
      await loop.steps().next();
    } finally {
      loop.dispose();
    }
  }, report);
}
