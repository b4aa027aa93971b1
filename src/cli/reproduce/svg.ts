/**
 * Plots of the report as SVG documents, legible on light and on dark ground: intervals below each other, and curves over
 * a number. Plain values in, text out.
 */
import type { PlotLine, ResultPlot, ResultRow } from '../../records/results.ts';
import { valueWords } from './saying.ts';

const WIDTH = 900;
const COLOURS = ['#1a75c4', '#c4541a', '#2a8c4a', '#8a4ac4', '#b08a00', '#c41a5e'] as const;

const STYLE = [
  'text { font: 12px system-ui, sans-serif; fill: #333 }',
  '.title { font-weight: 600 }',
  '.frame, .axis { fill: none; stroke: #999 }',
  '.grid { stroke: #999; stroke-opacity: 0.3 }',
  '.neutral { stroke: #999; stroke-dasharray: 4 3 }',
  '.paper { stroke: #c4541a; stroke-width: 2 }',
  '@media (prefers-color-scheme: dark) { text { fill: #ddd } }',
].join(' ');

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function text(x: number, y: number, anchor: string, words: string, kind = ''): string {
  const style = kind === '' ? '' : ` class="${kind}"`;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${style}>${escaped(words)}</text>`;
}

const line = (kind: string, x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="${kind}" x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;

function document(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    text(12, 20, 'start', title, 'title'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly at: (value: number) => number;
}

/** A little wider than the values, onto a range of pixels. */
function scaleOf(values: readonly number[], from: number, to: number): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = most > least ? 0.05 * (most - least) : 0.5;
  const [low, high] = [least - margin, most + margin];
  return { low, high, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

/** Round numbers inside a scale, about `count` of them. */
export function ticksOf(low: number, high: number, count = 5): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

const plain = (value: number): string => String(Number(value.toPrecision(6)));

const ROW = 22;
const LABELS = 440;

/** One dot with a whisker for each measured row; a mark where the paper's figure is, a dashed line at "no difference". */
function intervalsSvg(title: string, rows: readonly ResultRow[]): string | null {
  const drawn = rows.flatMap(({ pooled, ...row }) => (pooled ? [{ ...row, pooled }] : []));
  const [first] = drawn;
  if (first === undefined) return null;
  const { unit, neutral } = first;
  const values = drawn.flatMap(({ pooled, paper }) => [
    pooled.low,
    pooled.high,
    ...(paper === null ? [] : [paper]),
  ]);
  const x = scaleOf(neutral === null ? values : [...values, neutral], LABELS, WIDTH - 100);
  const [top, bottom] = [34, 34 + ROW * drawn.length];
  const grid = ticksOf(x.low, x.high).flatMap((tick) => [
    line('grid', x.at(tick), top, x.at(tick), bottom),
    text(
      x.at(tick),
      bottom + 16,
      'middle',
      plain(unit === 'share' || unit === 'points' ? 100 * tick : tick),
    ),
  ]);
  const marks = drawn.flatMap(({ label, temperature, pooled, paper, control, reference }, i) => {
    const y = top + ROW * (i + 0.5);
    const colour = control || reference !== undefined ? '#888' : COLOURS[0];
    const [from, to, at] = [pooled.low, pooled.high, pooled.value].map((value) => x.at(value));
    return [
      text(LABELS - 10, y + 4, 'end', temperature === '-' ? label : `${label} (${temperature})`),
      `<line stroke="${colour}" stroke-width="2" x1="${from!.toFixed(1)}" x2="${to!.toFixed(1)}" y1="${y}" y2="${y}"/>`,
      `<circle fill="${colour}" cx="${at!.toFixed(1)}" cy="${y}" r="4"/>`,
      ...(paper === null ? [] : [line('paper', x.at(paper), y - 8, x.at(paper), y + 8)]),
      text(WIDTH - 90, y + 4, 'start', valueWords(unit, pooled.value)),
    ];
  });
  const even = neutral === null ? [] : [line('neutral', x.at(neutral), top, x.at(neutral), bottom)];
  return document(title, bottom + 30, [...grid, ...even, ...marks]);
}

const FRAME = { left: 70, right: 200, top: 50, height: 260 };

function curveMarks({ draw, points }: PlotLine, colour: string, x: Scale, y: Scale): string[] {
  const path = points.map((point) => `${x.at(point.x).toFixed(1)},${y.at(point.y).toFixed(1)}`);
  const stroke = `stroke="${colour}" stroke-width="2" fill="none"`;
  return [
    ...(draw === 'dots' ? [] : [`<polyline ${stroke} points="${path.join(' ')}"/>`]),
    ...(draw === 'line' ? [] : points).flatMap((point) => [
      ...(point.low === undefined || point.high === undefined
        ? []
        : [
            `<line ${stroke} stroke-opacity="0.5" x1="${x.at(point.x).toFixed(1)}" x2="${x.at(point.x).toFixed(1)}" ` +
              `y1="${y.at(point.low).toFixed(1)}" y2="${y.at(point.high).toFixed(1)}"/>`,
          ]),
      `<circle fill="${colour}" cx="${x.at(point.x).toFixed(1)}" cy="${y.at(point.y).toFixed(1)}" r="3"/>`,
    ]),
  ];
}

function curvesSvg({
  title,
  x: xWords,
  y: yWords,
  lines,
}: Extract<ResultPlot, { kind: 'curves' }>): string | null {
  const points = lines.flatMap((each) => each.points);
  if (points.length === 0) return null;
  const { left, right, top, height } = FRAME;
  const bottom = top + height;
  const x = scaleOf(
    points.map((point) => point.x),
    left,
    WIDTH - right,
  );
  const y = scaleOf(
    points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]),
    bottom,
    top,
  );
  const axes = [
    ...ticksOf(x.low, x.high).map((tick) => text(x.at(tick), bottom + 16, 'middle', plain(tick))),
    ...ticksOf(y.low, y.high).flatMap((tick) => [
      line('grid', left, y.at(tick), WIDTH - right, y.at(tick)),
      text(left - 6, y.at(tick) + 4, 'end', plain(tick)),
    ]),
    text((left + WIDTH - right) / 2, bottom + 34, 'middle', xWords),
    text(left, top - 8, 'start', yWords),
  ];
  const marks = lines.flatMap((each, i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    const at = top + 12 + 18 * i;
    return [
      ...curveMarks(each, colour, x, y),
      `<circle fill="${colour}" cx="${WIDTH - right + 14}" cy="${at - 4}" r="4"/>`,
      text(WIDTH - right + 24, at, 'start', each.name),
    ];
  });
  const legend = top + 18 * lines.length;
  return document(title, Math.max(bottom + 44, legend + 12), [...axes, ...marks]);
}

/** Null when there is nothing to draw. */
export function plotSvg(plot: ResultPlot, rows: readonly ResultRow[]): string | null {
  if (plot.kind === 'curves') return curvesSvg(plot);
  const chosen = plot.rows.flatMap((id) => rows.filter((row) => row.id === id));
  return intervalsSvg(plot.title, chosen);
}
