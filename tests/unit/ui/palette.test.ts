/**
 * The colours of charts, as theme.css declares them: enough contrast against the panel, and apart from each other for
 * people with and without colour blindness. Simulation: Machado, Oliveira and Fernandes 2009, full severity; distance:
 * Euclidean in OKLab (Ottosson 2020), in which black and white are 1 apart.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PALETTE_SIZE } from '../../../src/ui/chart-data.ts';

const CSS = readFileSync('src/ui/theme.css', 'utf8');

/** The declared colour of a variable in one theme. */
function declared(variable: string, theme: 'light' | 'dark'): string {
  const found = new RegExp(`--${variable}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(CSS);
  const color = found?.[theme === 'light' ? 1 : 2];
  if (color === undefined) throw new Error(`theme.css declares no --${variable}`);
  return color;
}

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const VISION: Readonly<Record<string, Matrix>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const TO_LMS: Matrix = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const TO_LAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

const times = (matrix: Matrix, [x, y, z]: Triple): Triple => {
  const [a, b, c] = matrix.map((row) => row[0] * x + row[1] * y + row[2] * z);
  return [a ?? NaN, b ?? NaN, c ?? NaN];
};
const each = ([x, y, z]: Triple, f: (v: number) => number): Triple => [f(x), f(y), f(z)];

function linear(hex: string): Triple {
  const part = (from: number) => parseInt(hex.slice(from, from + 2), 16) / 255;
  return each([part(1), part(3), part(5)], (c) =>
    c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
  );
}

function distance(a: string, b: string, vision: Matrix): number {
  const [p, q] = [a, b].map((hex) => {
    const seen = each(times(vision, linear(hex)), (c) => Math.max(0, c));
    return times(TO_LAB, each(times(TO_LMS, seen), Math.cbrt));
  });
  return Math.hypot(...(p ?? []).map((x, i) => x - (q?.[i] ?? NaN)));
}

/** WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) =>
    times(
      [
        [0.2126, 0.7152, 0.0722],
        [0, 0, 0],
        [0, 0, 0],
      ],
      linear(hex),
    )[0];
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const CHARTED = ['demonstrate', 'rank', 'reinforce', 'judge'];
const OTHERS = Array.from({ length: PALETTE_SIZE - 1 }, (_, i) => `series-${i + 2}`);

describe.each(['light', 'dark'] as const)('lines in the %s theme', (theme) => {
  test('stand out from the panel', () => {
    for (const name of [...CHARTED.map((part) => `accent-${part}`), ...OTHERS]) {
      expect(contrast(declared(name, theme), declared('surface', theme)), name).toBeGreaterThan(3);
    }
  });

  test.each(CHARTED)('are apart for everyone: %s', (part) => {
    const lines = [`accent-${part}`, ...OTHERS];
    for (const [name, vision] of Object.entries(VISION)) {
      lines.forEach((a, i) => {
        for (const b of lines.slice(0, i)) {
          const apart = distance(declared(a, theme), declared(b, theme), vision);
          expect(apart, `${a} and ${b}, ${name}`).toBeGreaterThan(0.12);
        }
      });
    }
  });
});
