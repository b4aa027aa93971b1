/**
 * One uPlot drawing of a few lines over steps: creation, new data, size, removal. Not Svelte: MetricChart.svelte
 * attaches it, and gives the same numbers as text and table.
 */
import uPlot from 'uplot';

/** A line of a chart; undefined where the step has no such value. */
export interface PlotLine {
  readonly label: string;
  /** CSS variable of the colour, e.g. `--series-1`. */
  readonly color: string;
  readonly dash: readonly number[];
}
/** Steps, then one list per line. */
export type PlotData = readonly [readonly number[], ...(readonly (number | null)[])[]];

const HEIGHT = 170;
const FEW_STEPS = 25;
/** Steps are whole numbers, and so are their marks. */
const STEP_INCREMENTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

/** The colour a CSS variable has now: a canvas cannot use variables. */
function resolvedColor(node: HTMLElement, variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${variable})`;
  node.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Vertical lines where a setting was changed, in steps. */
export type PlotMarks = readonly number[];

export class MetricPlot {
  readonly #plot: uPlot;
  readonly #observer: ResizeObserver;
  #marks: PlotMarks = [];

  constructor(node: HTMLElement, lines: readonly PlotLine[]) {
    const ink = resolvedColor(node, '--muted');
    const grid = resolvedColor(node, '--line');
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid } };
    this.#plot = new uPlot(
      {
        width: Math.max(node.clientWidth, 120),
        height: HEIGHT,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        scales: { x: { time: false } },
        axes: [
          { ...axis, size: 30, font: '12px system-ui', incrs: STEP_INCREMENTS },
          { ...axis, size: 52, font: '12px system-ui' },
        ],
        series: [
          {},
          ...lines.map(({ label, color, dash }) => ({
            label,
            stroke: resolvedColor(node, color),
            width: 2,
            dash: [...dash],
            // A line through few steps is hardly one: show what was measured.
            points: { show: (plot: uPlot) => (plot.data[0]?.length ?? 0) < FEW_STEPS, size: 5 },
            spanGaps: true,
          })),
        ],
        hooks: {
          draw: [
            (plot) => {
              this.#drawMarks(plot, ink);
            },
          ],
        },
      },
      [[], ...lines.map(() => [])],
      node,
    );
    this.#observer = new ResizeObserver(() => {
      this.#plot.setSize({ width: Math.max(node.clientWidth, 120), height: HEIGHT });
    });
    this.#observer.observe(node);
  }

  setData([steps, ...lines]: PlotData, marks: PlotMarks): void {
    this.#marks = marks;
    this.#plot.setData([[...steps], ...lines.map((line) => [...line])]);
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
