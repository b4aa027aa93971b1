/**
 * A chart as an SVG document of its own, to keep or to print: title, legend, axes, lines, marks, and what the numbers
 * mean. Plain text from plain values, so that it can be tested without a page; the live drawing is metric-plot.ts.
 */
import type { ChartValues } from './chart-data.ts';
import { logTicks, niceTicks } from './chart-ticks.ts';
import { escaped } from './markup.ts';

export interface SvgLine {
  readonly label: string;
  /** Any CSS colour, resolved: a file knows no variables of a page. */
  readonly color: string;
  readonly dash: readonly number[];
  readonly values: ChartValues;
  /** Drawn thin and pale: what was measured, behind its smoothed line. Not in the legend. */
  readonly faint: boolean;
}

export interface ChartDrawing {
  readonly title: string;
  readonly meaning: string;
  readonly stepWord: string;
  readonly steps: readonly number[];
  readonly lines: readonly SvgLine[];
  /** Steps at which a setting was changed. */
  readonly marks: readonly number[];
  readonly log: boolean;
  readonly colors: { readonly ink: string; readonly grid: string; readonly surface: string };
}

const WIDTH = 720;
const HEIGHT = 420;
/** Of the area that the lines are drawn in, in pixels of the document. */
export const PLOT = { left: 72, right: WIDTH - 20, bottom: HEIGHT - 76, top: 84 } as const;
const LETTER = 7;

type Scale = (value: number) => number;

/** From [min, max] to [from, to]; a single value stands in the middle. */
function scale(min: number, max: number, from: number, to: number, log: boolean): Scale {
  const place = log ? Math.log : (value: number) => value;
  const span = place(max) - place(min);
  return (value) => from + (span === 0 ? 0.5 : (place(value) - place(min)) / span) * (to - from);
}

const round = (value: number): string => String(Number(value.toFixed(1)));

/** Points of a line as SVG path data, its gaps left out. */
function pathData(steps: readonly number[], values: ChartValues, x: Scale, y: Scale): string {
  const points = values.flatMap((value, i) =>
    value === null ? [] : [`${round(x(steps[i] ?? NaN))},${round(y(value))}`],
  );
  return points.length === 0 ? '' : `M${points.join('L')}`;
}

/** Words in lines of at most `width` letters. */
function wrapped(text: string, width: number): string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > width) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}

function axes(
  { log, colors, stepWord, steps }: ChartDrawing,
  x: Scale,
  y: Scale,
  box: Box,
): string[] {
  const ys = log ? logTicks(box.low, box.high) : niceTicks(box.low, box.high, 5);
  const counts = steps.every(Number.isInteger);
  const xs = niceTicks(box.first, box.last, 8).filter((x) => !counts || Number.isInteger(x));
  const middle = (PLOT.left + PLOT.right) / 2;
  return [
    ...ys.map((tick) => {
      const at = round(y(tick));
      return (
        `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}" stroke="${colors.grid}"/>` +
        `<text x="${PLOT.left - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${tick}</text>`
      );
    }),
    ...xs.map(
      (tick) =>
        `<text x="${round(x(tick))}" y="${PLOT.bottom + 18}" text-anchor="middle">${tick}</text>`,
    ),
    `<text x="${middle}" y="${PLOT.bottom + 36}" text-anchor="middle">${escaped(stepWord)}</text>`,
  ];
}

function legend(lines: readonly SvgLine[]): string[] {
  let left = 20;
  let top = 52;
  return lines.map(({ label, color, dash }) => {
    const width = 44 + label.length * LETTER;
    if (left > 20 && left + width > WIDTH - 20) {
      left = 20;
      top += 18;
    }
    const at = left;
    left += width;
    return (
      `<line x1="${at}" x2="${at + 24}" y1="${top - 4}" y2="${top - 4}" stroke="${color}" ` +
      `stroke-width="2.5" stroke-dasharray="${dash.join(' ')}"/>` +
      `<text x="${at + 30}" y="${top}">${escaped(label)}</text>`
    );
  });
}

interface Box {
  readonly first: number;
  readonly last: number;
  readonly low: number;
  readonly high: number;
}

function boxOf({ steps, lines }: ChartDrawing): Box {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const least = (list: readonly number[]) => list.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (list: readonly number[]) => list.reduce((a, b) => Math.max(a, b), -Infinity);
  return { first: least(steps), last: most(steps), low: least(values), high: most(values) };
}

/** The document. Throws RangeError when nothing was measured. */
export function chartSvg(drawing: ChartDrawing): string {
  const { title, meaning, steps, lines, marks, log, colors } = drawing;
  const box = boxOf(drawing);
  if (!Number.isFinite(box.low)) throw new RangeError(`${title}: nothing measured yet`);
  const x = scale(box.first, box.last, PLOT.left, PLOT.right, false);
  const y = scale(box.low, box.high, PLOT.bottom, PLOT.top, log);
  const paths = lines.map(
    ({ color, dash, values, faint }) =>
      `<path d="${pathData(steps, values, x, y)}" fill="none" stroke="${color}" ` +
      `stroke-width="${faint ? 1 : 2}" stroke-opacity="${faint ? 0.55 : 1}" ` +
      `stroke-dasharray="${dash.join(' ')}"/>`,
  );
  const seen = marks.filter((step) => step >= box.first && step <= box.last);
  const marked = seen.map(
    (step) =>
      `<line x1="${round(x(step))}" x2="${round(x(step))}" y1="${PLOT.top}" y2="${PLOT.bottom}" ` +
      `stroke="${colors.ink}" stroke-dasharray="2 3"/>`,
  );
  const notes = wrapped(`${meaning}${log ? ' Logarithmic scale.' : ''}`, 104);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" ` +
      `viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" ` +
      `fill="${colors.ink}">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(meaning)}</desc>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${colors.surface}"/>`,
    `<text x="20" y="28" font-size="16" font-weight="600">${escaped(title)}</text>`,
    ...legend(lines.filter(({ faint }) => !faint)),
    ...axes(drawing, x, y, box),
    ...paths,
    ...marked,
    ...notes
      .slice(0, 2)
      .map((note, i) => `<text x="20" y="${HEIGHT - 24 + 16 * i}">${escaped(note)}</text>`),
    '</svg>',
  ].join('\n');
}
