/** Seeded streams: named, resumable, uniform. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';

/** Pearson's statistic of counts against a uniform expectation. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('Rng', () => {
  it('gives the same stream for the same name and another for another', () => {
    const draw = (rng: Rng): number[] => Array.from({ length: 8 }, () => rng.word());
    expect(draw(Rng.named(1, 'sft', 3))).toEqual(draw(Rng.named(1, 'sft', 3)));
    const others = [Rng.named(2, 'sft', 3), Rng.named(1, 'sft', 4), Rng.named(1, 'ppo', 3)];
    for (const other of others) expect(draw(other)).not.toEqual(draw(Rng.named(1, 'sft', 3)));
  });

  it.each([0, 1, 3, 4, 5, 1000])('goes on from a state saved after %i draws', (drawn) => {
    const rng = Rng.named(7, 'resume');
    for (let i = 0; i < drawn; i++) rng.word();
    const state = JSON.parse(JSON.stringify(rng.state)) as Rng['state'];
    const restored = Rng.fromState(state);
    for (let i = 0; i < 20; i++) expect(restored.word()).toBe(rng.word());
  });

  it('is uniform over 64 bins (chi-square below the 99.99 % point of 63 degrees)', () => {
    const counts = Array.from({ length: 64 }, () => 0);
    const rng = Rng.named(1, 'uniformity');
    for (let i = 0; i < 64_000; i++) {
      const bin = rng.int(64);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    expect(chiSquare(counts)).toBeLessThan(113.1);
    expect(chiSquare(counts)).toBeGreaterThan(28);
  });

  it('is uniform across streams that differ in one number of the name', () => {
    const counts = Array.from({ length: 64 }, () => 0);
    for (let i = 0; i < 64_000; i++) {
      const bin = Rng.named(1, 'row', i).int(64);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    expect(chiSquare(counts)).toBeLessThan(113.1);
  });

  it('shuffles to each order equally often (chi-square, 23 degrees)', () => {
    const counts = new Map<string, number>();
    const rng = Rng.named(1, 'orders');
    for (let i = 0; i < 24_000; i++) {
      const order = rng.shuffled([0, 1, 2, 3]).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()])).toBeLessThan(56);
  });

  it('draws by weight, and never what has none', () => {
    const counts = [0, 0, 0];
    const rng = Rng.named(1, 'weights');
    for (let i = 0; i < 10_000; i++) {
      const index = rng.weighted([1, 0, 3]);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    expect((counts[2] ?? 0) / 10_000).toBeCloseTo(0.75, 1);
  });

  it('draws normals of mean 0 and variance 1', () => {
    const rng = Rng.named(1, 'normal');
    const draws = Array.from({ length: 20_000 }, () => rng.normal());
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });

  it('refuses impossible ranges', () => {
    const rng = Rng.named(1);
    expect(() => rng.int(0)).toThrow(RangeError);
    expect(() => rng.int(1.5)).toThrow(RangeError);
    expect(() => rng.int(2 ** 24)).toThrow(RangeError);
    expect(() => rng.pick([])).toThrow(RangeError);
  });
});
