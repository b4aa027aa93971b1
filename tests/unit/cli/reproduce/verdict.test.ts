/** The rule that turns figures into verdicts: each edge by a case on both sides of it. */
import { describe, expect, test } from 'vitest';
import {
  gradeOf,
  shortfallWords,
  verdictOf,
  type Target,
} from '../../../../src/cli/reproduce/verdict.ts';
import type { Grade } from '../../../../src/records/results.ts';

const figure = (value: number, low: number, high: number) => ({ value, low, high, n: 100 });

function row(
  pooled: ReturnType<typeof figure> | null,
  seeds: readonly number[] = [],
  neutral: number | null = 0.5,
) {
  return {
    pooled,
    neutral,
    seeds: seeds.map((value, i) => ({ seed: i + 1, ...figure(value, value, value) })),
  };
}

describe('a single value has no interval: the value and the direction of each seed decide', () => {
  // Ends that nobody measured must not count, whichever way they would turn the grade.
  const single = (value: number, low: number, high: number, seeds: readonly number[]) => {
    const plain = row(figure(value, low, high), seeds, 0);
    return { ...plain, pooled: { value, low, high, n: 1 } };
  };

  test.each<[string, ReturnType<typeof row>, Grade]>([
    ['above, whatever the ends', single(0.5, -1, 2, [0.5]), 'met'],
    ['below, whatever the ends', single(-0.5, 0.1, 2, [-0.5]), 'missed'],
    ['a seed the other way', single(0.5, 0.5, 0.5, [0.7, -0.1]), 'partly'],
  ])('%s', (_name, measured, grade) => {
    expect(gradeOf(measured, { side: 'above' })).toBe(grade);
  });

  test('two values have one, which counts', () => {
    const two = { ...single(0.5, -1, 2, [0.5]), pooled: { value: 0.5, low: -1, high: 2, n: 2 } };
    expect(gradeOf(two, { side: 'above' })).toBe('missed');
  });
});

describe('a target above', () => {
  const target: Target = { side: 'above', value: 0.6, end: 0.55 };

  test.each<[string, ReturnType<typeof row>, Grade]>([
    [
      'reached, with its lower end and in every seed',
      row(figure(0.62, 0.56, 0.68), [0.6, 0.64]),
      'met',
    ],
    ['the figure itself counts as reached', row(figure(0.6, 0.56, 0.68)), 'met'],
    ['below the figure', row(figure(0.59, 0.56, 0.62), [0.59]), 'partly'],
    ['the lower end at the bound is not above it', row(figure(0.62, 0.55, 0.7), [0.62]), 'partly'],
    ['one seed on the wrong side', row(figure(0.62, 0.56, 0.68), [0.8, 0.44]), 'partly'],
    ['one seed at "no difference"', row(figure(0.62, 0.56, 0.68), [0.8, 0.5]), 'partly'],
    ['the direction itself in doubt', row(figure(0.62, 0.5, 0.75), [0.62]), 'missed'],
    ['the other direction', row(figure(0.4, 0.35, 0.45), [0.4]), 'missed'],
    ['nothing measured', row(null), 'not measured'],
  ])('%s', (_, given, grade) => {
    expect(gradeOf(given, target)).toBe(grade);
  });

  test('without a figure the direction is all that is asked', () => {
    expect(gradeOf(row(figure(0.53, 0.51, 0.55), [0.53]), { side: 'above' })).toBe('met');
    expect(gradeOf(row(figure(0.53, 0.49, 0.57), [0.53]), { side: 'above' })).toBe('missed');
  });
});

describe('a target below', () => {
  const target: Target = { side: 'below', value: 0.5 };

  test('half of what it was, as a ratio', () => {
    expect(gradeOf(row(figure(0.45, 0.4, 0.5), [0.45], 1), target)).toBe('met');
    expect(gradeOf(row(figure(0.55, 0.5, 0.6), [0.55], 1), target)).toBe('partly');
    expect(gradeOf(row(figure(0.45, 0.4, 1.0), [0.45], 1), target)).toBe('missed');
    expect(gradeOf(row(figure(0.45, 0.4, 0.5), [0.45, 1.1], 1), target)).toBe('partly');
  });
});

