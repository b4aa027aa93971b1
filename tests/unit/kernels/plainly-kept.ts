/** Which tokens a draw is among, by sorting: the plain form that draw kernels are checked against. Not a test itself. */
import type { Among } from '../../../src/kernels/draw.ts';

/** Masses with 0 for the tokens that are left out: all but the `topK` likeliest, then all past `topP` of the rest. */
export function plainlyKept(masses: readonly number[], { topK, topP }: Among): number[] {
  const falling = [...masses].sort((a, b) => b - a);
  const few = topK > 0 ? falling.slice(0, topK) : falling;
  const goal = topP * few.reduce((sum, x) => sum + x, 0);
  let [least, before] = [0, 0];
  for (const mass of few) {
    if (topP === 1 || before < goal) least = mass;
    before += mass;
  }
  return masses.map((mass) => (mass >= least ? mass : 0));
}
