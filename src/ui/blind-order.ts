/**
 * Orders in which things are shown blind, and ids of rows that a person makes. The page's own chance: nothing
 * that trains depends on it, and the order shown is stored with each label.
 */

/** A uniform whole number in [0, n). */
export type RandomIndex = (n: number) => number;

export const browserRandom: RandomIndex = (n) => {
  const [draw = 0] = crypto.getRandomValues(new Uint32Array(1));
  return Math.floor((draw / 2 ** 32) * n);
};

/** A permutation of 0..n-1 (Fisher and Yates). */
export function shuffledIndices(n: number, random: RandomIndex): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random(i + 1);
    const [a, b] = [order[i], order[j]];
    if (a === undefined || b === undefined) continue;
    order[i] = b;
    order[j] = a;
  }
  return order;
}
