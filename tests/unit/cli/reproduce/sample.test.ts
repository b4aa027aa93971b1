/** Statistics of clustered values: by hand, and intervals that know who the values belong to. */
import { describe, expect, test } from 'vitest';
import { bootstrapFigure, sampleOf, statisticOf } from '../../../../src/cli/reproduce/sample.ts';
import { Rng } from '../../../../src/data/rng.ts';

const values = (cluster: string, ...list: readonly number[]) =>
  list.map((value) => ({ cluster, value }));

describe('statistics of means', () => {
  test('each by hand', () => {
    expect(statisticOf('mean', [0.7])).toBe(0.7);
    expect(statisticOf('difference', [0.7, 0.5])).toBeCloseTo(0.2, 12);
    expect(statisticOf('ratio', [0.3, 0.2])).toBeCloseTo(1.5, 12);
    // From 0.8 down to 0.6 and back up to 0.75: three quarters.
    expect(statisticOf('recovered', [0.8, 0.6, 0.75])).toBeCloseTo(0.75, 12);
  });

  test('without a denominator there is no figure', () => {
    expect(statisticOf('ratio', [0.3, 0])).toBeNaN();
    expect(statisticOf('recovered', [0.5, 0.5, 0.5])).toBeNaN();
  });
});

describe('bootstrapFigure', () => {
  test('values weigh alike whoever they belong to, and seeds are put together', () => {
    const one = sampleOf('mean', [...values('a', 1, 1, 1), ...values('b', 0)]);
    const other = sampleOf('mean', values('a', 0, 0));
    const figure = bootstrapFigure([one, other], Rng.named(1, 'test'));
    expect(figure?.value).toBeCloseTo(0.5, 12);
    expect(figure?.n).toBe(6);
    expect(figure!.low).toBeLessThan(0.5);
    expect(figure!.high).toBeGreaterThan(0.5);
  });

  test('parts may have different values of a cluster, and different numbers of them', () => {
    const sample = sampleOf('ratio', values('a', 1, 0), [
      ...values('a', 1),
      ...values('b', 0, 0, 1),
    ]);
    expect(bootstrapFigure([sample], Rng.named(1, 'test'))?.value).toBeCloseTo(1, 12);
  });

  test('resamples clusters, not values: one user who decides makes the interval wide', () => {
    const rng = Rng.named(2, 'test');
    const spread = Array.from({ length: 400 }, (_, i) => ({
      cluster: `u${i % 40}`,
      value: rng.chance(0.5) ? 1 : 0,
    }));
    const lumped = Array.from({ length: 400 }, (_, i) => ({
      cluster: `u${i % 40}`,
      value: i % 40 < 20 ? 1 : 0,
    }));
    const width = (list: typeof spread): number => {
      const figure = bootstrapFigure([sampleOf('mean', list)], Rng.named(3, 'test'))!;
      return figure.high - figure.low;
    };
    expect(width(lumped)).toBeGreaterThan(2 * width(spread));
    // 1.96 standard errors of 40 fair coins on both sides.
    expect(Math.abs(width(lumped) - (2 * 1.96 * 0.5) / Math.sqrt(40))).toBeLessThan(0.05);
  });

  test('the same stream gives the same interval; nothing gives none', () => {
    const sample = sampleOf('mean', [...values('a', 1, 0), ...values('b', 1)]);
    const draw = () => bootstrapFigure([sample], Rng.named(4, 'test'));
    expect(draw()).toEqual(draw());
    expect(bootstrapFigure([], Rng.named(4, 'test'))).toBeNull();
    expect(bootstrapFigure([sampleOf('mean', [])], Rng.named(4, 'test'))).toBeNull();
  });
});
