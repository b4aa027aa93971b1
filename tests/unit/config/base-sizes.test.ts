/** Sizes of an own base model: as declared, and the one that a measured machine is told to train. */
import { describe, expect, it, test } from 'vitest';
import {
  BASE_SIZES,
  baseSeconds,
  passesOver,
  suggestedSize,
  type BaseSizeName,
} from '../../../src/config/base-sizes.ts';
import { SETTINGS } from '../../../src/config/settings.ts';
import { parameterCount } from '../../../src/model/parameters.ts';
import type { SizeMeasurement } from '../../../src/records/measurement.ts';

const NAMES = Object.keys(BASE_SIZES) as BaseSizeName[];

test('each size that can be chosen is declared with its true number of parameters, smallest first', () => {
  expect(NAMES).toEqual([...SETTINGS.base.size.choices]);
  const shared = { vocabularySize: 1024, contextLength: 256, heads: 4, layerNormEpsilon: 1e-5 };
  const counts = NAMES.map((name) =>
    parameterCount({ ...shared, ...BASE_SIZES[name], padId: 0, eosId: 1 }),
  );
  expect(NAMES.map((name) => BASE_SIZES[name].parameters)).toEqual(counts);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
});

/** A machine that takes so many milliseconds for a training step of 1,000 tokens at so many parameters. */
function measured(parameters: number, milliseconds: number): { sizes: SizeMeasurement[] } {
  const shape = { contextLength: 64, width: 64, layers: 1, heads: 2 };
  const train = { milliseconds: [milliseconds], tokens: 1000 };
  return { sizes: [{ name: 'measured', parameters, ...shape, parts: { train } }] };
}

const PLAN = { steps: 100, batchSize: 10, passageTokens: 100 };

describe('the suggestion', () => {
  it('is the largest size whose run ends in time, by the time of its steps', () => {
    // 100 steps of 1,000 tokens; time grows with the parameters above what was measured.
    const machine = measured(53_728, 100);
    expect(baseSeconds(machine, 'tiny', PLAN)).toBeCloseTo(10, 9);
    expect(baseSeconds(machine, 'middle', PLAN)).toBeCloseTo(10 * (570_432 / 53_728), 6);
    expect(suggestedSize(machine, PLAN, 300)).toBe('large');
    expect(suggestedSize(machine, PLAN, 120)).toBe('middle');
    expect(suggestedSize(machine, { ...PLAN, steps: 400 }, 300)).toBe('small');
    expect(suggestedSize(measured(53_728, 1), PLAN)).toBe('huge');
  });

  it('is the smallest where none ends in time, and none without a measurement', () => {
    expect(suggestedSize(measured(53_728, 1e6), PLAN)).toBe('tiny');
    expect(suggestedSize({ sizes: [] }, PLAN)).toBeNull();
    expect(baseSeconds({ sizes: [] }, 'tiny', PLAN)).toBeNull();
  });
});

test('a run reads each token as often as its tokens go into the text', () => {
  expect(passesOver(50_000, PLAN)).toBe(2);
});
