/** Curves on hand-made measurements: what is left out and why, the rows of what was not run, and the drawing. */
import { describe, expect, test } from 'vitest';
import { CURVES, type SizeName } from '../../../src/cli/bench/configs.ts';
import { curveSvg } from '../../../src/cli/bench/curve-svg.ts';
import { curveDrawing, curveTables, reasonToSkip } from '../../../src/cli/bench/curves.ts';
import type { JobResult } from '../../../src/cli/bench/rounds.ts';

function point(config: SizeName, milliseconds: readonly number[], failure?: string): JobResult {
  const rounds = milliseconds.map((ms) => ({
    ...{ kind: 'round' as const, times: { whole: ms }, loss: null, dispatches: null },
    ...{ submits: null, readbacks: null, bytes: null, peakBytes: null, residentBytes: 1e8 },
    ...{ cpuMs: ms, deviceErrors: [] },
  }));
  return {
    ...{ job: 'train', config, backend: 'wasm' },
    entries: [{ contender: 'ours', ready: null, rounds, failure: failure ?? null }],
  };
}

const settings = { repeats: 3, warmup: 2, limitMs: 60_000 };

describe('points that take too long', () => {
  test('by the rate of the last point that was measured, over all steps of the point', () => {
    // 4,886,528 of 867,072 parameters on the same tokens: 5.64 times the time, five steps.
    expect(reasonToSkip('5M', [point('S', [2000])], settings)).toBeNull();
    expect(reasonToSkip('5M', [point('S', [2200])], settings)).toBe(
      'not run: 5 steps would take about 62 s, and a point may take 60 s',
    );
    // A point that failed tells nothing; the one before it does.
    const before = [point('S', [2200]), point('5M', [], 'out of memory')];
    expect(reasonToSkip('25M', before, settings)).toMatch(/about 324 s/);
  });

  test('the first point is always tried', () => {
    expect(reasonToSkip('124M', [], settings)).toBeNull();
    expect(reasonToSkip('124M', [point('S', [], 'failed')], settings)).toBeNull();
  });
});

describe('what is shown', () => {
  const results = [
    point('0.1M', [10, 12, 11]),
    point('S', [100]),
    point('5M', [], 'not run: too long'),
    point('B1', [20]),
  ];

  test('a row for every size of the axis, with the reason where there is no figure', () => {
    const [parameters] = curveTables(results);
    expect(parameters?.rows.map(([size]) => size)).toEqual([
      ...CURVES['parameters (8 rows of 64 tokens)'],
    ]);
    expect(parameters?.rows[0]?.slice(1, 5)).toEqual(['86,976', '64', '8', '11']);
    expect(parameters?.rows[2]?.at(-1)).toBe('not run: too long');
    // Parameters are known without a run.
    expect(parameters?.rows[2]?.[1]).toBe('4,886,528');
  });

  test('the drawing has a dot for each figure in both panels, and none for what was not run', () => {
    const svg = curveDrawing('wasm', results) ?? '';
    // 0.1M and S over parameters, B1 and S over rows, nothing over context.
    expect(svg.match(/<circle/g)).toHaveLength(2 * 4);
    expect(svg).toContain('>parameters</text>');
    expect(svg).toContain('>rows of 64 tokens a step</text>');
    expect(svg).not.toContain('>context</text>');
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(curveDrawing('wasm', [point('S', [])])).toBeNull();
  });

  test('ten times the time is a decade higher, ten times the size a decade to the right', () => {
    const points = [1, 10, 100].map((x) => ({ x, milliseconds: x, tokensPerSecond: 1000 / x }));
    const svg = curveSvg('a test', [{ axis: 'size', points }]) ?? '';
    const dots = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    const [a = [], b = [], c = []] = dots;
    expect((b[0] ?? NaN) - (a[0] ?? NaN)).toBeCloseTo((c[0] ?? NaN) - (b[0] ?? NaN), 0);
    expect((a[1] ?? NaN) - (b[1] ?? NaN)).toBeCloseTo((b[1] ?? NaN) - (c[1] ?? NaN), 0);
    expect(a[1]).toBeGreaterThan(c[1] ?? NaN);
    // Rates fall where times rise.
    expect(dots[3]?.[1]).toBeLessThan(dots[5]?.[1] ?? NaN);
  });
});
