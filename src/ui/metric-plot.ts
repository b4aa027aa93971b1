/**
 * One uPlot drawing of a few lines over steps: creation, new data, cursor, size, removal. All drawings of a page share
 * their cursor. Not Svelte: MetricChart.svelte attaches it, and gives the same numbers as text and table.
 */
import uPlot from 'uplot';
import type { ChartValues } from './chart-data.ts';
import { logTicks } from './chart-ticks.ts';
import { formatNumber } from './format.ts';

export interface PlotLine {
  readonly label: string;
  /** CSS variable of the colour, e.g. `--series-1`. */
  readonly color: string;
  readonly dash: readonly number[];
  /** Drawn thin and pale: what was measured, behind its smoothed line. */
  readonly faint: boolean;
}

export interface PlotOptions {
  readonly lines: readonly PlotLine[];
  /** Only for values that are all above 0. */
  readonly log: boolean;
  /** Whether the steps are no counts but distances: ticks may stand between whole numbers, and the cursor is not shared. */
  readonly fractional: boolean;
  /** Told the index of the point under the cursor of any drawing, null when it has left. */
  readonly oncursor: (index: number | null) => void;
}

/** Steps, then one list per line; null where the step has no such value. */
export type PlotData = readonly [readonly number[], ...ChartValues[]];

/** Of a drawing that the layout gives no height. Pixels, as all sizes here at {@link USUAL_TEXT}. */
const HEIGHT = 170;
/** Size of the page's text for which the sizes of axes and lines are meant; with larger text all of it grows. */
const USUAL_TEXT = 15;
const FEW_STEPS = 25;
/** Steps are whole numbers, and so are their marks. */
const STEP_INCREMENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
/** Drawings with the same key share their cursor, by step or by distance. */
const SYNC = { steps: 'charts', distances: 'distances' } as const;

/** Room above and below the lines on a logarithmic scale, as a factor. */
const LOG_MARGIN = 1.1;

/** uPlot's enum of kinds of scales exists for its own compilation only; 3 is the logarithmic one. */
const LOGARITHMIC = {
  distr: 3,
  log: 10,
  // Left to itself it goes on to the next powers of ten.
  range: (_plot: uPlot, min: number | null, max: number | null) =>
    min === null || max === null ? [1, 10] : [min / LOG_MARGIN, max * LOG_MARGIN],
};

/** Its ticks for such a scale begin with the lowest value, whatever that is. */
const LOGARITHMIC_AXIS: uPlot.Axis = {
  splits: (_plot, _axis, min, max) => logTicks(min, max),
  filter: (_plot, splits) => splits,
  values: (_plot, splits) => splits.map((value) => formatNumber(value)),
};

/** The colour a CSS variable has now: a canvas and a file cannot use variables. */
export function resolvedColor(node: HTMLElement, variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${variable})`;
  // Else a system with forced colours would say that all are the colour of text.
  probe.style.setProperty('forced-color-adjust', 'none');
  node.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Vertical lines where a setting was changed, in steps. */
export type PlotMarks = readonly number[];

function sizeOf(node: HTMLElement): { width: number; height: number } {
  return { width: Math.max(node.clientWidth, 120), height: node.clientHeight || HEIGHT };
}

function seriesOf(
  node: HTMLElement,
  { label, color, dash, faint }: PlotLine,
  scale: number,
): uPlot.Series {
  return {
    label,
    stroke: resolvedColor(node, color),
    width: (faint ? 1 : 2) * scale,
    alpha: faint ? 0.55 : 1,
    dash: [...dash],
    // A line through few steps is hardly one: show what was measured.
    points: {
      show: (plot: uPlot) => !faint && (plot.data[0]?.length ?? 0) < FEW_STEPS,
      size: 5 * scale,
    },
    spanGaps: true,
  };
}

export class MetricPlot {
  readonly #plot: uPlot;
  readonly #sync: string;
  readonly #observer: ResizeObserver;
  #marks: PlotMarks = [];

  constructor(node: HTMLElement, { lines, log, fractional, oncursor }: PlotOptions) {
    this.#sync = fractional ? SYNC.distances : SYNC.steps;
    const ink = resolvedColor(node, '--muted');
    const grid = resolvedColor(node, '--grid');
    const scale = parseFloat(getComputedStyle(node).fontSize) / USUAL_TEXT;
    const font = `${12 * scale}px system-ui`;
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } };
    const scales: uPlot.Scales = { x: { time: false }, y: {} };
    if (log) uPlot.assign(scales, { y: LOGARITHMIC });
    this.#plot = new uPlot(
      {
        ...sizeOf(node),
        legend: { show: false },
        cursor: {
          drag: { x: false, y: false },
          y: false,
          sync: { key: this.#sync, scales: ['x', null], setSeries: false },
        },
        scales,
        axes: [
          { ...axis, size: 30 * scale, font, ...(!fractional && { incrs: STEP_INCREMENTS }) },
          { ...axis, size: 52 * scale, font, ...(log && LOGARITHMIC_AXIS) },
        ],
        series: [{}, ...lines.map((line) => seriesOf(node, line, scale))],
        hooks: {
          draw: [
            (plot) => {
              this.#drawMarks(plot, ink);
            },
          ],
          setCursor: [
            ({ cursor }) => {
              oncursor(cursor.idx ?? null);
            },
          ],
        },
      },
      [[], ...lines.map(() => [])],
      node,
    );
    this.#observer = new ResizeObserver(() => {
      this.#plot.setSize(sizeOf(node));
    });
    this.#observer.observe(node);
  }

  setData([steps, ...lines]: PlotData, marks: PlotMarks): void {
    this.#marks = marks;
    this.#plot.setData([[...steps], ...lines.map((line) => [...line])]);
  }

  /** Puts the cursor of all drawings that share it on a step; null takes it away. */
  moveCursor(step: number | null): void {
    for (const plot of uPlot.sync(this.#sync).plots) {
      const left = step === null ? -10 : plot.valToPos(step, 'x');
      plot.setCursor({ left, top: step === null ? -10 : 0 }, true);
    }
  }

  destroy(): void {
    this.#observer.disconnect();
    this.#plot.destroy();
  }

  #drawMarks(plot: uPlot, color: string): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.setLineDash([2, 3]);
    for (const step of this.#marks) {
      const x = plot.valToPos(step, 'x', true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }
}
