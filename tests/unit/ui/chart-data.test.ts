/** Lines of a chart: joined over runs, smoothed, thinned; their sentence, their files, their colours. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricRecord } from '../../../src/records/run.ts';
import { chartCsv, runCsv } from '../../../src/ui/chart-csv.ts';
import {
  allPositive,
  chartSeries,
  drawnSeries,
  keptIndices,
  lastOfFirstRun,
  lineStyle,
  smoothed,
} from '../../../src/ui/chart-data.ts';
import { fileName } from '../../../src/ui/save-file.ts';

function row(step: number, values: Readonly<Record<string, number>>): MetricRecord {
  return { stage: 'sft', step, values };
}

const LOSS = [{ name: 'loss', label: 'loss' }];

describe('series', () => {
  test('of one run leave out steps without a finite value', () => {
    const rows = [
      row(1, { loss: 4 }),
      row(2, { loss: NaN }),
      row(3, { other: 1 }),
      row(4, { loss: 2 }),
    ];
    expect(chartSeries([{ name: 'this run', rows }], LOSS)).toEqual({
      steps: [1, 4],
      lines: [{ key: 'loss', label: 'loss', values: [4, 2] }],
    });
  });

  test('of several runs share their steps and are told apart by name', () => {
    const runs = [
      { name: 'now', rows: [row(1, { loss: 4 }), row(3, { loss: 2 })] },
      { name: 'before', rows: [row(2, { loss: 9, kl: 1 }), row(3, { loss: 8 })] },
    ];
    const { steps, lines } = chartSeries(runs, [...LOSS, { name: 'kl', label: 'KL' }]);
    expect(steps).toEqual([1, 2, 3]);
    expect(lines).toEqual([
      { key: 'now: loss', label: 'loss, now', values: [4, null, 2] },
      { key: 'now: kl', label: 'KL, now', values: [null, null, null] },
      { key: 'before: loss', label: 'loss, before', values: [null, 9, 8] },
      { key: 'before: kl', label: 'KL, before', values: [null, 1, null] },
    ]);
    expect(lastOfFirstRun({ steps, lines }, 2)).toBe(2);
    // A run that has not come as far as the one before it.
    expect(lastOfFirstRun({ steps: [1, 2, 3], lines: [...lines].reverse() }, 1)).toBe(1);
    expect(lastOfFirstRun({ steps: [], lines: [] }, 1)).toBe(0);
  });
});

describe('smoothing', () => {
  test('is the bias-corrected average of the measurements so far; gaps do not count', () => {
    // By hand at 1/2: 8; (8/4 + 4/2) / (3/4) = 16/3; the gap; (8/8 + 4/4 + 1/2) / (7/8) = 20/7.
    const values = smoothed([8, 4, null, 1], 0.5);
    [8, 16 / 3, null, 20 / 7].forEach((expected, i) => {
      if (expected === null) expect(values[i]).toBeNull();
      else expect(values[i]).toBeCloseTo(expected, 12);
    });
  });

  test('keeps a constant, stays within what was measured, and at 0 changes nothing', () => {
    const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (values, factor) => {
          const average = smoothed(values, factor).map(Number);
          const slack = 1e-9 * (1 + Math.max(...values.map(Math.abs)));
          average.forEach((a, i) => {
            const before = values.slice(0, i + 1);
            expect(a).toBeGreaterThanOrEqual(Math.min(...before) - slack);
            expect(a).toBeLessThanOrEqual(Math.max(...before) + slack);
          });
          smoothed(values, 0).forEach((v, i) => expect(v).toBeCloseTo(values[i] ?? NaN, 9));
        },
      ),
    );
    expect(smoothed([3, 3, 3], 0.9).every((v) => Math.abs(Number(v) - 3) < 1e-12)).toBe(true);
  });

  test.each([-0.1, 1, NaN])('refuses a factor of %s', (factor) => {
    expect(() => smoothed([1], factor)).toThrow(RangeError);
  });
});

describe('thinning', () => {
  const line = fc.array(fc.option(fc.integer({ min: -50, max: 50 })), {
    minLength: 300,
    maxLength: 300,
  });

  test('keeps both ends and the extremes of every line, in order, each once, within its budget', () => {
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 10, max: 299 }),
        (lines, most) => {
          const kept = keptIndices(lines, 300, most);
          expect(kept.length).toBeLessThanOrEqual(most);
          expect([kept[0], kept.at(-1)]).toEqual([0, 299]);
          expect(kept.every((i, k) => k === 0 || i > (kept[k - 1] ?? NaN))).toBe(true);
          for (const values of lines) {
            const measured = values.filter((v) => v !== null);
            const shown = kept.map((i) => values[i]).filter((v) => typeof v === 'number');
            if (measured.length === 0) continue;
            expect(Math.min(...shown)).toBe(Math.min(...measured));
            expect(Math.max(...shown)).toBe(Math.max(...measured));
          }
        },
      ),
    );
  });

  test('keeps one spike among 5000 steps, and the highest and lowest of each tenth of them', () => {
    const values = Array.from({ length: 5000 }, (_, i) => (i === 1234 ? 100 : Math.sin(i)));
    const kept = keptIndices([values], 5000, 600);
    expect(kept).toContain(1234);
    for (let part = 0; part < 10; part++) {
      const all = values.slice(part * 500, (part + 1) * 500);
      const shown = kept.filter((i) => Math.floor(i / 500) === part).map((i) => values[i] ?? NaN);
      expect([Math.min(...shown), Math.max(...shown)]).toEqual([
        Math.min(...all),
        Math.max(...all),
      ]);
    }
  });

  test('keeps all of a short series, and refuses a budget without room', () => {
    expect(keptIndices([[1, 2, 3]], 3, 3)).toEqual([0, 1, 2]);
    expect(() => keptIndices([[1, 2, 3, 4]], 4, 3)).toThrow(RangeError);
  });

  test('comes after smoothing, so that the average is that of all steps', () => {
    const rows = Array.from({ length: 4000 }, (_, i) => row(i + 1, { loss: (i * 7919) % 101 }));
    const series = chartSeries([{ name: 'this run', rows }], LOSS);
    const { kept, steps, raw, smooth } = drawnSeries(series, 0.9, 100);
    const whole = smoothed(series.lines[0]?.values ?? [], 0.9);
    expect(steps.length).toBeLessThanOrEqual(100);
    expect(steps).toEqual(kept.map((i) => i + 1));
    expect(raw[0]).toEqual(kept.map((i) => (i * 7919) % 101));
    expect(smooth?.[0]).toEqual(kept.map((i) => whole[i]));
    expect(drawnSeries(series, 0, 100).smooth).toBeNull();
  });
});

test('a logarithmic scale needs measurements, all above 0', () => {
  expect(allPositive([[1, null], [0.1]])).toBe(true);
  expect(allPositive([[1], [0]])).toBe(false);
  expect(allPositive([[null], []])).toBe(false);
});

test('no two of 42 lines look the same', () => {
  const looks = Array.from({ length: 42 }, (_, i) => JSON.stringify(lineStyle(i)));
  expect(new Set(looks).size).toBe(42);
});

describe('CSV', () => {
  const rows = [row(1, { loss: 0.1 + 0.2 }), row(2, { 'a,"b"': NaN }), row(3, { loss: 2 })];

  test('of a chart has its lines in full precision, empty where nothing was measured', () => {
    const runs = [
      { name: 'now', rows },
      { name: 'before', rows: [row(2, { loss: 1 })] },
    ];
    expect(chartCsv(chartSeries(runs, LOSS), 'step')).toBe(
      'step,now: loss,before: loss\r\n1,0.30000000000000004,\r\n2,,1\r\n3,2,\r\n',
    );
  });

  test('of a run has every metric of any step, names quoted where they need it', () => {
    expect(runCsv(rows, 'step')).toBe(
      'step,loss,"a,""b"""\r\n1,0.30000000000000004,\r\n2,,NaN\r\n3,2,\r\n',
    );
  });

  test('is saved under a name made of the title', () => {
    expect(fileName('KL to the model of step 1')).toBe('kl-to-the-model-of-step-1');
    expect(fileName('(Loss)')).toBe('loss');
  });
});
