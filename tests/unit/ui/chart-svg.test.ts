/** The chart as a document: what stands where, at what place, and that any text is text. */
import { describe, expect, test } from 'vitest';
import { chartSvg, PLOT, type ChartDrawing } from '../../../src/ui/chart-svg.ts';
import { logTicks, niceTicks } from '../../../src/ui/chart-ticks.ts';

const DRAWING: ChartDrawing = {
  title: 'Reward & <cost>',
  meaning: 'Mean per answer.',
  stepWord: 'iteration',
  steps: [1, 2, 3],
  lines: [
    { label: 'score', color: 'rgb(0, 104, 75)', dash: [], values: [0.01, 1, 100], faint: false },
    { label: 'raw', color: 'red', dash: [7, 4], values: [0.01, null, 100], faint: true },
  ],
  marks: [2, 9],
  log: false,
  colors: { ink: '#111', grid: '#ccc', surface: '#fff' },
};

function paths(svg: string): number[][][] {
  return [...svg.matchAll(/<path d="M([^"]*)"/g)].map(([, data = '']) =>
    data.split('L').map((point) => point.split(',').map(Number)),
  );
}

describe('document', () => {
  test('lines run from corner to corner of the plot; gaps are left out', () => {
    const [line, gap] = paths(chartSvg(DRAWING));
    const middle = (PLOT.left + PLOT.right) / 2;
    expect(line?.[0]).toEqual([PLOT.left, PLOT.bottom]);
    expect(line?.[1]?.[0]).toBe(middle);
    expect(line?.[2]).toEqual([PLOT.right, PLOT.top]);
    expect(gap).toHaveLength(2);
  });

  test('on a logarithmic scale equal factors are equal distances, and it says so', () => {
    const svg = chartSvg({ ...DRAWING, log: true });
    expect(paths(svg)[0]?.[1]?.[1]).toBe((PLOT.top + PLOT.bottom) / 2);
    expect(svg).toContain('Logarithmic scale.');
    expect(chartSvg(DRAWING)).not.toContain('Logarithmic');
  });

  test('is well-formed whatever the words; the legend leaves out pale lines, marks outside are not drawn', () => {
    const svg = chartSvg(DRAWING);
    expect(svg).toContain('Reward &amp; &lt;cost&gt;');
    expect(svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
    expect(svg.match(/>score</g)).toHaveLength(1);
    expect(svg).not.toContain('>raw<');
    expect(svg.match(/stroke-dasharray="2 3"/g)).toHaveLength(1);
    const opened = [...svg.matchAll(/<([a-z]+)(?![^>]*\/>)[^>]*>/g)].map(([, tag]) => tag).sort();
    const closed = [...svg.matchAll(/<\/([a-z]+)>/g)].map(([, tag]) => tag).sort();
    expect(opened).toEqual(closed);
  });

  test('a single value stands in the middle, none is refused', () => {
    const line = { label: 'a', color: 'red', dash: [], values: [5], faint: false };
    const svg = chartSvg({ ...DRAWING, steps: [1], marks: [], lines: [line] });
    expect(paths(svg)[0]).toEqual([[(PLOT.left + PLOT.right) / 2, (PLOT.top + PLOT.bottom) / 2]]);
    expect(() => chartSvg({ ...DRAWING, lines: [] })).toThrow(/nothing measured/);
  });
});

describe('ticks', () => {
  test.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-0.31, 0.22, 5, [-0.3, -0.2, -0.1, 0, 0.1, 0.2]],
    [0, 2.9, 5, [0, 0.5, 1, 1.5, 2, 2.5]],
    [1, 16, 8, [2, 4, 6, 8, 10, 12, 14, 16]],
    [3, 3, 5, [3]],
  ])('from %s to %s, about %s', (min, max, count, expected) => {
    expect(niceTicks(min, max, count)).toEqual(expected);
  });

  test('of a logarithmic scale', () => {
    expect(logTicks(0.3, 12)).toEqual([0.5, 1, 2, 5, 10]);
    // Less than a power of ten: two of 1, 2 and 5 would say too little.
    expect(logTicks(0.6, 1.6)).toEqual([0.6, 0.8, 1, 1.2, 1.4, 1.6]);
    expect(logTicks(0.001, 1000)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000]);
  });
});
