/** Where the axes of a chart have their lines and numbers. Plain functions of the range shown. */

/** Round numbers from `min` to `max`, `count` - 1 or more: the largest step of 1, 2 or 5 times a power of ten for that. */
export function niceTicks(min: number, max: number, count: number): number[] {
  if (!(max > min)) return [min];
  const rough = (max - min) / (count - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([5, 2, 1].find((k) => k * power <= rough * (1 + 1e-9)) ?? 1);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Fewer than these say too little of a scale. */
const FEWEST = 3;

/**
 * 1, 2 and 5 times the powers of ten from `min` to `max`, both above 0; only the powers when those are many, and round
 * numbers as on a plain scale when less than a power of ten is shown.
 */
export function logTicks(min: number, max: number): number[] {
  const powers: number[] = [];
  for (let p = Math.floor(Math.log10(min)); p <= Math.ceil(Math.log10(max)); p++) powers.push(p);
  const factors = powers.length > 4 ? [1] : [1, 2, 5];
  const ticks = powers
    .flatMap((p) => factors.map((k) => Number((k * 10 ** p).toPrecision(12))))
    .filter((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9));
  return ticks.length < FEWEST ? niceTicks(min, max, 4) : ticks;
}
