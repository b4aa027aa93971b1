/** How rollouts are dealt out to minibatches, and means over them; the loop's own dealing is D21's test in ppo.test.ts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import {
  averageByTokens,
  frozenNumbers,
  liveTokens,
  minibatchOf,
  minibatchRows,
} from '../../../src/rlhf/minibatches.ts';
import type { Rollout } from '../../../src/rlhf/rollout.ts';

const ON = {
  whitenAdvantages: true,
  whitenScope: 'minibatch',
  whitenVariance: 'population',
} as const;
const OFF = { ...ON, whitenAdvantages: false } as const;

/** Eight responses of 1 or 2 tokens; array k holds 100 k + its flat index. */
function rollout(): Rollout {
  const B = 8;
  const R = 2;
  const none = new Float32Array(0);
  const numbers = (k: number) => Float32Array.from({ length: B * R }, (_, i) => 100 * k + i);
  return {
    ...{ B, R, prompts: [], metrics: {} },
    sequences: Array.from({ length: B }, (_, b) => ({
      prompt: [b],
      response: b % 2 === 0 ? [1, 2] : [1],
    })),
    ended: new Array<boolean>(B).fill(true),
    mask: Float32Array.from({ length: B * R }, (_, i) => (i % 4 === 3 ? 0 : 1)),
    stateMask: new Float32Array(B * R).fill(1),
    logProbabilities: numbers(1),
    referenceLogProbabilities: numbers(2),
    values: numbers(3),
    scores: numbers(4).subarray(0, B),
    rewards: numbers(5),
    advantages: numbers(6),
    returns: numbers(7),
    parts: {
      ...{ penalties: none, tokenScores: none, shaped: none },
      ...{ deltas: none, carried: none, stateAdvantages: none },
    },
  };
}

test('D21: every row in exactly one minibatch, minibatches of one size, remainders refused', () => {
  const sizes = fc.record({
    parts: fc.integer({ min: 1, max: 8 }),
    size: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(sizes, fc.nat(1000), ({ parts, size }, seed) => {
      const dealt = minibatchRows(parts * size, parts, Rng.named(seed));
      expect(dealt.map((rows) => rows.length)).toEqual(new Array<number>(parts).fill(size));
      const all = dealt.flat().sort((a, b) => a - b);
      expect(all).toEqual(Array.from({ length: parts * size }, (_, i) => i));
    }),
  );
  expect(() => minibatchRows(10, 3, Rng.named(1))).toThrow(/rollout batch per minibatch/);
});

test('rows are cut out whole, in the order asked for', () => {
  const cut = minibatchOf(rollout(), [5, 2], OFF);
  expect(cut.sequences.map(({ prompt }) => prompt)).toEqual([[5], [2]]);
  expect(Array.from(cut.mask)).toEqual([1, 0, 1, 1]);
  expect(Array.from(cut.oldLogProbabilities)).toEqual([110, 111, 104, 105]);
  expect(Array.from(cut.oldValues)).toEqual([310, 311, 304, 305]);
  expect(Array.from(cut.advantages)).toEqual([610, 611, 604, 605]);
  expect(Array.from(cut.returns)).toEqual([710, 711, 704, 705]);
  expect(() => minibatchOf(rollout(), [8], OFF)).toThrow(/no row 8 in a rollout of 8/);
  expect(() => liveTokens(rollout(), [-1])).toThrow(RangeError);
});

test('D20: advantages are whitened over the live tokens of these rows, and only if asked for', () => {
  const rows = [7, 6, 5, 4, 3, 2, 1, 0];
  const { advantages, mask } = minibatchOf(rollout(), rows, ON);
  const live = Array.from(advantages).filter((_, i) => mask[i] === 1);
  expect(live).toHaveLength(12);
  expect(live.reduce((sum, a) => sum + a, 0)).toBeCloseTo(0, 5);
  expect(live.reduce((sum, a) => sum + a * a, 0) / 12).toBeCloseTo(1, 5);
  expect(() => minibatchOf(rollout(), [1, 2], ON)).toThrow(/at least 8 responses, got 2/);
});

test('D18, D20: whitened over the batch, minibatches are cut from one whole; Bessel divides by one less', () => {
  const batch = { ...ON, whitenScope: 'batch' } as const;
  const [first, second] = [
    minibatchOf(rollout(), [0, 3], batch),
    minibatchOf(rollout(), [1], batch),
  ];
  const all = minibatchOf(rollout(), [0, 1, 2, 3, 4, 5, 6, 7], ON).advantages;
  expect(Array.from(first.advantages)).toEqual([...all.subarray(0, 2), ...all.subarray(6, 8)]);
  expect(Array.from(second.advantages)).toEqual([...all.subarray(2, 4)]);
  const rows = [7, 6, 5, 4, 3, 2, 1, 0];
  const population = minibatchOf(rollout(), rows, ON).advantages;
  for (const whitenScope of ['minibatch', 'batch'] as const) {
    const bessel = minibatchOf(rollout(), rows, { ...ON, whitenScope, whitenVariance: 'bessel' });
    bessel.advantages.forEach((a, i) =>
      expect(a).toBeCloseTo((population[i] ?? NaN) * Math.sqrt(11 / 12), 5),
    );
  }
});

test('D18: whitened once, so that the 1e-8 keeps a tiny spread tiny; not at all when that is off', () => {
  const made = rollout();
  const tiny = { ...made, advantages: made.advantages.map((a) => a * 1e-6) };
  const rows = [0, 1, 2, 3, 4, 5, 6, 7];
  for (const whitenScope of ['minibatch', 'batch'] as const) {
    const { advantages, mask } = minibatchOf(tiny, rows, { ...ON, whitenScope });
    // Live values 600 to 614 in steps of 4 and 1, times 1e-6: a deviation of about 4.4e-6 over 1e-4.
    const live = Array.from(advantages).filter((_, i) => mask[i] === 1);
    const spread = Math.sqrt(live.reduce((sum, a) => sum + a * a, 0) / live.length);
    expect(spread).toBeGreaterThan(0.03);
    expect(spread).toBeLessThan(0.06);
    const off = minibatchOf(tiny, rows, { ...OFF, whitenScope });
    expect(off.advantages).toEqual(tiny.advantages);
  }
});

test('D17: means over minibatches weigh their live tokens', () => {
  expect(liveTokens(rollout(), [0, 1, 3])).toBe(4);
  const mean = averageByTokens([
    { metrics: { a: 1, b: 10 }, weight: 3 },
    { metrics: { a: 5, b: -2 }, weight: 1 },
  ]);
  expect(mean).toEqual({ a: 2, b: 7 });
});

test('D22: the constants of an update are all nine arrays of a rollout', () => {
  const batch = rollout();
  const parts = frozenNumbers(batch);
  const arrays = Object.values(batch).filter((value) => value instanceof Float32Array);
  expect(new Set(parts)).toEqual(new Set(arrays));
  expect(parts).toHaveLength(9);
});
