/** The decisions of a run's self-checks on plain numbers: what holds, what fails, and that nothing passes unseen. */
import { describe, expect, test } from 'vitest';
import {
  checksum,
  finiteCheck,
  firstMinibatchCheck,
  gradientChecks,
  largestDifference,
  lasting,
  restoredChecks,
  storedChecks,
  within,
} from '../../../src/rlhf/self-checks.ts';
import { isJsonValue } from '../../../src/storage/validators.ts';

test('a check holds up to its tolerance and never for NaN', () => {
  expect(within(0.5, 0.5)).toEqual({ ok: true, value: 0.5, tolerance: 0.5 });
  expect(within(0.51, 0.5).ok).toBe(false);
  expect(within(NaN, 0.5).ok).toBe(false);
  expect(within(-Infinity, 0.5).ok).toBe(false);
});

test('the largest difference keeps a NaN, whatever comes after it, and sees unequal lengths', () => {
  expect(largestDifference([1, 5, 3], [1, 2, 4])).toBe(3);
  expect(largestDifference([NaN, 5], [1, 5])).toBeNaN();
  expect(largestDifference([1], [1, 2])).toBe(Infinity);
  expect(largestDifference([], [])).toBe(0);
});

test('a checksum changes with any bit, its place, and the sign of zero', () => {
  const one = checksum([Float32Array.of(1, 2), Float32Array.of(3)]);
  expect(checksum([Float32Array.of(1, 2, 3)])).toBe(one);
  expect(checksum([Float32Array.of(2, 1, 3)])).not.toBe(one);
  expect(checksum([Float32Array.of(1, 2, 3 + 2 ** -22)])).not.toBe(one);
  expect(checksum([Float32Array.of(-0)])).not.toBe(checksum([Float32Array.of(0)]));
  // A view into the middle of a buffer is that part and no other.
  expect(checksum([Float32Array.of(9, 1, 2, 3, 9).subarray(1, 4)])).toBe(one);
  // FNV-1a of one zero word: offset basis times prime, modulo 2^32.
  expect(checksum([Float32Array.of(0)])).toBe(0x050c5d1f);
});

test('a failure stays with the value it failed at; a success gives way', () => {
  const [good, bad, worse] = [within(0, 1), within(2, 1), within(3, 1)];
  expect(lasting(undefined, good)).toBe(good);
  expect(lasting(good, bad)).toBe(bad);
  expect(lasting(bad, good)).toBe(bad);
  expect(lasting(bad, worse)).toBe(bad);
});

test('checks outlive a snapshot, whose state is JSON, also with a value that is no number', () => {
  const checks = { good: within(0, 1), none: within(NaN, 1), far: within(Infinity, 1) };
  const stored = storedChecks(checks);
  expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
  expect(isJsonValue(stored)).toBe(true);
  expect(isJsonValue(checks)).toBe(false);
  const back = restoredChecks(stored);
  expect(back).toEqual({ ...checks, far: { ...checks.far, value: NaN } });
  expect(restoredChecks(undefined)).toEqual({});
});

test('finite numbers: every NaN and infinity counts', () => {
  expect(finiteCheck([1, -2, 0])).toEqual({ ok: true, value: 0, tolerance: 0 });
  expect(finiteCheck([1, NaN, Infinity, -Infinity])).toMatchObject({ ok: false, value: 3 });
});

describe('D14: firstMinibatchCheck', () => {
  const still = {
    'val/ratio': 1,
    'val/ratio_var': 0,
    'policy/approxkl_avg': 0,
    'policy/clipfrac_avg': 0,
    'val/clipfrac_avg': 0,
  };
  const failing = (change: Partial<typeof still>) =>
    Object.entries(firstMinibatchCheck({ ...still, ...change }))
      .filter(([, { ok }]) => !ok)
      .map(([name]) => name);

  test('D14: nothing moved', () => {
    expect(failing({})).toEqual([]);
  });

  test.each([
    ['a mean ratio above 1', { 'val/ratio': 1.002 }, 'first ratio is 1'],
    ['a mean ratio below 1', { 'val/ratio': 0.998 }, 'first ratio is 1'],
    ['ratios that scatter around 1', { 'val/ratio_var': 4e-6 }, 'first ratio is 1'],
    ['a change of log-probabilities', { 'policy/approxkl_avg': 2e-6 }, 'first approx-kl is 0'],
    ['one clipped token', { 'policy/clipfrac_avg': 0.01 }, 'first clip fraction is 0'],
    ['one clipped value', { 'val/clipfrac_avg': 0.01 }, 'first clip fraction is 0'],
  ])('D14: %s is found', (_, change, name) => {
    expect(failing(change)).toEqual([name]);
  });

  test('D14: a missing number is a failure', () => {
    for (const { ok } of Object.values(firstMinibatchCheck({}))) expect(ok).toBe(false);
  });
});

describe('D30: gradientChecks', () => {
  /** Metrics of a step with PPO gradient (3, 0), pre-training gradient (0, 2) or the given one, weight 2. */
  const step = (ptx: readonly [number, number], applied: readonly [number, number]) => {
    const norm = Math.hypot(...ptx);
    return {
      'ppo/grad_norm': 3,
      'ptx/grad_norm': norm,
      'ptx/grad_norm_ratio': (2 * norm) / 3,
      'ptx/grad_cosine': ptx[0] / norm,
      'policy/grad_norm': Math.hypot(...applied),
    };
  };
  const addsUp = (...args: Parameters<typeof step>) =>
    gradientChecks(step(...args))['gradients add up'];

  test('D30: the norm of the sum, for gradients at any angle', () => {
    expect(addsUp([0, 2], [3, 4])?.ok).toBe(true);
    expect(addsUp([1, 1], [5, 2])?.ok).toBe(true);
    expect(addsUp([-1, 1], [1, 2])?.ok).toBe(true);
    expect(addsUp([-1.5, 0], [0, 0])?.ok).toBe(true);
  });

  test('D30: a part left out, the weight forgotten or used twice is found', () => {
    const value = (applied: readonly [number, number]) => addsUp([1, 1], applied)?.value ?? NaN;
    for (const applied of [
      [3, 0],
      [2, 2],
      [4, 1],
      [7, 4],
    ] as const) {
      expect(addsUp([1, 1], applied)?.ok).toBe(false);
    }
    expect(value([3, 0])).toBeCloseTo((Math.hypot(5, 2) - 3) / (3 + 2 * Math.SQRT2), 12);
  });

  test('D30: the ratio is shown; 0, more than 1000 and NaN fail', () => {
    const share = (ratio: number) =>
      gradientChecks({ ...step([0, 2], [3, 4]), 'ptx/grad_norm_ratio': ratio })[
        'pre-training gradient has its share'
      ];
    expect(share(0.07)).toEqual({ ok: true, value: 0.07, tolerance: 1000 });
    for (const bad of [0, 1001, NaN, -1]) expect(share(bad)?.ok).toBe(false);
  });

  test('D30: plain PPO has no such checks; missing norms fail', () => {
    expect(gradientChecks({ 'policy/grad_norm': 1 })).toEqual({});
    expect(gradientChecks({ 'ptx/grad_norm_ratio': 1 })['gradients add up']?.ok).toBe(false);
  });
});
