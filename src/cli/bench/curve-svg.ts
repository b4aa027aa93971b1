/**
 * The curves as a drawing: for each axis a panel of milliseconds a step and one of tokens a second, both axes in
 * logarithms. Plain values in, an SVG document out, legible on light and on dark ground.
 */

export interface CurvePoint {
  readonly x: number;
  readonly milliseconds: number;
  readonly tokensPerSecond: number;
}

export interface Curve {
  /** What the horizontal axis counts. */
  readonly axis: string;
  readonly points: readonly CurvePoint[];
}

const PANEL = { width: 300, height: 210, left: 58, right: 14, top: 30, bottom: 40 };

const STYLE = [
  'text { font: 11px system-ui, sans-serif; fill: #333 }',
  '.title { font-weight: 600 }',
  '.frame { fill: none; stroke: #999 }',
  '.grid { stroke: #999; stroke-opacity: 0.3 }',
  '.line { fill: none; stroke: #1a75c4; stroke-width: 2 }',
  '.dot { fill: #1a75c4 }',
  '@media (prefers-color-scheme: dark) { text { fill: #ddd } .line { stroke: #6ab0ef } .dot { fill: #6ab0ef } }',
].join(' ');

/** `860`, `12.5k`, `5M` */
function tick(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(4)));
}

/** Where a value lies between two others, in logarithms; the middle where they are the same. */
function place(value: number, low: number, high: number): number {
  return high > low ? Math.log(value / low) / Math.log(high / low) : 0.5;
}

/** Powers of ten from the one at or below the lowest value to the one at or above the highest. */
function decades(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
}

const text = (x: number, y: number, anchor: string, words: string, kind = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${kind}>${words}</text>`;

function panel(
  title: string,
  axis: string,
  points: readonly { x: number; y: number }[],
  at: readonly [number, number],
): string {
  const [column, row] = at;
  const { width, height, left, right, top, bottom } = PANEL;
  const [inner, tall] = [width - left - right, height - top - bottom];
  const levels = decades(points.map(({ y }) => y));
  const [lowY, highY] = [Math.min(...levels), Math.max(...levels)];
  const [lowX, highX] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const atX = (x: number): number => left + inner * place(x, lowX, highX);
  const atY = (y: number): number => top + tall * (1 - place(y, lowY, highY));
  const path = points.map(({ x, y }) => `${atX(x).toFixed(1)},${atY(y).toFixed(1)}`);
  return [
    `<g transform="translate(${column * width} ${row * height})">`,
    text(left, 18, 'start', title, ' class="title"'),
    `<rect class="frame" x="${left}" y="${top}" width="${inner}" height="${tall}"/>`,
    ...levels.map((level) => {
      const y = atY(level);
      const line = `<line class="grid" x1="${left}" x2="${left + inner}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
      return line + text(left - 6, y + 4, 'end', tick(level));
    }),
    ...points.map(({ x }) => text(atX(x), top + tall + 16, 'middle', tick(x))),
    text(left + inner / 2, top + tall + 33, 'middle', axis),
    `<polyline class="line" points="${path.join(' ')}"/>`,
    ...points.map(
      ({ x, y }) =>
        `<circle class="dot" cx="${atX(x).toFixed(1)}" cy="${atY(y).toFixed(1)}" r="3"><title>${tick(x)}: ${tick(y)}</title></circle>`,
    ),
    '</g>',
  ].join('\n');
}

/** Null when no curve has a point. */
export function curveSvg(title: string, curves: readonly Curve[]): string | null {
  const drawn = curves.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return null;
  const [width, height] = [PANEL.width * drawn.length, PANEL.height * 2];
  const panels = drawn.flatMap(({ axis, points }, column) => {
    const times = points.map(({ x, milliseconds: y }) => ({ x, y }));
    const rates = points.map(({ x, tokensPerSecond: y }) => ({ x, y }));
    return [
      panel('milliseconds a step', axis, times, [column, 0]),
      panel('tokens a second', axis, rates, [column, 1]),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}
