/** The charts of stored runs as SVG documents for paper and files: light colours, whatever the theme of the page is. */
import { chartSeries, drawnSeries, lineStyle, type ChartRun } from './chart-data.ts';
import { chartSummary } from './chart-summary.ts';
import { chartSvg } from './chart-svg.ts';
import type { MethodChart } from './method-words.ts';

/** The light colours of theme.css; a document of its own knows no variables. */
const LINES = ['#3c4a58', '#a48f00', '#139ccf', '#000000', '#4f0000', '#00005b'];
const COLORS = { ink: '#1b2025', grid: '#d8dad4', surface: '#ffffff' };

export interface RunDrawing {
  readonly title: string;
  readonly svg: string;
  /** The lines in sentences. */
  readonly summary: string;
}

/** One drawing for each chart that has something measured; `marks` are the steps from which a setting was turned. */
export function runDrawings(
  charts: readonly MethodChart[],
  runs: readonly ChartRun[],
  stepWord: string,
  marks: readonly number[],
): readonly RunDrawing[] {
  return charts.flatMap(({ title, meaning, metrics }) => {
    const series = chartSeries(runs, metrics);
    if (series.steps.length === 0) return [];
    const drawn = drawnSeries(series, 0);
    const lines = series.lines.map(({ label }, i) => {
      const { series: color, dash } = lineStyle(i);
      const values = drawn.raw[i] ?? [];
      return { label, color: LINES[color - 1] ?? COLORS.ink, dash, values, faint: false };
    });
    const drawing = { title, meaning, stepWord, steps: drawn.steps, lines, marks, log: false };
    const summary = series.lines
      .map(({ label, values }) => chartSummary(label, series.steps, values, stepWord))
      .join(' ');
    return [{ title, svg: chartSvg({ ...drawing, colors: COLORS }), summary }];
  });
}
