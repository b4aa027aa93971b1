/** Where the bars of exact mode stand: a law of responses as boxes on one scale. Pure; drawn by ExactBars.svelte. */

/** Size of the drawing, in its own units, and the part of it that holds the bars. */
export const DRAWING = { width: 340, height: 158 } as const;
const PLOT = { left: 34, right: 338, top: 8, bottom: 128 } as const;

export interface Slot {
  /** Left edge of the slot, its middle, and its width. */
  readonly x: number;
  readonly middle: number;
  readonly width: number;
}

/** The slots of `count` answers, side by side. */
export function slotsOf(count: number): readonly Slot[] {
  const width = (PLOT.right - PLOT.left) / count;
  return Array.from({ length: count }, (_, i) => {
    const x = PLOT.left + i * width;
    return { x, middle: x + width / 2, width };
  });
}

/** Top of a scale on which all these laws can be drawn: the next tenth above the largest probability. */
export function scaleOf(laws: readonly (readonly number[])[]): number {
  const largest = Math.max(0, ...laws.flat());
  return Math.min(1, Math.ceil(largest * 10 + 1e-9) / 10);
}

/** Height at which a probability stands, from the top of the drawing. */
export function heightOf(probability: number, scale: number): number {
  return PLOT.bottom - (Math.min(probability, scale) / scale) * (PLOT.bottom - PLOT.top);
}

export const BASE_LINE = PLOT.bottom;
export const LEFT_EDGE = PLOT.left;
export const RIGHT_EDGE = PLOT.right;