describe('a threshold without a neutral value', () => {
  const target: Target = { side: 'above', value: 0.68 };

  test('met when the figure reaches it, in part when the interval does', () => {
    expect(gradeOf(row(figure(0.68, 0.66, 0.7), [], null), target)).toBe('met');
    expect(gradeOf(row(figure(0.67, 0.65, 0.68), [], null), target)).toBe('partly');
    expect(gradeOf(row(figure(0.66, 0.65, 0.67), [], null), target)).toBe('missed');
  });

  test('the end of the interval counts only where it is asked for', () => {
    const strict: Target = { ...target, end: 0.67 };
    expect(gradeOf(row(figure(0.68, 0.66, 0.7), [], null), strict)).toBe('partly');
    expect(gradeOf(row(figure(0.69, 0.675, 0.7), [], null), strict)).toBe('met');
  });
});

describe('about the same', () => {
  const target: Target = { side: 'near', within: 0.05 };

  test('met inside the margin as a whole, in part with the figure alone', () => {
    expect(gradeOf(row(figure(0.52, 0.46, 0.55)), target)).toBe('met');
    expect(gradeOf(row(figure(0.52, 0.44, 0.6)), target)).toBe('partly');
    expect(gradeOf(row(figure(0.56, 0.52, 0.6)), target)).toBe('missed');
    expect(gradeOf(row(figure(0.44, 0.4, 0.48)), target)).toBe('missed');
  });
});

describe('level, or above', () => {
  const target: Target = { side: 'not below', within: 0.05 };

  test('far above is met; below the margin is missed; an interval that reaches below it is in part', () => {
    expect(gradeOf(row(figure(0.9, 0.85, 0.95)), target)).toBe('met');
    expect(gradeOf(row(figure(0.5, 0.45, 0.55)), target)).toBe('met');
    expect(gradeOf(row(figure(0.46, 0.44, 0.5)), target)).toBe('partly');
    expect(gradeOf(row(figure(0.44, 0.4, 0.6)), target)).toBe('missed');
  });
});

describe('words for a number that is missed', () => {
  const target: Target = { side: 'above', value: 0.6 };

  test('where the grade is in part because of the number', () => {
    expect(shortfallWords(row(figure(0.55, 0.52, 0.58), [0.55]), target)).toBe(
      ' (target missed, direction holds)',
    );
    expect(shortfallWords(row(figure(0.59, 0.57, 0.61), [0.59], null), target)).toBe(
      ' (target missed, within its interval)',
    );
    expect(shortfallWords(row(figure(0.62, 0.56, 0.68), [0.62]), target)).toBe('');
    expect(shortfallWords(row(figure(0.4, 0.3, 0.45), [0.4]), target)).toBe('');
    expect(
      shortfallWords(row(figure(-0.55, -0.58, -0.52), [-0.55], 0), { side: 'below', value: -0.6 }),
    ).toBe(' (target missed, direction holds)');
  });

  test('and where a single seed does not go along, with a number or without', () => {
    const one = ' (all seeds together, but not each of them)';
    const split = row(figure(0.62, 0.56, 0.68), [0.8, 0.44]);
    expect(shortfallWords(split, target)).toBe(one);
    expect(shortfallWords(split, { side: 'above' })).toBe(one);
    expect(shortfallWords(split, { side: 'above', value: 0.6, end: 0.57 })).toBe('');
    expect(shortfallWords(row(figure(0.62, 0.56, 0.68), [0.62]), { side: 'above' })).toBe('');
  });
});

describe('a claim', () => {
  test.each<[readonly Grade[], string]>([
    [['met', 'met'], 'holds'],
    [['met', 'partly'], 'holds weakly'],
    [['met', 'missed'], 'does not hold here'],
    [['partly', 'missed'], 'does not hold here'],
    [['met', 'not measured'], 'holds weakly'],
    [['missed', 'not measured'], 'does not hold here'],
    [['not measured'], 'not measured'],
    [[], 'not measured'],
  ])('%j: %s', (grades, verdict) => {
    expect(verdictOf(grades)).toBe(verdict);
  });
});
