/** Intervals: what they should contain, how often they do, and what a handful of votes is worth. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { halfWidth, votesNeeded, wilsonInterval } from '../../../src/records/vote-rate.ts';
import { bootstrapInterval, pairOutcome, winRate } from '../../../src/rlhf/intervals.ts';

describe('votes', () => {
  test("O18: the sample sizes behind the paper's error bars", () => {
    expect(Math.abs(votesNeeded(0.03, 0.85) - 544)).toBeLessThanOrEqual(1);
    expect(Math.abs(votesNeeded(0.04, 0.71) - 494)).toBeLessThanOrEqual(1);
    expect(Math.abs(votesNeeded(0.015, 0.726) - 3400)).toBeLessThanOrEqual(15);
  });

  test('O18: 30 votes mean plus or minus 18 points', () => {
    expect(halfWidth(30)).toBeCloseTo(0.179, 3);
    expect(votesNeeded(halfWidth(30))).toBe(30);
    expect(() => votesNeeded(0)).toThrow(RangeError);
  });

  test('O18: the interval of any vote solves (p - rate)^2 = z^2 p (1 - p) / n at both ends', () => {
    const vote = fc
      .integer({ min: 1, max: 500 })
      .chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: 2 * n })));
    fc.assert(
      fc.property(vote, ([n, halves]) => {
        const { low, high, rate } = wilsonInterval(halves / 2, n);
        expect(rate).toBeCloseTo(halves / 2 / n, 12);
        for (const p of [low, high]) {
          expect((p - rate) ** 2).toBeCloseTo((1.959964 ** 2 * p * (1 - p)) / n, 6);
        }
        expect(low).toBeLessThanOrEqual(rate + 1e-12);
        expect(high).toBeGreaterThanOrEqual(rate - 1e-12);
      }),
    );
  });

  test('Wilson: published value for 8 of 10, no collapse at 10 of 10, half wins, no votes', () => {
    const eight = wilsonInterval(8, 10);
    expect(eight.low).toBeCloseTo(0.4902, 4);
    expect(eight.high).toBeCloseTo(0.9433, 4);
    const all = wilsonInterval(10, 10);
    expect(all.low).toBeCloseTo(0.7225, 4);
    expect(all.high).toBeCloseTo(1, 12);
    expect(wilsonInterval(2.5, 5).rate).toBe(0.5);
    expect(wilsonInterval(0, 0)).toEqual({ rate: 0.5, low: 0, high: 1, n: 0 });
    expect(() => wilsonInterval(3, 2)).toThrow(RangeError);
  });
});

describe('bootstrapInterval', () => {
  /** Per-user offsets make values of one user alike, as prompts of one user are. */
  function clustered(rng: Rng, users: number, each: number): { values: number[]; ids: string[] } {
    const values: number[] = [];
    const ids: string[] = [];
    for (let u = 0; u < users; u++) {
      const offset = rng.normal();
      for (let k = 0; k < each; k++) {
        values.push(offset + 0.2 * rng.normal());
        ids.push(`user ${u}`);
      }
    }
    return { values, ids };
  }

  test('contains the true mean about 95 times of 100 when values cluster by user', () => {
    let covered = 0;
    const TRIALS = 200;
    for (let trial = 0; trial < TRIALS; trial++) {
      const rng = Rng.named(trial, 'coverage');
      const { values, ids } = clustered(rng, 40, 5);
      const { low, high } = bootstrapInterval(values, ids, rng, 300);
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / TRIALS).toBeGreaterThan(0.9);
    expect(covered / TRIALS).toBeLessThan(0.99);
  });

  test('is wider over users than over values taken as independent', () => {
    const { values, ids } = clustered(Rng.named(1, 'data'), 40, 10);
    const width = (clusters: string[]): number => {
      const { low, high } = bootstrapInterval(values, clusters, Rng.named(1, 'boot'));
      return high - low;
    };
    expect(width(ids)).toBeGreaterThan(2 * width(values.map((_, i) => String(i))));
  });

  test('equals a plain bootstrap with the same draws: 2,000 means, their 2.5 and 97.5 % points', () => {
    const sample = fc.integer({ min: 1, max: 12 }).chain((n) =>
      fc.record({
        values: fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
          minLength: n,
          maxLength: n,
        }),
        users: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: n, maxLength: n }),
        seed: fc.nat(1000),
        resamples: fc.constantFrom(1, 2, 7, 50, 2000),
      }),
    );
    fc.assert(
      fc.property(sample, ({ values, users, seed, resamples }) => {
        const own = Rng.named(seed);
        const ours =
          resamples === 2000
            ? bootstrapInterval(values, users, own)
            : bootstrapInterval(values, users, own, resamples);
        const single = new Set(users).size === 1;
        const names = [...new Set(single ? values.map((_, i) => String(i)) : users)];
        const of = (name: string) =>
          values.filter((_, i) => (single ? String(i) : users[i]) === name);
        const rng = Rng.named(seed);
        const means = Array.from({ length: resamples }, () => {
          const drawn = names.flatMap(() => of(names[rng.int(names.length)] ?? ''));
          return drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
        }).sort((a, b) => a - b);
        const point = (share: number) => {
          const place = share * (resamples - 1);
          const [below = NaN, above = below] = means.slice(Math.floor(place));
          return below + (place - Math.floor(place)) * (above - below);
        };
        expect(ours.low).toBeCloseTo(point(0.025), 9);
        expect(ours.high).toBeCloseTo(point(0.975), 9);
        expect(ours.mean).toBeCloseTo(values.reduce((sum, x) => sum + x, 0) / values.length, 9);
        expect(ours.n).toBe(values.length);
        expect(own.state.drawn).toBe(resamples * names.length);
      }),
      { numRuns: 20 },
    );
  });

  test('same seed, same interval; one user falls back to values; nothing is refused', () => {
    const interval = (): unknown => bootstrapInterval([1, 2, 4], ['a', 'b', 'a'], Rng.named(3));
    expect(interval()).toEqual(interval());
    const single = bootstrapInterval([0, 1, 0, 1], ['a', 'a', 'a', 'a'], Rng.named(3));
    expect(single.mean).toBe(0.5);
    expect(single.low).toBeLessThan(single.high);
    expect(() => bootstrapInterval([], [], Rng.named(1))).toThrow(RangeError);
    expect(() => bootstrapInterval([1], ['a', 'b'], Rng.named(1))).toThrow(/values has 1 elements/);
  });
});

