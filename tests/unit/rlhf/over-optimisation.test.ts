/** Gao's functional forms: planted coefficients come back, peaks are where calculus puts them, best-of-n has its law. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../../src/data/rng.ts';
import { bestOfNKlUpperBound } from '../../../src/rlhf/best-of-n-law.ts';
import {
  bestOfNCurve,
  expectedGain,
  fitGain,
  peakOf,
  type GainForm,
} from '../../../src/rlhf/over-optimisation.ts';

const FORMS: readonly GainForm[] = ['best-of-n', 'rl'];
const DISTANCES = [0, 0.2, 0.5, 1, 1.5, 2.2, 3, 4];

const planted = (form: GainForm, alpha: number, beta: number) =>
  DISTANCES.map((distance) => ({ distance, gain: expectedGain({ form, alpha, beta }, distance) }));

describe('the functional forms', () => {
  test('O12: by hand, at d = 2 with a = 3, b = 0.5', () => {
    expect(expectedGain({ form: 'best-of-n', alpha: 3, beta: 0.5 }, 2)).toBeCloseTo(4, 12);
    expect(expectedGain({ form: 'rl', alpha: 3, beta: 0.5 }, 2)).toBeCloseTo(6 - Math.log(2), 12);
    for (const form of FORMS) expect(expectedGain({ form, alpha: 3, beta: 0.5 }, 0)).toBe(0);
  });

  test.each(FORMS)(
    'O12: %s: planted coefficients come back, and the other form fits worse',
    (form) => {
      const points = planted(form, 1.7, 0.4);
      const fit = fitGain(form, points);
      expect(fit?.alpha).toBeCloseTo(1.7, 9);
      expect(fit?.beta).toBeCloseTo(0.4, 9);
      expect(fit?.error).toBeLessThan(1e-9);
      const other = fitGain(form === 'rl' ? 'best-of-n' : 'rl', points);
      expect(other?.error).toBeGreaterThan(0.02);
    },
  );

  test.each(FORMS)(
    '%s: under noise the coefficients are near, and the error is that of the noise',
    (form) => {
      const rng = Rng.named(1, 'gain');
      const points = Array.from({ length: 400 }, (_, i) => {
        const distance = 0.05 + (i % 40) / 10;
        const gain = expectedGain({ form, alpha: 1.7, beta: 0.4 }, distance) + 0.1 * rng.normal();
        return { distance, gain };
      });
      const fit = fitGain(form, points);
      expect(Math.abs((fit?.alpha ?? 0) - 1.7)).toBeLessThan(0.05);
      expect(Math.abs((fit?.beta ?? 0) - 0.4)).toBeLessThan(0.03);
      expect(Math.abs((fit?.error ?? 0) - 0.1)).toBeLessThan(0.02);
    },
  );

  test('one distance decides nothing, nor does none', () => {
    const one = [
      { distance: 1.3, gain: 1 },
      { distance: 1.3, gain: 2 },
      { distance: 0, gain: 0 },
    ];
    for (const form of FORMS) {
      expect(fitGain(form, one)).toBeNull();
      expect(fitGain(form, [])).toBeNull();
    }
  });

  test.each(FORMS)(
    'O12: %s: the peak is higher than its neighbours, at the height given',
    (form) => {
      const fit = { form, alpha: 1.1, beta: 0.6 };
      const peak = peakOf(fit)!;
      expect(expectedGain(fit, peak.distance)).toBeCloseTo(peak.gain, 12);
      for (const step of [-0.01, 0.01]) {
        expect(expectedGain(fit, peak.distance + step)).toBeLessThan(peak.gain);
      }
    },
  );

  test('a curve that only rises has no peak', () => {
    for (const form of FORMS) expect(peakOf({ form, alpha: 1, beta: -0.1 })).toBeNull();
    expect(peakOf({ form: 'best-of-n', alpha: -1, beta: 0.1 })).toBeNull();
  });
});

describe('best-of-n by the exact law', () => {
  const draws = { texts: ['a', 'b', 'a', 'c'], proxy: [1, 3, 1, 2], gold: [0.5, 0, 0.5, 1] };

  test('n = 1 is the start: no distance, the means of the draws', () => {
    const [point] = bestOfNCurve([draws], [1]);
    expect(point?.kl).toBeCloseTo(0, 12);
    expect(point?.proxy).toBeCloseTo(7 / 4, 12);
    expect(point?.gold).toBeCloseTo(0.5, 12);
  });

  test('O11: n = 2 by hand: a with (1/2)^2, c with (3/4)^2 - (1/2)^2, b with the rest', () => {
    const [point] = bestOfNCurve([draws], [2]);
    const [a, c, b] = [1 / 4, 5 / 16, 7 / 16];
    expect(point?.proxy).toBeCloseTo(a + 2 * c + 3 * b, 12);
    expect(point?.gold).toBeCloseTo(0.5 * a + c, 12);
    const kl = a * Math.log(a / 0.5) + c * Math.log(c / 0.25) + b * Math.log(b / 0.25);
    expect(point?.kl).toBeCloseTo(kl, 12);
    expect(point?.kl).toBeLessThan(bestOfNKlUpperBound(2));
  });

  test('several prompts count alike; the proxy never falls with n, while gold may', () => {
    const other = { texts: ['x', 'y'], proxy: [0, 1], gold: [1, 0] };
    const curve = bestOfNCurve([draws, other], [1, 2, 4, 8]);
    const [single] = bestOfNCurve([other], [4]);
    const [own] = bestOfNCurve([draws], [4]);
    expect(curve[2]?.gold).toBeCloseTo(((single?.gold ?? 0) + (own?.gold ?? 0)) / 2, 12);
    for (let i = 1; i < curve.length; i++) {
      expect(curve[i]!.proxy).toBeGreaterThan(curve[i - 1]!.proxy);
      expect(curve[i]!.kl).toBeGreaterThan(curve[i - 1]!.kl);
    }
    expect(curve.at(-1)!.gold).toBeLessThan(curve[0]!.gold);
  });

  test('nothing drawn is an error', () => {
    expect(() => bestOfNCurve([], [1])).toThrow(RangeError);
    expect(() => bestOfNCurve([{ texts: [], proxy: [], gold: [] }], [1])).toThrow(RangeError);
  });
});
