/** Which of many checkpoints to keep, so that a person can go back to any part of a run. Pure. */

/** Of ascending steps at most `most`: the ends, and between them those that leave the smallest gaps. */
export function spreadSteps(steps: readonly number[], most: number): number[] {
  const kept = [...steps];
  const gap = (i: number) => (kept[i + 1] ?? NaN) - (kept[i - 1] ?? NaN);
  while (kept.length > Math.max(2, most)) {
    let closest = 1;
    for (let i = 2; i < kept.length - 1; i++) if (gap(i) < gap(closest)) closest = i;
    kept.splice(closest, 1);
  }
  return kept;
}