describe('winRate', () => {
  test('ties count one half, sides mirror', () => {
    expect([pairOutcome(2, 1), pairOutcome(1, 1), pairOutcome(0, 1)]).toEqual([1, 0.5, 0]);
    const users = ['a', 'b', 'c', 'd'];
    const first = [3, 1, 0, 2];
    const second = [1, 1, 1, 1];
    const forward = winRate(first, second, users, Rng.named(5));
    const backward = winRate(second, first, users, Rng.named(5));
    expect(forward.rate).toBe(2.5 / 4);
    expect(forward.n).toBe(4);
    expect(forward.rate + backward.rate).toBe(1);
    expect(forward.low).toBeCloseTo(1 - backward.high, 12);
    const plain = bootstrapInterval([1, 0.5, 0, 1], users, Rng.named(5));
    expect([forward.low, forward.high]).toEqual([plain.low, plain.high]);
    const few = winRate(first, second, users, Rng.named(5), 7);
    expect(few.low).toBe(bootstrapInterval([1, 0.5, 0, 1], users, Rng.named(5), 7).low);
    expect(() => winRate([1], second, users, Rng.named(5))).toThrow(/first has 1 elements/);
    expect(() => winRate(first, [1], users, Rng.named(5))).toThrow(/second has 1 elements/);
  });
});
