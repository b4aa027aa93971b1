/** What is told from a measurement, on hand-made figures: rates, steps of sizes in between and beyond, time left, and what is left out. */
import { describe, expect, test } from 'vitest';
import { MEASURED_REACHES, MEASURED_SIZES } from '../../../src/config/measured-sizes.ts';
import { parameterCount } from '../../../src/model/parameters.ts';
import {
  expectedRound,
  partTokensPerSecond,
  reasonToLeaveOut,
  roundMilliseconds,
  roundsOf,
  secondsLeftOf,
  secondsPerStep,
  type PartOutcome,
  type SizeMeasurement,
} from '../../../src/records/measurement.ts';
import { workloadSize } from '../../../src/rlhf/workload-size.ts';

function size(parameters: number, parts: SizeMeasurement['parts']): SizeMeasurement {
  return {
    ...{ name: `${parameters}`, parameters, contextLength: 64, width: 8, layers: 1, heads: 1 },
    parts,
  };
}

const rounds = (tokens: number, ...milliseconds: number[]): PartOutcome => ({
  milliseconds,
  tokens,
});

describe('rates', () => {
  test('of the median round; none without rounds', () => {
    expect(roundMilliseconds(rounds(512, 900, 200, 250))).toBe(250);
    expect(partTokensPerSecond(rounds(512, 900, 200, 250))).toBe(2048);
    expect(roundMilliseconds(rounds(512))).toBeNull();
    expect(partTokensPerSecond({ leftOut: 'too large' })).toBeNull();
    expect(partTokensPerSecond(undefined)).toBeNull();
  });
});

describe('seconds per step', () => {
  // 1 ms a token at 100 thousand parameters, 16 ms at 1.6 million.
  const sizes = [
    size(1.6e6, { train: rounds(500, 8000) }),
    size(1e5, { train: rounds(500, 500), ppo: rounds(10, 1) }),
  ];

  test('a measured size gives what was measured, for any number of tokens', () => {
    expect(secondsPerStep({ sizes }, { parameters: 1e5, tokens: 500 })).toBeCloseTo(0.5, 12);
    expect(secondsPerStep({ sizes }, { parameters: 1.6e6, tokens: 1000 })).toBeCloseTo(16, 12);
  });

  test('between two sizes on a straight line in the logarithms, whatever their order', () => {
    expect(secondsPerStep({ sizes }, { parameters: 4e5, tokens: 1000 })).toBeCloseTo(4, 9);
  });

  test('beyond the largest in proportion to the parameters, below the smallest as there', () => {
    expect(secondsPerStep({ sizes }, { parameters: 16e6, tokens: 100 })).toBeCloseTo(16, 9);
    expect(secondsPerStep({ sizes }, { parameters: 1e3, tokens: 500 })).toBeCloseTo(0.5, 12);
  });

  test('unknown without a training step, however much else was measured', () => {
    expect(secondsPerStep({ sizes: [] }, { parameters: 1e5, tokens: 1 })).toBeNull();
    const others = [size(1e5, { ppo: rounds(10, 1), train: { leftOut: 'too long' } })];
    expect(secondsPerStep({ sizes: others }, { parameters: 1e5, tokens: 1 })).toBeNull();
  });
});

describe('what is still to come', () => {
  const sizes = [size(1e5, { train: rounds(500, 1000), ppo: rounds(1000, 9000) })];
  const planned = (part: 'train' | 'sample' | 'ppo', parameters: number, tokens: number) => ({
    part,
    parameters,
    tokens,
  });

  test('a round is expected from the same part at the nearest size', () => {
    expect(expectedRound(sizes, planned('train', 2e5, 500))).toBeCloseTo(2000, 9);
    expect(expectedRound(sizes, planned('ppo', 1e5, 500))).toBeCloseTo(4500, 9);
    expect(expectedRound(sizes, planned('sample', 1e5, 500))).toBeNull();
  });

  test('long rounds are measured once, others and unknown ones three times', () => {
    expect(roundsOf(sizes, planned('train', 1e5, 500))).toBe(3);
    expect(roundsOf(sizes, planned('ppo', 1e5, 1000))).toBe(1);
    expect(roundsOf(sizes, planned('sample', 1e9, 1000))).toBe(3);
  });

  test('left out: what would take over a minute a round, and what no tab has memory for', () => {
    expect(reasonToLeaveOut(sizes, planned('train', 59e5, 500))).toBeNull();
    expect(reasonToLeaveOut(sizes, planned('train', 12e6, 500))).toBe(
      'one round would take about 2 min',
    );
    // Ten tensors of four bytes for each of 16 million parameters.
    expect(reasonToLeaveOut([], planned('ppo', 16e6, 1))).toBe(
      'weights and moments alone would take 0.6 GB',
    );
    expect(reasonToLeaveOut([], planned('ppo', 15e6, 1))).toBeNull();
    expect(reasonToLeaveOut([], planned('train', 16e6, 1))).toBeNull();
  });

  test('time left counts a warm-up for each part and nothing for what will be left out', () => {
    const left = [planned('train', 1e5, 500), planned('ppo', 1e5, 1000), planned('ppo', 16e6, 1)];
    expect(secondsLeftOf(sizes, left)).toBeCloseTo(4 * 1 + 2 * 9, 9);
    expect(secondsLeftOf(sizes, [...left, planned('sample', 1e5, 1)])).toBeNull();
    expect(secondsLeftOf(sizes, [])).toBe(0);
  });
});

describe('the sizes', () => {
  test.each(Object.entries(MEASURED_SIZES))(
    '%s has the parameters that it says',
    (_name, declared) => {
      expect(parameterCount(workloadSize(declared).model)).toBe(declared.parameters);
    },
  );

  test('every choice goes from small to large', () => {
    for (const names of Object.values(MEASURED_REACHES)) {
      const counts = names.map((name) => MEASURED_SIZES[name].parameters);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
    }
  });
});
